#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/field_value.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/standard_objects.h"
#include "orgsim/core/time_text.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

struct Stage {
  double probability = 0;
  std::string forecast;
  bool closed = false;
  bool won = false;
};

/// What a status implies, from the data file.
struct StatusFacts {
  std::map<std::string, Stage> stages;
  std::vector<std::string> case_closed;
  std::vector<std::string> task_closed;
  std::vector<std::string> task_high;
};

const StatusFacts& status_facts() {
  static const StatusFacts facts = [] {
    StatusFacts read;
    const auto status = nlohmann::json::parse(standard_objects_json()).at("status");
    for (const auto& stage : status.at("opportunityStages")) {
      read.stages[stage.at("value")] = {stage.at("defaultProbability"), stage.at("forecastCategoryName"),
                                        stage.value("isClosed", false), stage.value("isWon", false)};
    }
    read.case_closed = status.at("caseClosedStatuses").get<std::vector<std::string>>();
    read.task_closed = status.at("taskClosedStatuses").get<std::vector<std::string>>();
    read.task_high = status.at("taskHighPriorities").get<std::vector<std::string>>();
    return read;
  }();
  return facts;
}

class Fields {
 public:
  Fields(const ObjectDef& object, PendingRow& row) : object_(object), row_(row) {}
  [[nodiscard]] Value get(const char* name) const {
    const FieldDef* field = object_.field(name);
    return field != nullptr ? row_.after[field->index] : Value{};
  }
  [[nodiscard]] std::string text(const char* name) const {
    const Value value = get(name);
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? *text : std::string();
  }
  [[nodiscard]] bool changed(const char* name) const {
    const FieldDef* field = object_.field(name);
    return field != nullptr && (row_.inserted || row_.after[field->index] != row_.before[field->index]);
  }
  [[nodiscard]] bool spoken(const char* name, const std::vector<bool>& spoken) const {
    const FieldDef* field = object_.field(name);
    return field != nullptr && spoken[field->index];
  }
  void set(const char* name, Value value) {
    if (const FieldDef* field = object_.field(name)) row_.after[field->index] = std::move(value);
  }

 private:
  const ObjectDef& object_;
  PendingRow& row_;
};

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

void derive_opportunity(Fields& fields, const std::vector<bool>& spoken) {
  if (fields.changed("StageName")) {
    const auto& stages = status_facts().stages;
    const auto stage = stages.find(fields.text("StageName"));
    if (stage != stages.end()) {
      if (!fields.spoken("Probability", spoken)) fields.set("Probability", stage->second.probability);
      if (!fields.spoken("ForecastCategoryName", spoken)) fields.set("ForecastCategoryName", stage->second.forecast);
      fields.set("ForecastCategory", stage->second.forecast);
      fields.set("IsClosed", stage->second.closed);
      fields.set("IsWon", stage->second.won);
    }
  }
  const Value close = fields.get("CloseDate");
  if (const auto* days = std::get_if<std::int64_t>(&close); days != nullptr && fields.changed("CloseDate")) {
    const std::string date = date_text(*days);
    const int month = std::stoi(date.substr(5, 2));
    const auto year = static_cast<std::int64_t>(std::stoi(date.substr(0, 4)));
    const auto quarter = static_cast<std::int64_t>((month - 1) / 3 + 1);
    fields.set("FiscalYear", year);
    fields.set("FiscalQuarter", quarter);
    fields.set("Fiscal", fmt::format("{} {}", year, quarter));
  }
  const Value amount = fields.get("Amount");
  const Value probability = fields.get("Probability");
  const auto* money = std::get_if<double>(&amount);
  const auto* percent = std::get_if<double>(&probability);
  const bool known = money != nullptr && percent != nullptr;
  fields.set("ExpectedRevenue", known ? Value{round_to_scale(*money * *percent / 100, 2)} : Value{});
}

/// The size of what a base64 field holds, for the objects that tell it.
void derive_blob_size(const ObjectDef& object, PendingRow& row) {
  for (const FieldDef& field : object.fields) {
    if (field.type != FieldType::base64) continue;
    const FieldDef* size = object.field(field.name == "VersionData" ? "ContentSize" : field.name + "Length");
    if (size == nullptr) continue;
    const auto* text = std::get_if<std::string>(&row.after[field.index]);
    if (text == nullptr) {
      row.after[size->index] = Value{};
      continue;
    }
    const std::size_t characters = text->find_last_not_of('=') + 1;
    row.after[size->index] = static_cast<std::int64_t>(characters * 3 / 4);
  }
}

void derive_person_name(const ObjectDef& object, PendingRow& row) {
  const FieldDef* name = object.field("Name");
  const FieldDef* first = object.field("FirstName");
  const FieldDef* last = object.field("LastName");
  if (name == nullptr || first == nullptr || last == nullptr || name->createable || last->compound_name != "Name")
    return;
  std::string joined;
  for (const FieldDef* part : {first, last}) {
    const auto* text = std::get_if<std::string>(&row.after[part->index]);
    if (text != nullptr) joined += (joined.empty() ? "" : " ") + *text;
  }
  row.after[name->index] = joined.empty() ? Value{} : Value{std::move(joined)};
}

}  // namespace

void derive_fields(Org::Impl& org, const ObjectDef& object, RowKey key, PendingRow& row,
                   const std::vector<bool>& spoken) {
  derive_person_name(object, row);
  if (row.inserted) {
    for (const FieldDef& field : object.fields) {
      if (field.removed) continue;
      if (field.auto_number && is_null(row.after[field.index])) {
        const auto number = ++org.auto_numbers[row_key(object.index, field.index)];
        row.after[field.index] =
            object.name == "Case" ? fmt::format("{:08}", number + 1000) : fmt::format("A-{:04}", number);
      }
      if (object.custom && field.name_field && is_null(row.after[field.index])) {
        row.after[field.index] = org.id_of(key).substr(0, 15);
      }
    }
  }
  if (object.custom) return;
  derive_blob_size(object, row);
  Fields fields(object, row);
  if (object.name == "Opportunity") derive_opportunity(fields, spoken);
  if (object.name == "Case") {
    const bool closed = contains(status_facts().case_closed, fields.text("Status"));
    if (closed && fields.changed("Status"))
      fields.set("ClosedDate", static_cast<std::int64_t>(org.now_second()) * 1000);
    if (!closed) fields.set("ClosedDate", Value{});
    fields.set("IsClosed", closed);
  }
  if (object.name == "Task") {
    fields.set("IsClosed", contains(status_facts().task_closed, fields.text("Status")));
    fields.set("IsHighPriority", contains(status_facts().task_high, fields.text("Priority")));
  }
}

}  // namespace orgsim
