#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/nearest_name.h"
#include "codec/mapping_file.h"

namespace duet::codec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxMappings = 2'000;
constexpr std::size_t kMaxFields = 2'000;

/// Keys that only Heroku Connect acts on; they are accepted and left alone.
constexpr auto kHerokuConfigKeys = std::to_array<std::string_view>(
    {"access", "applied_at", "fields", "indexes", "revision", "sf_max_daily_api_calls", "sf_notify_enabled",
     "sf_polling_seconds", "upsert_field", "conflict", "delete", "ordered", "groups", "match"});
constexpr auto kFieldKeys = std::to_array<std::string_view>({"conflict"});
constexpr auto kIndexKeys = std::to_array<std::string_view>({"unique"});

std::string child(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

class Reader {
 public:
  explicit Reader(ParsedMappingFile& out) : out_(out) {}

  void read(const Json& root) {
    read_version(root);
    if (auto found = root.find("connection"); found != root.end()) read_connection(*found);
    auto mappings = root.find("mappings");
    if (mappings == root.end()) {
      add(true, "mappings", "is missing",
          "the file must be a Heroku Connect export, or {\"version\":1,\"mappings\":[…]}");
      return;
    }
    if (!mappings->is_array()) {
      add(true, "mappings", "must be an array", "list one object per mapping");
      return;
    }
    if (mappings->size() > kMaxMappings) {
      add(true, "mappings", fmt::format("has {} mappings; at most {} are possible", mappings->size(), kMaxMappings),
          "split the connection");
      return;
    }
    for (std::size_t i = 0; i < mappings->size(); ++i) read_mapping((*mappings)[i], fmt::format("mappings[{}]", i));
  }

 private:
  void add(bool fatal, std::string path, std::string message, std::string advice) {
    out_.problems.push_back({fatal, std::move(path), std::move(message), std::move(advice)});
  }

  void read_version(const Json& root) {
    auto version = root.find("version");
    if (version == root.end()) {
      add(false, "version", "is missing", "add \"version\": 1");
    } else if (!version->is_number_integer() || version->get<std::int64_t>() != 1) {
      add(true, "version", "must be 1", "export the configuration again; no other version is known");
    }
  }

  void read_connection(const Json& connection) {
    if (!connection.is_object()) {
      add(true, "connection", "must be an object", "or leave it out");
      return;
    }
    out_.file.connection_name = text(connection, "name", "connection");
    out_.file.organization_id = text(connection, "organization_id", "connection");
    out_.file.api_version = text(connection, "api_version", "connection");
    out_.file.exported_at = text(connection, "exported_at", "connection");
  }

  /// The text of a key; empty when it is missing or null.
  std::string text(const Json& object, const char* key, const std::string& path) {
    auto found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    if (!found->is_string()) {
      add(true, child(path, key), "must be a string", "put it in quotes");
      return {};
    }
    return found->get<std::string>();
  }

  template <std::size_t N>
  void name_unknown_keys(const Json& object, const std::array<std::string_view, N>& known, const std::string& path) {
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(known, key) != known.end()) continue;
      const std::vector<std::string> names(known.begin(), known.end());
      add(false, child(path, key), "is not known and has no effect" + suggestion(key, names),
          "remove it, or correct its spelling");
    }
  }

  void read_mapping(const Json& entry, const std::string& path) {
    if (!entry.is_object()) {
      add(true, path, "must be an object", "with \"object_name\" and \"config\"");
      return;
    }
    FileMapping mapping;
    mapping.path = path;
    mapping.object = text(entry, "object_name", path);
    if (mapping.object.empty())
      add(true, child(path, "object_name"), "is missing", "name the Salesforce object, for example \"Account\"");
    auto config = entry.find("config");
    if (config == entry.end() || !config->is_object()) {
      add(true, child(path, "config"), config == entry.end() ? "is missing" : "must be an object",
          "with \"access\" and \"fields\"");
      return;
    }
    read_config(*config, mapping, child(path, "config"));
    // A mapping's own keys may stand beside "config" as well.
    read_policies(entry, mapping, path);
    if (!mapping.object.empty() && !objects_.insert(to_lower(mapping.object)).second) {
      add(true, child(path, "object_name"), fmt::format("{} is mapped twice", mapping.object), "keep one of the two");
    }
    out_.file.mappings.push_back(std::move(mapping));
  }

  void read_config(const Json& config, FileMapping& mapping, const std::string& path) {
    name_unknown_keys(config, kHerokuConfigKeys, path);
    const std::string access = text(config, "access", path);
    if (access == "read_write") {
      mapping.access = Access::read_write;
    } else if (access != "read_only") {
      add(true, child(path, "access"), access.empty() ? "is missing" : fmt::format("is \"{}\"", access),
          "use \"read_only\" or \"read_write\"");
    }
    mapping.upsert_field = text(config, "upsert_field", path);
    read_polling(config, mapping, path);
    read_policies(config, mapping, path);
    read_fields(config, mapping, path);
    read_indexes(config, mapping, path);
    read_groups(config, mapping, path);
    if (auto match = config.find("match"); match != config.end() && !match->is_null())
      mapping.match = read_names(*match, child(path, "match"), "for example [\"Email\"]");
  }

  /// `{"Billing address":["BillingStreet","BillingCity"]}`
  void read_groups(const Json& config, FileMapping& mapping, const std::string& path) {
    auto groups = config.find("groups");
    if (groups == config.end() || groups->is_null()) return;
    const std::string where = child(path, "groups");
    if (!groups->is_object()) {
      add(true, where, "must be an object", R"(for example {"Billing address":["BillingStreet","BillingCity"]})");
      return;
    }
    for (const auto& [name, fields] : groups->items())
      mapping.groups.push_back({name, read_names(fields, child(where, name), "list the fields of the group")});
  }

  std::vector<std::string> read_names(const Json& list, const std::string& path, const char* advice) {
    std::vector<std::string> names;
    const bool texts = list.is_array() && std::ranges::all_of(list, [](const Json& each) { return each.is_string(); });
    if (!texts) {
      add(true, path, "must be a list of field names", advice);
      return names;
    }
    for (const Json& each : list) names.push_back(each.get<std::string>());
    return names;
  }

  void read_polling(const Json& config, FileMapping& mapping, const std::string& path) {
    auto found = config.find("sf_polling_seconds");
    if (found == config.end() || found->is_null()) return;
    const std::string where = child(path, "sf_polling_seconds");
    if (!found->is_number_integer()) {
      add(true, where, "must be a whole number of seconds", "for example 600");
      return;
    }
    const auto seconds = found->get<std::int64_t>();
    if (seconds < kMinPollingSeconds || seconds > kMaxPollingSeconds) {
      add(true, where, fmt::format("is {}", seconds),
          fmt::format("use {} to {} seconds", kMinPollingSeconds, kMaxPollingSeconds));
      return;
    }
    mapping.polling_seconds = static_cast<int>(seconds);
  }

  void read_policies(const Json& object, FileMapping& mapping, const std::string& path) {
    if (auto policy = read_whole_policy(object, "conflict", path)) mapping.conflict = *policy;
    if (auto policy = read_whole_policy(object, "delete", path)) mapping.delete_conflict = *policy;
    const auto ordered = object.find("ordered");
    if (ordered == object.end() || ordered->is_null()) return;
    if (!ordered->is_boolean())
      add(true, child(path, "ordered"), "must be true or false", "remove it to merge changes");
    mapping.ordered = ordered->is_boolean() && ordered->get<bool>();
  }

  /// A policy for all fields or for deletes: merge functions are for one field.
  std::optional<ConflictPolicy> read_whole_policy(const Json& object, const char* key, const std::string& path) {
    auto policy = read_policy(object, key, path);
    if (!policy || !is_merge_function(*policy)) return policy;
    add(true, child(path, key), fmt::format("is \"{}\", which is a policy of one field", name_of(*policy)),
        "use \"salesforce\", \"postgres\", \"newest\" or \"hold\" here, and name the policy at the field");
    return std::nullopt;
  }

  std::optional<ConflictPolicy> read_policy(const Json& object, const char* key, const std::string& path) {
    const std::string name = text(object, key, path);
    if (name.empty()) return std::nullopt;
    auto policy = conflict_policy_from_name(name);
    if (!policy)
      add(true, child(path, key),
          fmt::format("is \"{}\", which is no policy{}", name, suggestion(name, conflict_policy_names())),
          fmt::format("use one of: {}", fmt::join(conflict_policy_names(), ", ")));
    return policy;
  }

  void read_fields(const Json& config, FileMapping& mapping, const std::string& path) {
    const std::string where = child(path, "fields");
    auto fields = config.find("fields");
    if (fields == config.end() || !fields->is_object() || fields->size() > kMaxFields) {
      add(true, where,
          fields == config.end() ? "is missing" : fmt::format("must be an object of at most {} fields", kMaxFields),
          "for example {\"Id\":{},\"SystemModstamp\":{},\"Name\":{}}");
      return;
    }
    std::set<std::string> seen;
    for (const auto& [name, options] : fields->items()) {
      const std::string field_path = child(where, name);
      FileField field{name, std::nullopt};
      if (options.is_object()) {
        name_unknown_keys(options, kFieldKeys, field_path);
        field.conflict = read_policy(options, "conflict", field_path);
      } else if (!options.is_null()) {
        add(true, field_path, "must be an object", "write {}");
      }
      if (!seen.insert(to_lower(name)).second) {
        add(true, field_path, "is there twice: Salesforce does not tell upper from lower case", "keep one of the two");
        continue;
      }
      mapping.fields.push_back(std::move(field));
    }
  }

  void read_indexes(const Json& config, FileMapping& mapping, const std::string& path) {
    auto indexes = config.find("indexes");
    if (indexes == config.end() || indexes->is_null()) return;
    const std::string where = child(path, "indexes");
    if (!indexes->is_object()) {
      add(true, where, "must be an object", "for example {\"Name\":{\"unique\":false}}");
      return;
    }
    for (const auto& [name, options] : indexes->items()) {
      MappedIndex index{name, false};
      if (options.is_object()) {
        name_unknown_keys(options, kIndexKeys, child(where, name));
        if (auto unique = options.find("unique"); unique != options.end()) {
          if (!unique->is_boolean()) add(true, child(where, name) + ".unique", "must be true or false", "");
          index.unique = unique->is_boolean() && unique->get<bool>();
        }
      } else {
        add(true, child(where, name), "must be an object", "write {\"unique\":false}");
      }
      mapping.indexes.push_back(std::move(index));
    }
  }

  ParsedMappingFile& out_;
  std::set<std::string> objects_;
};

}  // namespace

Result<ParsedMappingFile> read_mapping_file(std::string_view text) {
  if (text.size() > kMaxMappingFileBytes) {
    return fail(ErrorKind::bad_data, fmt::format("the mapping file is larger than {} MB", kMaxMappingFileBytes >> 20));
  }
  ParsedMappingFile out;
  try {
    const Json root = Json::parse(text);
    if (!root.is_object()) return fail(ErrorKind::bad_data, "the mapping file must hold a JSON object");
    Reader(out).read(root);
  } catch (const Json::parse_error& error) {
    const std::size_t at = std::min(error.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return fail(ErrorKind::bad_data, fmt::format("the mapping file is not valid JSON near line {}", line), {},
                "look for a missing comma, quote or bracket");
  } catch (const Json::exception&) {
    return fail(ErrorKind::bad_data, "the mapping file cannot be read");
  }
  return out;
}

}  // namespace duet::codec
