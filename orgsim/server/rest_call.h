#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/writer.h"
#include "orgsim/server/api_usage.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

struct BulkService;
class QueryCursor;
class QueryCursors;
class RecentItems;
struct RestCall;
class StreamingEvents;

/// What the resources of the REST API share.
struct RestEnvironment {
  OrgHost& host;
  ApiUsage& usage;
  QueryCursors& cursors;
  BulkService& bulk;
  StreamingEvents& streaming;
  RecentItems& recent;
  /// Answers a call that came inside another one; it is not counted.
  std::function<HttpResponse(const RestCall&)> dispatch;
};

/// One authenticated REST request below /services/data/vXX.0.
struct RestCall {
  const HttpRequest& request;
  RestEnvironment& environment;
  /// "62.0"
  std::string version;
  /// Decoded segments after the version: {"sobjects","Account","001…"}.
  std::vector<std::string> path;
  /// The session's user and the client token of Sforce-Call-Options.
  Writer writer;
  /// The transaction of the composite request that this call stands in; null when its writes are its own.
  Transaction* outer = nullptr;

  /// The path segment, or an empty text.
  std::string_view segment(std::size_t index) const {
    return index < path.size() ? std::string_view(path[index]) : std::string_view{};
  }
  bool is(std::string_view method) const { return request.method == method; }
  bool is_read() const { return is("GET") || is("HEAD"); }
  /// The schema as the caller sees it (Org::schema_for).
  std::shared_ptr<const Schema> schema(const OrgHost::Access& org) const { return org->schema_for(writer.user_id); }
  /// "/services/data/v62.0"
  std::string base_path() const { return "/services/data/v" + version; }
};

/// Notes the record that the call used, when it asks for that with Sforce-Mru.
void note_recent(const RestCall& call, const HttpResponse& response);
/// The user's recent records of an object, or of all; {attributes, Id, Name} each.
nlohmann::json recent_items(const RestCall& call, const OrgHost::Access& org, std::string_view object,
                            std::size_t limit);
/// The query behind a list view; empty when the id is none.
std::string list_view_query(const OrgHost::Access& org, std::string_view id);

/// The value of one option in a header such as "client=abc, defaultNamespace=x"; empty when it is not there.
std::string_view header_option(std::string_view header, std::string_view option);

// One function per resource; each answers every method and path below its own.
HttpResponse serve_versions();
HttpResponse serve_resources(const RestCall& call);
HttpResponse serve_limits(const RestCall& call);
HttpResponse serve_describe_global(const RestCall& call);
HttpResponse serve_describe(const RestCall& call, std::string_view object);
HttpResponse serve_object(const RestCall& call, std::string_view object);
HttpResponse serve_rows(const RestCall& call);
HttpResponse serve_collections(const RestCall& call);
HttpResponse serve_query(const RestCall& call, bool include_deleted);
HttpResponse serve_updated(const RestCall& call, std::string_view object);
HttpResponse serve_deleted(const RestCall& call, std::string_view object);
HttpResponse serve_bulk_ingest(const RestCall& call);
HttpResponse serve_bulk_query(const RestCall& call);
HttpResponse serve_composite(const RestCall& call);
HttpResponse serve_composite_graph(const RestCall& call);
HttpResponse serve_composite_batch(const RestCall& call);
HttpResponse serve_composite_tree(const RestCall& call, std::string_view object);
HttpResponse serve_search(const RestCall& call);
HttpResponse serve_parameterized_search(const RestCall& call);
HttpResponse serve_recent(const RestCall& call);
HttpResponse serve_tabs(const RestCall& call);
HttpResponse serve_theme(const RestCall& call);
/// /sobjects/{object}/describe/{layouts, compactLayouts, approvalLayouts, namedLayouts}
HttpResponse serve_layouts(const RestCall& call, std::string_view object);
HttpResponse serve_list_views(const RestCall& call, std::string_view object);
/// ?explain= of a query, or of a list view by its id.
HttpResponse serve_explain(const RestCall& call, std::string_view soql);
/// ?columns=true of a query.
HttpResponse serve_columns(const QueryCursor& cursor, const Schema& schema);
/// /sobjects/StreamingChannel/{id}/push
HttpResponse serve_channel_push(const RestCall& call);
HttpResponse serve_tooling(const RestCall& call);
/// tooling/sobjects/PlatformEventChannel and PlatformEventChannelMember: which objects have events, custom channels.
HttpResponse serve_tooling_channels(const RestCall& call);

}  // namespace orgsim
