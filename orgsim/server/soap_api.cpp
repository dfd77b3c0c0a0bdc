#include "orgsim/server/soap_api.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/soap_metadata.h"
#include "orgsim/server/soap_read.h"

namespace orgsim {
namespace {

constexpr int kOldestVersion = 20;
constexpr int kNewestVersion = 67;
/// login() is gone from this version on (spec §0.24).
constexpr int kNoLoginFrom = 65;

/// The org's bound on a SOAP message.
constexpr std::size_t kBodyMax = std::size_t{50} << 20;

std::optional<int> parse_version(std::string_view text) {
  int major = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || rest != ".0" || major < kOldestVersion || major > kNewestVersion) return std::nullopt;
  return major;
}

std::string text_of(const Record& record, std::string_view field) {
  const Value& value = record.get(field);
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string{} : *text;
}

/// An element with the field's text, or nil.
void append_field(std::string& out, std::string_view name, const Record& record, std::string_view field) {
  if (const std::string text = text_of(record, field); text.empty()) {
    append_nil(out, name);
  } else {
    append_element(out, name, text);
  }
}

HttpResponse bad_session() {
  return soap_fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session");
}

}  // namespace

HttpResponse SoapApi::serve(const HttpRequest& request) {
  if (request.method != "POST") return method_not_allowed(request, "POST");
  if (request.body_too_large || request.body.size() > kBodyMax)
    return soap_fault("EXCEEDED_MAX_SIZE_REQUEST", "The request exceeds the maximum size");
  if (request.segments.size() < 4) return not_found();
  const std::string endpoint = to_lower(request.segments[2]);
  const std::string& version = request.segments[3];
  const std::optional<int> major = parse_version(version);
  if (endpoint != "u" && endpoint != "c" && endpoint != "m") return not_found();
  const Outcome<SoapCall> call = parse_soap(request.body);
  if (!call) return soap_fault(call.error().code, call.error().message);
  if (!major || (call->name == "login" && *major >= kNoLoginFrom)) {
    usage_.count_free("soap_login");
    return soap_fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL");
  }
  if (call->name == "login" && endpoint != "m") return login(request, *call, version);

  const std::int64_t now_ms = wall_clock_ms();
  const std::optional<std::string> user = sessions_.touch(call->header_text("SessionHeader", "sessionId"), now_ms);
  if (!user) return bad_session();
  if (usage_.used_in_24_hours(now_ms) >= host_.access()->settings().daily_api_limit) {
    usage_.count_free("refused_by_limit");
    return soap_fault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  }
  usage_.count("soap", now_ms);
  if (call->name == "logout") return logout(*call);
  if (call->name == "getUserInfo") return get_user_info(*user);
  if (call->name == "getServerTimestamp") return get_server_timestamp();
  if (endpoint == "m") return serve_soap_metadata({.call = *call, .host = host_, .user_id = *user});
  if (endpoint == "c") return soap_fault("soapenv:Client", fmt::format("No operation {} on this endpoint", call->name));
  if (auto answer =
          serve_soap_reads({.call = *call, .host = host_, .cursors = cursors_, .user_id = *user, .version = version})) {
    return *std::move(answer);
  }
  const Writer writer{.user_id = *user,
                      .client = call->header_text("CallOptions", "client"),
                      .api = "soap",
                      .version = version,
                      .transport = Transport::soap,
                      .allow_duplicates = call->header_text("DuplicateRuleHeader", "allowSave") == "true"};
  return serve_soap_records({.request = request, .call = *call, .host = host_, .writer = writer, .version = version});
}

HttpResponse SoapApi::login(const HttpRequest& request, const SoapCall& call, const std::string& version) {
  usage_.count_free("soap_login");
  const std::optional<std::string> user = oauth_.check_password(call.text("username"), call.text("password"));
  if (!user) {
    return soap_fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.", "LoginFault");
  }
  const std::string org_id = host_.access()->organization_id();
  const std::string org15 = org_id.substr(0, 15);
  std::string result = "<result>";
  // The order is what some clients count on.
  append_element(result, "metadataServerUrl",
                 fmt::format("{}/services/Soap/m/{}/{}", request.origin(), version, org15));
  append_element(result, "passwordExpired", "false");
  append_element(result, "sandbox", "false");
  append_element(result, "serverUrl",
                 fmt::format("{}/services/Soap/{}/{}/{}", request.origin(), request.segments[2], version, org15));
  append_element(result, "sessionId", sessions_.open(*user, wall_clock_ms()));
  append_element(result, "userId", *user);
  result += "<userInfo>" + user_info(*user) + "</userInfo></result>";
  return soap_answer("login", result);
}

HttpResponse SoapApi::logout(const SoapCall& call) {
  sessions_.revoke(call.header_text("SessionHeader", "sessionId"));
  return soap_answer("logout", "");
}

HttpResponse SoapApi::get_user_info(const std::string& user_id) {
  return soap_answer("getUserInfo", "<result>" + user_info(user_id) + "</result>");
}

HttpResponse SoapApi::get_server_timestamp() {
  std::string result = "<result>";
  append_element(result, "timestamp", bulk_datetime(host_.access()->now()));
  return soap_answer("getServerTimestamp", result + "</result>");
}

std::string SoapApi::user_info(const std::string& user_id) const {
  const OrgHost::Access org = host_.access();
  const Outcome<Record> user = org->find("User", user_id);
  const Outcome<Record> own = org->find("Organization", org->organization_id());
  if (!user || !own) return {};
  std::string out;
  append_element(out, "accessibilityMode", "false");
  append_element(out, "chatterExternal", "false");
  const nlohmann::json currencies = org->currencies();
  const bool several = currencies["multiCurrency"] == true;
  const auto corporate = currencies["corporate"].get<std::string>();
  if (several) {
    append_nil(out, "currencySymbol");
  } else {
    append_element(out, "currencySymbol", corporate == "USD" ? "$" : corporate);
  }
  append_element(out, "orgAttachmentFileSizeLimit", "5242880");
  if (several) {
    append_nil(out, "orgDefaultCurrencyIsoCode");
  } else {
    append_element(out, "orgDefaultCurrencyIsoCode", corporate);
  }
  append_element(out, "orgDefaultCurrencyLocale", "en_US");
  append_element(out, "orgDisallowHtmlAttachments", "false");
  append_element(out, "orgHasPersonAccounts", "false");
  append_element(out, "organizationId", org->organization_id());
  append_element(out, "organizationMultiCurrency", several ? "true" : "false");
  append_element(out, "organizationName", text_of(*own, "Name"));
  append_field(out, "profileId", *user, "ProfileId");
  append_field(out, "roleId", *user, "UserRoleId");
  append_element(out, "sessionSecondsValid", std::to_string(sessions_.timeout_ms() / 1000));
  if (several) {
    append_element(out, "userDefaultCurrencyIsoCode", org->currency_of(user_id));
  } else {
    append_nil(out, "userDefaultCurrencyIsoCode");
  }
  append_field(out, "userEmail", *user, "Email");
  append_field(out, "userFullName", *user, "Name");
  append_element(out, "userId", user_id);
  append_field(out, "userLanguage", *user, "LanguageLocaleKey");
  append_field(out, "userLocale", *user, "LocaleSidKey");
  append_field(out, "userName", *user, "Username");
  append_field(out, "userTimeZone", *user, "TimeZoneSidKey");
  append_field(out, "userType", *user, "UserType");
  append_element(out, "userUiSkin", "Theme3");
  return out;
}

}  // namespace orgsim
