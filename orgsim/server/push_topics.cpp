#include "orgsim/server/push_topics.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/soql_ast.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kObject = "PushTopic";
constexpr std::string_view kChannelPrefix = "/topic/";

void collect_paths(const SoqlCondition& condition, std::set<std::string>& out) {
  if (condition.kind == SoqlCondition::Kind::compare) out.insert(to_lower(condition.path.text));
  for (const SoqlCondition& child : condition.children) collect_paths(child, out);
}

std::string_view type_word(ChangeType type) {
  switch (type) {
    case ChangeType::create:
      return "created";
    case ChangeType::remove:
      return "deleted";
    case ChangeType::undelete:
      return "undeleted";
    default:
      return "updated";
  }
}

std::string member_text(const ordered_json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool member_flag(const ordered_json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

Outcome<PushTopics::Topic> PushTopics::read_query(const Org& org, const std::string& soql) {
  const Outcome<SoqlQuery> parsed = parse_soql(soql);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->count || !parsed->order.empty() || parsed->limit || parsed->offset) {
    return fail(codes::kMalformedQuery, "A PushTopic's query has fields, one object and conditions only");
  }
  // Bound to the schema by running it where nothing matches.
  const Outcome<QueryCursor> bound = org.query(soql + " LIMIT 0");
  if (!bound) return std::unexpected(bound.error());
  if (bound->is_aggregate() || bound->is_nested()) {
    return fail(codes::kMalformedQuery, "A PushTopic's query has fields, one object and conditions only");
  }
  Topic topic;
  topic.soql = soql;
  topic.object = bound->object().name;
  topic.from_end = parsed->object.at + parsed->object.text.size();
  for (const QueryColumn& column : bound->columns()) topic.selected.insert(to_lower(column.path));
  if (parsed->where) collect_paths(*parsed->where, topic.filtered);
  if (!topic.selected.contains("id")) return fail(codes::kInvalidField, "The query of a PushTopic must select Id");
  return topic;
}

void PushTopics::attach(Org& org) {
  events_.clear();
  topics_.clear();
  org.add_rule([&org](RuleRecord& record) -> std::optional<Error> {
    if (record.object() != kObject || record.operation() == Operation::remove) return std::nullopt;
    const Value query = record.after("Query");
    const auto* soql = std::get_if<std::string>(&query);
    if (soql == nullptr) return std::nullopt;
    const Outcome<Topic> topic = read_query(org, *soql);
    if (topic) return std::nullopt;
    Error error = topic.error();
    error.fields = {"Query"};
    return error;
  });
  org.set_change_watcher(
      {.wants =
           [this](const ObjectDef& object) {
             return object.name == kObject ||
                    std::ranges::any_of(topics_, [&object](const Topic& topic) { return topic.object == object.name; });
           },
       .tell = [this, &org](std::span<const RecordChange> changes) { tell(org, changes); }});
}

bool PushTopics::has_channel(std::string_view channel) const {
  return channel.starts_with(kChannelPrefix) && std::ranges::any_of(topics_, [&](const Topic& topic) {
           return topic.name == channel.substr(kChannelPrefix.size());
         });
}

void PushTopics::load(const Org& org) {
  topics_.clear();
  (void)org.for_each_record(kObject, [this, &org](const ordered_json& record) {
    if (member_flag(record, "IsDeleted") || !member_flag(record, "IsActive")) return;
    Outcome<Topic> topic = read_query(org, member_text(record, "Query"));
    if (!topic) return;
    topic->name = member_text(record, "Name");
    topic->notify_for_fields = member_text(record, "NotifyForFields");
    topic->on_create = member_flag(record, "NotifyForOperationCreate");
    topic->on_update = member_flag(record, "NotifyForOperationUpdate");
    topic->on_delete = member_flag(record, "NotifyForOperationDelete");
    topic->on_undelete = member_flag(record, "NotifyForOperationUndelete");
    topics_.push_back(*std::move(topic));
  });
}

void PushTopics::tell(const Org& org, std::span<const RecordChange> changes) {
  if (std::ranges::any_of(changes, [](const RecordChange& change) { return change.object->name == kObject; })) {
    load(org);
  }
  for (const RecordChange& change : changes) {
    for (const Topic& topic : topics_) {
      if (topic.object == change.object->name && wants(topic, change)) notify(org, topic, change);
    }
  }
}

bool PushTopics::wants(const Topic& topic, const RecordChange& change) {
  if (change.type == ChangeType::create) return topic.on_create;
  if (change.type == ChangeType::remove) return topic.on_delete;
  if (change.type == ChangeType::undelete) return topic.on_undelete;
  if (!topic.on_update) return false;
  if (topic.notify_for_fields == "All") return true;
  const bool by_select = topic.notify_for_fields != "Where";
  const bool by_where = topic.notify_for_fields != "Select";
  return std::ranges::any_of(change.changed, [&](const FieldDef* field) {
    const std::string name = to_lower(field->name);
    return (by_select && topic.selected.contains(name)) || (by_where && topic.filtered.contains(name));
  });
}

void PushTopics::notify(const Org& org, const Topic& topic, const RecordChange& change) {
  const std::string head = topic.soql.substr(0, topic.from_end);
  std::string soql = fmt::format("{} WHERE Id = '{}'", head, change.id);
  if (!topic.filtered.empty()) {
    constexpr std::string_view kWhere = "where";
    const std::size_t at = to_lower(topic.soql).find(kWhere, topic.from_end);
    soql += fmt::format(" AND ({})", topic.soql.substr(at + kWhere.size()));
  }
  Outcome<QueryCursor> cursor = org.query(soql, {.include_deleted = change.type == ChangeType::remove});
  if (!cursor || !cursor->next()) return;
  ordered_json fields = ordered_json::object();
  if (change.type == ChangeType::remove) {
    fields["Id"] = change.id;
  } else {
    const ordered_json record = cursor->record_json("62.0");
    for (const auto& [name, value] : record.items()) {
      if (name != "attributes") fields[name] = value;
    }
  }
  events_.append(std::string(kChannelPrefix) + topic.name, org.now(), [&](std::uint64_t replay_id) {
    return json_text(ordered_json{
        {"event",
         {{"createdDate", bulk_datetime(org.now())}, {"replayId", replay_id}, {"type", type_word(change.type)}}},
        {"sobject", fields}});
  });
}

}  // namespace orgsim
