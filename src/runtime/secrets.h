#pragma once

#include <string>
#include <string_view>

namespace duet::runtime {

/// 256 random bits of the system's secure source, as 64 lower-case hexadecimal digits.
std::string random_secret();

/// Lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// Takes the same time whatever the difference, and whatever the lengths.
bool equal_secrets(std::string_view a, std::string_view b);

/// argon2id with a random salt (64 MiB, 3 passes, 1 lane: above the minimum of RFC 9106 for memory-constrained
/// machines), in the usual `$argon2id$…` text. Takes about 0.1 s.
std::string hash_password(const std::string& password);
/// Against any argon2id text; an empty hash takes as long as a real one and never matches.
bool verify_password(const std::string& hash, const std::string& password);

}  // namespace duet::runtime
