#include "orgsim/server/row_conditions.h"

#include <fmt/format.h>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

constexpr std::string_view kGzipSuffix = "-gzip";

std::int64_t stamp(const Record& record, std::string_view field) {
  const Value& value = record.get(field);
  const auto* ms = std::get_if<std::int64_t>(&value);
  return ms == nullptr ? 0 : *ms;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// True when the header's list has the tag, or is "*". A tag of a compressed answer ends in -gzip inside its quotes.
bool lists_tag(std::string_view header, std::string_view tag) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string one(trim(header.substr(0, comma)));
    if (one.starts_with("W/")) one.erase(0, 2);
    if (one.size() > kGzipSuffix.size() + 1 && one.substr(one.size() - kGzipSuffix.size() - 1) == "-gzip\"") {
      one.erase(one.size() - kGzipSuffix.size() - 1, kGzipSuffix.size());
      if (one.ends_with("-\"")) one.erase(one.size() - 2, 1);
    }
    if (one == "*" || one == tag) return true;
    header = header.substr(std::min(comma + 1, header.size()));
  }
  return false;
}

}  // namespace

std::string row_etag(const Record& record) {
  if (record.object->name != "Account") return {};
  // The version of the record, hidden as the org hides it; FNV-1a is enough to tell versions apart.
  std::uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&hash](std::string_view bytes) {
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211ULL;
  };
  mix(record.id);
  for (const FieldDef& field : record.object->fields) {
    const Value& value = record.at(field);
    std::visit(
        [&](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
            mix(held);
          } else if constexpr (!std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
            mix(fmt::format("{}", held));
          }
        },
        value);
    mix(std::string_view("\0", 1));
  }
  return fmt::format("\"{:016x}\"", hash);
}

std::optional<HttpResponse> refuse_read(const RestCall& call, const Record& record) {
  const std::int64_t modified = stamp(record, "LastModifiedDate") / 1000;
  const auto since = parse_http_date(call.request.header("if-modified-since"));
  if (since && modified <= *since / 1000) return empty_answer(304);
  const auto unmodified_since = parse_http_date(call.request.header("if-unmodified-since"));
  if (unmodified_since && modified > *unmodified_since / 1000) {
    return error_answer(412, codes::kPreconditionFailed, "The record was modified since the given date");
  }
  const std::string tag = row_etag(record);
  if (tag.empty()) return std::nullopt;
  if (lists_tag(call.request.header("if-none-match"), tag)) return empty_answer(304);
  const std::string_view wanted = call.request.header("if-match");
  if (!wanted.empty() && !lists_tag(wanted, tag)) {
    return error_answer(412, codes::kPreconditionFailed, "The record has another ETag");
  }
  return std::nullopt;
}

bool has_etag_condition(const RestCall& call) {
  return !call.request.header("if-match").empty() || !call.request.header("if-none-match").empty();
}

std::optional<Error> refuse_update(const RestCall& call, const Record& record) {
  const std::string tag = row_etag(record);
  if (tag.empty()) return std::nullopt;
  const std::string_view match = call.request.header("if-match");
  const bool refused =
      (!match.empty() && !lists_tag(match, tag)) || lists_tag(call.request.header("if-none-match"), tag);
  if (!refused) return std::nullopt;
  return make_error(codes::kPreconditionFailed, "The record has another ETag");
}

}  // namespace orgsim
