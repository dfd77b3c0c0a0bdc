#include "codec/event_json.h"

#include <array>

#include "codec/hex_text.h"
#include "codec/json_members.h"

namespace duet::codec {
namespace {

constexpr std::array kKinds{EventKind::create,   EventKind::update, EventKind::remove,
                            EventKind::undelete, EventKind::gap,    EventKind::gap_overflow};

Result<EventKind> kind_from(const nlohmann::json& json) {
  if (json.is_string()) {
    for (EventKind kind : kKinds) {
      if (json.get_ref<const std::string&>() == name_of(kind)) return kind;
    }
  }
  return fail(ErrorKind::bad_data, "unknown kind of event");
}

}  // namespace

std::string event_to_json(const ChangeEvent& event) {
  const auto& [position, event_id, object, kind, record_ids, wildcard, transaction_key, sequence, committed_at,
               commit_number, stamp, commit_user, client_token, fields, unreadable_fields] = event;
  const nlohmann::json json = {
      {"position", to_hex(position)},
      {"event_id", event_id},
      {"object", object},
      {"kind", name_of(kind)},
      {"record_ids", record_ids},
      {"wildcard", wildcard},
      {"transaction_key", transaction_key},
      {"sequence", sequence},
      {"committed_at", committed_at},
      {"commit_number", commit_number},
      {"stamp", stamp},
      {"commit_user", commit_user},
      {"client_token", client_token},
      {"fields", fields_to_json(fields)},
      {"unreadable_fields", unreadable_fields},
  };
  return dump_json(json);
}

Result<ChangeEvent> event_from_json(std::string_view text) {
  const nlohmann::json json = DUET_TRY(parse_json_object(text));
  ChangeEvent event;
  JsonMembers members(json);
  members.read_with("position", event.position, [](const nlohmann::json& bytes) -> Result<std::string> {
    auto position = bytes.is_string() ? from_hex(bytes.get_ref<const std::string&>()) : std::nullopt;
    if (!position) return fail(ErrorKind::bad_data, "not hexadecimal");
    return *position;
  });
  members.read("event_id", event.event_id);
  members.read("object", event.object);
  members.read_with("kind", event.kind, kind_from);
  members.read("record_ids", event.record_ids);
  members.read("wildcard", event.wildcard);
  members.read("transaction_key", event.transaction_key);
  members.read("sequence", event.sequence);
  members.read("committed_at", event.committed_at);
  members.read("commit_number", event.commit_number);
  members.read("stamp", event.stamp);
  members.read("commit_user", event.commit_user);
  members.read("client_token", event.client_token);
  members.read("fields", event.fields);
  members.read("unreadable_fields", event.unreadable_fields);
  DUET_TRY(members.finish("event"));
  return event;
}

}  // namespace duet::codec
