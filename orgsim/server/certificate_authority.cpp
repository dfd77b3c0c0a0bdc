#include "orgsim/server/certificate_authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace orgsim {
namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Deleter {
  void operator()(auto* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free>>;

constexpr const char* kServerNames =
    "DNS:localhost,IP:127.0.0.1,IP:::1,DNS:login.salesforce.com,DNS:test.salesforce.com,DNS:*.my.salesforce.com,"
    "DNS:*.sandbox.my.salesforce.com,DNS:*.salesforce.com,DNS:api.pubsub.salesforce.com,DNS:api.deu.pubsub.salesforce."
    "com";
constexpr long kValidSeconds = 10L * 365 * 24 * 3600;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("certificates: " + what); }

std::string memory_text(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return memory_text(memory.get());
}

std::string pem_of(X509* certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  return memory_text(memory.get());
}

std::string public_pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(memory.get(), key);
  return memory_text(memory.get());
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  if (extension == nullptr) fail("cannot add an extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate blank_certificate(EVP_PKEY* key, const char* common_name) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) fail("no random bytes");
  // Positive and without a leading zero byte, which DER forbids.
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1 | 1);
  constexpr long kClockSlackSeconds = 24 * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockSlackSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidSeconds);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

void write_file(const fs::path& path, const std::string& text, bool secret) {
  FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail("cannot write " + path.string());
  if (secret) fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) fail("cannot write " + path.string());
}

void write_certificates(const TrustFiles& files) {
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key server_key(EVP_EC_gen("P-256"));
  if (!ca_key || !server_key) fail("cannot make a key");

  const Certificate ca = blank_certificate(ca_key.get(), "duet-orgsim test CA");
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  X509_sign(ca.get(), ca_key.get(), EVP_sha256());

  const Certificate server = blank_certificate(server_key.get(), "localhost");
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca.get()));
  add_extension(server.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(server.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), ca.get(), NID_subject_key_identifier, "hash");
  add_extension(server.get(), ca.get(), NID_authority_key_identifier, "keyid");
  add_extension(server.get(), ca.get(), NID_subject_alt_name, kServerNames);
  X509_sign(server.get(), ca_key.get(), EVP_sha256());

  // The CA's key is not kept: nothing else is ever signed with it.
  write_file(files.server_key_file, pem_of(server_key.get()), true);
  write_file(files.server_certificate_file, pem_of(server.get()) + pem_of(ca.get()), false);
  write_file(files.ca_file, pem_of(ca.get()), false);
}

std::string public_half(const fs::path& key_file) {
  const Memory file(BIO_new_file(key_file.c_str(), "rb"));
  if (!file) fail("cannot read " + key_file.string());
  const Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  if (!key) fail("no private key in " + key_file.string());
  return public_pem_of(key.get());
}

}  // namespace

TrustFiles prepare_trust_files(const fs::path& directory) {
  fs::create_directories(directory);
  TrustFiles files{.ca_file = directory / "ca.pem",
                   .server_certificate_file = directory / "server.pem",
                   .server_key_file = directory / "server.key",
                   .jwt_key_file = directory / "jwt.key",
                   .jwt_public_key = {}};
  if (!fs::exists(files.ca_file) || !fs::exists(files.server_certificate_file) || !fs::exists(files.server_key_file)) {
    write_certificates(files);
  }
  if (!fs::exists(files.jwt_key_file)) {
    constexpr unsigned kRsaBits = 2048;
    const Key key(EVP_RSA_gen(kRsaBits));
    if (!key) fail("cannot make an RSA key");
    write_file(files.jwt_key_file, pem_of(key.get()), true);
  }
  files.jwt_public_key = public_half(files.jwt_key_file);
  return files;
}

}  // namespace orgsim
