#include "salesforce/http_client.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <mutex>

#include <curl/curl.h>

namespace duet::salesforce {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr long kReceiveBuffer = 512 * 1024;
constexpr long kMaxIdleSeconds = 60;
constexpr long kSilenceSeconds = 60;

TimeMs wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void init_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

/// What libcurl's callbacks write to during one transfer.
struct Transfer {
  const HttpRequest& request;
  const std::stop_token& stop;
  CURL* curl;
  HttpResponse response;
  std::size_t header_bytes = 0;
  int requests = 0;
  bool resend_refused = false;
  bool too_large = false;
  bool sink_ended = false;
};

std::string_view trimmed(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string_view line(data, size);
  if (transfer.response.received_at == 0) transfer.response.received_at = wall_clock();
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();
    return size;
  }
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMaxHeaderBytes) {
    transfer.too_large = true;
    return 0;
  }
  auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(trimmed(line.substr(0, colon)));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  transfer.response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return size;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (transfer.request.sink) {
    long status = 0;
    curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) {
      if (transfer.request.sink({data, size})) return size;
      transfer.sink_ended = true;
      return 0;
    }
  }
  if (transfer.response.body.size() + size > transfer.request.max_body) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, size);
  return size;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->stop.stop_requested() ? 1 : 0;
}

/// Called each time before a request goes out. A second time means that libcurl resends because a kept connection
/// closed without an answer; only a read may be asked twice.
int on_request(void* context, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (++transfer.requests > 1 && transfer.request.method != "GET") {
    transfer.resend_refused = true;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.response.sent_at = wall_clock();
  return CURL_PREREQFUNC_OK;
}

Error error_of(CURLcode code, const Transfer& transfer, const char* detail) {
  Error error{ErrorKind::network,
              "CURL " + std::to_string(static_cast<int>(code)),
              "The connection to Salesforce broke",
              detail,
              nullptr,
              {}};
  if (error.detail.empty()) error.detail = curl_easy_strerror(code);
  if (transfer.stop.stop_requested()) {
    error.kind = ErrorKind::cancelled;
    error.message = "The call was cancelled because the engine stops";
    return error;
  }
  if (transfer.too_large) {
    error.kind = ErrorKind::bad_data;
    error.message = "Salesforce's answer is larger than it may be";
    return error;
  }
  if (transfer.resend_refused) {
    error.code = "NO_ANSWER";
    error.message = "The connection closed without an answer";
    error.detail.clear();
    return error;
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      error.message = "The host's name cannot be resolved: check the address and the network";
      break;
    case CURLE_COULDNT_CONNECT:
      error.message = "The host cannot be reached: check the address, the network and firewalls";
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      error.message =
          "The server's TLS certificate is not trusted: check the address, or name the certificate authority in "
          "ca_file";
      break;
    case CURLE_OPERATION_TIMEDOUT:
      error.kind = ErrorKind::timeout;
      error.message = "Salesforce did not answer in time";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

class HttpClient::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {
    init_curl();
    curl_ = curl_easy_init();
  }
  ~Impl() { curl_easy_cleanup(curl_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::expected<HttpResponse, HttpFailure> perform(const HttpRequest& request) {
    Transfer transfer{.request = request, .stop = options_.stop, .curl = curl_, .response = {}};
    curl_easy_reset(curl_);  // keeps connections and their sessions
    char detail[CURL_ERROR_SIZE] = "";
    set_request(request);
    set_callbacks(transfer, detail);
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    for (const std::string& header : request.headers) headers = curl_slist_append(headers, header.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);

    CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    if (code != CURLE_OK) return std::unexpected(HttpFailure{error_of(code, transfer, detail), transfer.requests > 0});
    return std::move(transfer.response);
  }

 private:
  void set_request(const HttpRequest& request) {
    curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl_, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, options_.connect_timeout_ms);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, request.timeout_ms);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, request.timeout_ms == 0 ? 1L : 0L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, request.timeout_ms == 0 ? kSilenceSeconds : 0L);
    curl_easy_setopt(curl_, CURLOPT_BUFFERSIZE, kReceiveBuffer);
    if (request.compressed) curl_easy_setopt(curl_, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (request.method == "GET") {
      curl_easy_setopt(curl_, CURLOPT_HTTPGET, 1L);
    } else {
      if (request.method != "DELETE") {
        curl_easy_setopt(curl_, CURLOPT_POST, 1L);
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
      }
      curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  void set_callbacks(Transfer& transfer, char* detail) {
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(curl_, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
  }

  Options options_;
  CURL* curl_;
};

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

std::expected<HttpResponse, HttpFailure> HttpClient::perform(const HttpRequest& request) {
  return impl_->perform(request);
}

}  // namespace duet::salesforce
