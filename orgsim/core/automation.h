#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/transaction.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// One condition on the record being written; all of a rule's must hold.
struct RuleCondition {
  enum class Test : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, like, in, changed };
  std::uint16_t field = 0;
  Test test = Test::equal;
  std::vector<Value> values = {};
  bool wanted = true;  ///< of `changed`
};

/// Where a value that a rule writes comes from.
struct RuleValue {
  enum class Source : std::uint8_t { literal, field, before, text };
  Source source = Source::literal;
  Value literal = {};
  std::uint16_t field = 0;
  std::string text = {};  ///< with {Field} for the record's values
};

struct RuleAssignment {
  std::string field;
  RuleValue value;
};

enum class RuleKind : std::uint8_t { before, validation, duplicate, after, rollup };

/// What an `after` rule does to another record, or to the same one.
struct RuleWrite {
  enum class Kind : std::uint8_t { none, create, update, remove };
  Kind kind = Kind::none;
  std::uint16_t object = 0;
  /// Updates and deletes: the record's id, or the records whose `by` has it.
  RuleValue id;
  std::optional<std::uint16_t> by;
  std::vector<RuleAssignment> set;
};

struct Rollup {
  enum class Function : std::uint8_t { count, sum, min, max };
  Function function = Function::count;
  std::uint16_t field = 0;      ///< of the parent
  std::uint16_t child = 0;      ///< object
  std::uint16_t reference = 0;  ///< of the child
  std::uint16_t source = 0;     ///< of the child; not for count
};

/// One rule as POST /orgsim/rules gives it.
struct AutomationRule {
  std::uint64_t id = 0;
  RuleKind kind = RuleKind::before;
  std::string name;
  std::uint16_t object = 0;
  std::vector<Operation> on;
  std::vector<RuleCondition> when;
  std::vector<RuleAssignment> set;
  std::optional<Error> error;        ///< what it fails with
  std::int64_t service_ms = 0;       ///< how long it keeps the transaction, and its locks, open
  std::vector<std::uint16_t> match;  ///< of a duplicate rule
  bool allow_save = false;           ///< of a duplicate rule: a caller may insist
  RuleWrite write;
  Rollup rollup;
  std::uint64_t fired = 0;
  std::string definition;  ///< the JSON it came from

  [[nodiscard]] bool runs_on(Operation operation) const;
};

/// The org's automation (design §7, POST /orgsim/rules): each is one JSON object,
///   {"type":"before","object":"Account","on":["insert","update"],"when":{…},"set":{"Rating":"Warm"},"fail":"text"|
///    {"message","code","fields"},"service_ms":50,"name":"AccountTrigger"}
///   {"type":"validation","object":…,"when":{…},"message":…,"field":…}
///   {"type":"duplicate","object":…,"match":["Email"],"action":"block"|"alert","message":…}
///   {"type":"after","object":…,"on":[…],"when":{…},"update":{"object":…,"id":value|"by":"AccountId","set":{…}} or
///    "create":{"object":…,"set":{…}} or "delete":{"object":…,"id":value},"fail":…,"service_ms":…}
///   {"type":"rollup","object":"Account","field":"Total__c","child":"Thing__c","reference":"Account__c",
///    "function":"count"|"sum"|"min"|"max","source":"Amount__c"}
/// "when" maps fields to a value, or to {"=","!=","<","<=",">",">=","like","in","changed"}; a value is JSON, or
/// {"field":name}, {"before":name} or {"text":"… {Field} …"}.
class Automation {
 public:
  static constexpr std::size_t kRulesMax = 1000;

  /// INVALID_FIELD or INVALID_TYPE with what is wrong; unknown keys are wrong.
  Outcome<const AutomationRule*> add(const Schema& schema, const nlohmann::json& definition);
  bool remove(std::uint64_t id);
  void clear() { rules_.clear(); }
  [[nodiscard]] std::deque<AutomationRule>& rules() { return rules_; }
  [[nodiscard]] const std::deque<AutomationRule>& rules() const { return rules_; }
  /// The definitions with "id" and "fired".
  [[nodiscard]] nlohmann::json to_json() const;

 private:
  std::deque<AutomationRule> rules_;
  std::uint64_t next_id_ = 1;
};

/// True when all conditions hold; `before` is empty on insert.
[[nodiscard]] bool conditions_hold(const ObjectDef& object, const std::vector<RuleCondition>& conditions,
                                   const std::vector<Value>& before, const std::vector<Value>& after);

/// The value for a record; `id` is what its Id field stands for.
[[nodiscard]] Value rule_value(const ObjectDef& object, const RuleValue& value, const std::string& id,
                               const std::vector<Value>& before, const std::vector<Value>& after);

}  // namespace orgsim
