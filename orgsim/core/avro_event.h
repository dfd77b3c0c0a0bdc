#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/core/event_schema.h"

namespace orgsim {

/// The event's payload as raw Avro binary (no framing) under its own schema: header with bitmaps, all fields nullable,
/// unchanged fields of an update null (spec §4.5 to §4.7); a platform event's payload as it was published. Pure; safe
/// from several threads at once.
[[nodiscard]] std::vector<std::uint8_t> encode_avro(const ChangeEvent& event);

/// The bitmaps of field names: ["0x<HEX>", "<parent>-0x<HEX>", …], upper case, even digits, bit 0 = ChangeEventHeader.
/// Element 0 is absent when only parts of compounds are named; no names give no elements. Unknown names are skipped.
[[nodiscard]] std::vector<std::string> field_bitmaps(const EventSchema& schema, const std::vector<std::string>& names);

/// 8 bytes, big-endian.
[[nodiscard]] std::string replay_id_bytes(std::uint64_t replay_id);

}  // namespace orgsim
