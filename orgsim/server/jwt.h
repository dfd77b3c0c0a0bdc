#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace orgsim {

/// Bytes of base64url (or base64) text without regard to padding; nullopt on a foreign character.
std::optional<std::string> base64_decode(std::string_view text);
/// Base64url without padding.
std::string base64url_encode(std::string_view bytes);
/// The alphabet of MIME, padded.
std::string base64_encode(std::string_view bytes);

/// The claims of an RS256 assertion whose signature the PEM public key verifies; nullopt for anything else.
/// Expiry, audience and issuer are the caller's business.
std::optional<nlohmann::json> verified_claims(std::string_view assertion, const std::string& public_key_pem);

/// An RS256 assertion over the claims, signed with the private key in the PEM text; empty when that is no key.
std::string sign_assertion(const nlohmann::json& claims, const std::string& private_key_pem);

}  // namespace orgsim
