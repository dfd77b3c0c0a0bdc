// composite/tree: records with their children, all or none (spec §2.5).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kRecordsMax = 200;
constexpr int kLevelsMax = 5;

/// One record of the tree in the order of its making: parents before children.
struct Node {
  std::string reference;
  std::string object;
  RecordInput input;
  std::size_t parent = SIZE_MAX;
  std::string parent_field;
};

std::string attribute(const json& record, const char* name) {
  const auto attributes = record.find("attributes");
  if (attributes == record.end() || !attributes->is_object()) return {};
  const auto found = attributes->find(name);
  return found != attributes->end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_children(const json& value) {
  return value.is_object() && value.contains("records") && value["records"].is_array();
}

/// Flattens the tree; the Error's fields name the reference id where it went wrong.
class TreeReader {
 public:
  explicit TreeReader(const Schema& schema) : schema_(schema) {}

  Outcome<void> add(const json& record, std::string_view object_name, std::size_t parent, std::string_view parent_field,
                    int level) {
    if (!record.is_object()) return fail(codes::kJsonParser, "A record of a tree must be an object");
    Node node;
    node.reference = attribute(record, "referenceId");
    const std::string type = attribute(record, "type");
    if (node.reference.empty())
      return fail(codes::kInvalidField, "Include a reference ID for each record in the request.");
    if (std::ranges::any_of(nodes_, [&](const Node& other) { return other.reference == node.reference; })) {
      return fail(codes::kInvalidField, "Duplicate reference ID: " + node.reference, {node.reference});
    }
    const ObjectDef* object = schema_.object(type.empty() ? object_name : std::string_view(type));
    if (object == nullptr || !equals_ignoring_case(object->name, object_name)) {
      return fail(codes::kInvalidType, fmt::format("sObject type '{}' is not supported.", type), {node.reference});
    }
    if (level > kLevelsMax) return fail(codes::kLimitExceeded, "The tree has too many levels", {node.reference});
    if (nodes_.size() >= kRecordsMax) {
      return fail(codes::kLimitExceeded, fmt::format("The tree has more than {} records", kRecordsMax),
                  {node.reference});
    }
    json own = json::object();
    for (const auto& [name, value] : record.items()) {
      if (!is_children(value)) own[name] = value;
    }
    Outcome<RecordInput> input = record_input(own);
    if (!input) return std::unexpected(make_error(input.error().code, input.error().message, {node.reference}));
    node.object = object->name;
    node.input = *std::move(input);
    node.parent = parent;
    node.parent_field = parent_field;
    nodes_.push_back(std::move(node));
    return add_children(record, *object, nodes_.size() - 1, level);
  }

  std::vector<Node> take() { return std::move(nodes_); }

 private:
  Outcome<void> add_children(const json& record, const ObjectDef& object, std::size_t self, int level) {
    for (const auto& [name, value] : record.items()) {
      if (!is_children(value)) continue;
      const auto child = std::ranges::find_if(object.children, [&name](const ChildRelationship& one) {
        return equals_ignoring_case(one.relationship_name, name);
      });
      if (child == object.children.end()) {
        return fail(codes::kInvalidField,
                    fmt::format("No such relationship '{}' on sobject of type {}", name, object.name),
                    {nodes_[self].reference});
      }
      for (const json& one : value["records"]) {
        if (auto done = add(one, child->child_object, self, child->field, level + 1); !done) return done;
      }
    }
    return {};
  }

  const Schema& schema_;
  std::vector<Node> nodes_;
};

json error_result(const std::string& reference, const std::vector<Error>& errors) {
  json list = json::array();
  for (const Error& error : errors) {
    list.push_back({{"statusCode", error.code}, {"message", error.message}, {"fields", error.fields}});
  }
  return {{"referenceId", reference}, {"errors", std::move(list)}};
}

HttpResponse refused(json results) { return json_answer(400, {{"hasErrors", true}, {"results", std::move(results)}}); }

}  // namespace

HttpResponse serve_composite_tree(const RestCall& call, std::string_view object_name) {
  if (!call.is("POST")) return method_not_allowed(call.request, "POST");
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!is_children(*body)) return error_answer(400, codes::kJsonParser, "The body needs an array \"records\"");
  OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  TreeReader reader(*schema);
  for (const json& record : (*body)["records"]) {
    if (const auto done = reader.add(record, object_name, SIZE_MAX, {}, 1); !done) {
      const std::string reference = done.error().fields.empty() ? "" : done.error().fields.front();
      return refused(json::array({error_result(reference, {make_error(done.error().code, done.error().message)})}));
    }
  }
  const std::vector<Node> nodes = reader.take();
  Writer writer = call.writer;
  writer.transport = Transport::composite;
  Transaction transaction = org->begin(writer);
  const std::size_t start = transaction.savepoint();
  const std::vector<SaveResult> results = wait_for_locks(org, [&] {
    transaction.roll_back_to(start);
    std::vector<SaveResult> made;
    for (const Node& node : nodes) {
      RecordInput input = node.input;
      if (node.parent != SIZE_MAX) {
        // A child of a record that failed is not tried.
        if (!made[node.parent].success) {
          made.push_back({});
          continue;
        }
        input.set(node.parent_field, Value(made[node.parent].id));
      }
      made.push_back(transaction.insert(node.object, input));
    }
    return made;
  });
  json errors = json::array();
  json ids = json::array();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (results[i].success) {
      ids.push_back({{"referenceId", nodes[i].reference}, {"id", results[i].id}});
    } else if (!results[i].errors.empty()) {
      errors.push_back(error_result(nodes[i].reference, results[i].errors));
    }
  }
  if (!errors.empty()) {
    transaction.roll_back();
    org.announce();
    return refused(std::move(errors));
  }
  if (!commit_in_time(org, transaction, call.request.arrived)) {
    return error_answer(503, "REQUEST_RUNNING_TOO_LONG",
                        "Your request was running for too long, and has been stopped.");
  }
  return json_answer(201, {{"hasErrors", false}, {"results", std::move(ids)}});
}

}  // namespace orgsim
