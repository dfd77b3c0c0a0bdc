#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orgsim {

/// Record ids (spec/salesforce-api.md §6.1): 15 case-sensitive base62 characters (0-9A-Za-z) – 3 of key prefix, 3 of
/// instance, 9 of counter – and 3 checksum characters that make the id safe for case-insensitive tools.

inline constexpr std::string_view kEmptyId = "000000000000000AAA";

/// The 3 checksum characters of a 15-character id.
[[nodiscard]] std::string id_checksum(std::string_view id15);

/// The canonical 18-character form of a 15- or 18-character id. Nothing for wrong lengths, foreign characters or a
/// checksum that cannot belong to the id in any letter case. An 18-character id whose letters lost their case is
/// repaired from its checksum.
[[nodiscard]] std::optional<std::string> canonical_id(std::string_view id);

/// The id of record number `counter` of the object with this 3-character key prefix. Ids of one object order by
/// counter.
[[nodiscard]] std::string make_id(std::string_view key_prefix, std::uint64_t counter);

/// The counter inside an id that make_id could have made, whatever its prefix; nothing for ids of other instances.
[[nodiscard]] std::optional<std::uint64_t> id_counter(std::string_view id);

/// Writes the 18 characters of make_id(key_prefix, counter) to `out`; for hot paths.
void write_id(const char* key_prefix, std::uint64_t counter, char* out);

/// The key prefix of the n-th custom object (0-based): a00, a01 … a0Z, a0a … aZZ …
[[nodiscard]] std::string custom_key_prefix(std::uint32_t n);

/// The key prefix of the n-th platform event: e00, e01 …
[[nodiscard]] std::string event_key_prefix(std::uint32_t n);

}  // namespace orgsim
