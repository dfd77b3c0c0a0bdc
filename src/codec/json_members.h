#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "codec/value_json.h"

namespace duet::codec {

/// Reads members of one JSON object of our own into variables. A missing member leaves its variable as it is, so that
/// what an older version stored can be read; a member of the wrong type is remembered as an error.
class JsonMembers {
 public:
  explicit JsonMembers(const nlohmann::json& object) : object_(object) {
    if (!object.is_object()) failed_ = "an object";
  }

  void read(const char* name, std::string& out) { get<std::string>(name, out, &nlohmann::json::is_string); }
  void read(const char* name, bool& out) { get<bool>(name, out, &nlohmann::json::is_boolean); }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  void read(const char* name, Integer& out) {
    get<Integer>(name, out, &nlohmann::json::is_number_integer);
  }
  void read(const char* name, Value& out) {
    read_with(name, out, [](const nlohmann::json& json) { return value_from_json(json); });
  }
  void read(const char* name, FieldValues& out) {
    read_with(name, out, [](const nlohmann::json& json) { return fields_from_json(json); });
  }
  void read(const char* name, std::vector<std::string>& out) {
    read_list(name, out, [](const nlohmann::json& json) -> Result<std::string> {
      if (!json.is_string()) return fail(ErrorKind::bad_data, "not a text");
      return json.get<std::string>();
    });
  }

  /// `parse` turns one JSON value into a Result of what is stored.
  template <class T, class Parse>
  void read_with(const char* name, T& out, Parse parse) {
    const nlohmann::json* member = find(name);
    if (!member) return;
    auto parsed = parse(*member);
    if (!parsed) {
      note(name);
      return;
    }
    out = std::move(*parsed);
  }

  template <class T, class Parse>
  void read_list(const char* name, std::vector<T>& out, Parse parse) {
    const nlohmann::json* member = find(name);
    if (!member) return;
    if (!member->is_array()) return note(name);
    out.clear();
    for (const auto& each : *member) {
      auto parsed = parse(each);
      if (!parsed) return note(name);
      out.push_back(std::move(*parsed));
    }
  }

  /// For maps from names.
  template <class T, class Parse>
  void read_map(const char* name, std::map<std::string, T, std::less<>>& out, Parse parse) {
    const nlohmann::json* member = find(name);
    if (!member) return;
    if (!member->is_object()) return note(name);
    out.clear();
    for (const auto& [key, each] : member->items()) {
      auto parsed = parse(each);
      if (!parsed) return note(name);
      out.emplace(key, std::move(*parsed));
    }
  }

  /// `bad_data` that names the first wrong member, if there is one.
  Result<void> finish(const char* what) const {
    if (failed_.empty()) return {};
    return fail(ErrorKind::bad_data, std::string("a stored ") + what + " cannot be read", {}, "member " + failed_);
  }

 private:
  const nlohmann::json* find(const char* name) const {
    if (!failed_.empty()) return nullptr;
    auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  void note(const char* name) {
    if (failed_.empty()) failed_ = name;
  }

  template <class T, class Test>
  void get(const char* name, T& out, Test test) {
    const nlohmann::json* member = find(name);
    if (!member) return;
    if (!(member->*test)()) return note(name);
    out = member->get<T>();
  }

  const nlohmann::json& object_;
  std::string failed_;
};

}  // namespace duet::codec
