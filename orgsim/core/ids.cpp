#include "orgsim/core/ids.h"

#include <array>
#include <cstring>

namespace orgsim {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kChecksumDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
/// Two characters of instance and one reserved, the same in every id of this org.
constexpr std::string_view kInstance = "dM0";
constexpr std::size_t kCounterDigits = 9;
/// Ids of a real org do not start at 1 either, and mixed-case counters catch clients that compare without case.
constexpr std::uint64_t kFirstCounter = 1ULL * 62 * 62 * 62 * 11;

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 36;
  return -1;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

void write_checksum(const char* id15, char* out) {
  for (std::size_t group = 0; group < 3; ++group) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 5; ++j) {
      if (is_upper(id15[group * 5 + j])) bits |= 1U << j;
    }
    out[group] = kChecksumDigits[bits];
  }
}

/// The 15 characters with the letter case that the checksum says, or nothing when it puts an upper case on a digit.
std::optional<std::string> repair_case(std::string_view id) {
  std::string repaired(id.substr(0, 15));
  for (std::size_t group = 0; group < 3; ++group) {
    const char check = is_letter(id[15 + group]) ? static_cast<char>(id[15 + group] & ~0x20) : id[15 + group];
    const auto bits = kChecksumDigits.find(check);
    if (bits == std::string_view::npos) return std::nullopt;
    for (std::size_t j = 0; j < 5; ++j) {
      char& c = repaired[group * 5 + j];
      const bool upper = ((bits >> j) & 1U) != 0;
      if (upper && !is_letter(c)) return std::nullopt;
      if (is_letter(c)) c = static_cast<char>(upper ? (c & ~0x20) : (c | 0x20));
    }
  }
  return repaired;
}

}  // namespace

std::string id_checksum(std::string_view id15) {
  std::string checksum(3, 'A');
  if (id15.size() >= 15) write_checksum(id15.data(), checksum.data());
  return checksum;
}

std::optional<std::string> canonical_id(std::string_view id) {
  if (id.size() != 15 && id.size() != 18) return std::nullopt;
  for (const char c : id) {
    if (digit_value(c) < 0) return std::nullopt;
  }
  std::string id15(id.substr(0, 15));
  if (id.size() == 18) {
    auto repaired = repair_case(id);
    if (!repaired) return std::nullopt;
    id15 = std::move(*repaired);
  }
  return id15 + id_checksum(id15);
}

void write_id(const char* key_prefix, std::uint64_t counter, char* out) {
  std::memcpy(out, key_prefix, 3);
  std::memcpy(out + 3, kInstance.data(), kInstance.size());
  std::uint64_t rest = counter + kFirstCounter;
  for (std::size_t i = kCounterDigits; i > 0; --i) {
    out[5 + i] = kDigits[rest % 62];
    rest /= 62;
  }
  write_checksum(out, out + 15);
}

std::string make_id(std::string_view key_prefix, std::uint64_t counter) {
  std::string id(18, '0');
  std::array<char, 3> prefix{'0', '0', '0'};
  std::memcpy(prefix.data(), key_prefix.data(), key_prefix.size() < 3 ? key_prefix.size() : 3);
  write_id(prefix.data(), counter, id.data());
  return id;
}

std::optional<std::uint64_t> id_counter(std::string_view id) {
  if (id.size() < 15 || id.substr(3, 3) != kInstance) return std::nullopt;
  std::uint64_t counter = 0;
  for (std::size_t i = 6; i < 15; ++i) {
    const int value = digit_value(id[i]);
    if (value < 0) return std::nullopt;
    counter = counter * 62 + static_cast<std::uint64_t>(value);
  }
  if (counter < kFirstCounter) return std::nullopt;
  return counter - kFirstCounter;
}

std::string custom_key_prefix(std::uint32_t n) { return {'a', kDigits[(n / 62) % 62], kDigits[n % 62]}; }

std::string event_key_prefix(std::uint32_t n) { return {'e', kDigits[(n / 62) % 62], kDigits[n % 62]}; }

}  // namespace orgsim
