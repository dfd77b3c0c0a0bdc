// Merge and lead conversion: identity moves that are several changes in one transaction (spec §4.7, §6.4).
#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

constexpr std::size_t kLosersMax = 2;

SaveResult failed(Error error, std::string_view id) {
  return {.id = std::string(id), .success = false, .created = false, .errors = {std::move(error)}};
}

}  // namespace

Outcome<std::vector<std::string>> Transaction::State::repoint(const ObjectDef& object, const std::string& loser,
                                                              const std::string& winner) {
  std::vector<std::string> related;
  for (const ObjectDef& child : org.schema.objects()) {
    for (const FieldDef& field : child.fields) {
      const bool points =
          field.type == FieldType::reference && !field.removed && field.name != "MasterRecordId" &&
          std::ranges::any_of(field.reference_to, [&object](const auto& to) { return same_name(to, object.name); });
      if (!points) continue;
      for (const std::uint32_t slot : find(child, field, Value{loser})) {
        const RowKey key = row_key(child.index, slot);
        if (auto locked_row = lock(key); !locked_row) return std::unexpected(locked_row.error());
        PendingRow& row = touch(key);
        row.after[field.index] = winner;
        stamp(row, child);
        related.push_back(org.id_of(key));
      }
    }
  }
  return related;
}

Outcome<MergeResult> Transaction::State::merge(const ObjectDef& object, std::string_view winner,
                                               const std::vector<std::string>& losers, const RecordInput& fields) {
  MergeResult result;
  const auto master = target(object, winner);
  if (!master) return std::unexpected(master.error());
  const std::string master_id = org.id_of(*master);
  if (auto locked_row = lock(*master); !locked_row) return std::unexpected(locked_row.error());
  for (const std::string& id : losers) {
    const auto loser = target(object, id);
    if (!loser) return std::unexpected(loser.error());
    if (*loser == *master) return fail("INVALID_ID_FIELD", "Cannot merge a record with itself.", {"Id"});
    const std::string loser_id = org.id_of(*loser);
    if (auto locked_row = lock(*loser); !locked_row) return std::unexpected(locked_row.error());
    auto related = repoint(object, loser_id, master_id);
    if (!related) return std::unexpected(related.error());
    std::ranges::copy(*related, std::back_inserter(result.related));
    // First the pointer to the winner, so that the deleted version has it.
    if (const FieldDef* field = object.field("MasterRecordId")) touch(*loser).after[field->index] = master_id;
    if (auto removed = remove(object, slot_of(*loser), false, 0); !removed) return std::unexpected(removed.error());
    result.merged.push_back(loser_id);
  }
  if (!fields.fields.empty()) {
    if (auto updated = update(object, master_id, fields, {}); !updated) return std::unexpected(updated.error());
  }
  result.result = {.id = master_id, .success = true, .created = false};
  return result;
}

MergeResult Transaction::merge(std::string_view object_name, std::string_view winner,
                               const std::vector<std::string>& losers, const RecordInput& fields) {
  const auto object = state_->object(object_name);
  if (!object) return {.result = failed(object.error(), winner)};
  if (!(*object)->mergeable) {
    return {.result =
                failed(make_error("INVALID_OPERATION", fmt::format("merge is not supported for {}", (*object)->name)),
                       winner)};
  }
  if (losers.empty() || losers.size() > kLosersMax) {
    return {.result =
                failed(make_error("INVALID_NUMBER_OF_RECORDS", "A merge takes one or two records besides the master."),
                       winner)};
  }
  auto merged = state_->statement([&] { return state_->merge(**object, winner, losers, fields); });
  return merged ? *std::move(merged) : MergeResult{.result = failed(merged.error(), winner)};
}

Outcome<ConvertResult> Transaction::State::convert(const LeadConversion& wanted) {
  const ObjectDef& lead = *org.schema.object("Lead");
  const auto key = target(lead, wanted.lead_id);
  if (!key) return std::unexpected(key.error());
  if (auto locked_row = lock(*key); !locked_row) return std::unexpected(locked_row.error());
  const auto value = [&](const char* name) { return current(*key, *lead.field(name)); };
  if (value("IsConverted") == Value{true}) {
    return fail("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead");
  }
  ConvertResult result;
  const auto make = [&](const char* object_name, std::string& id,
                        std::initializer_list<std::pair<const char*, Value>> fields) -> Outcome<void> {
    if (!id.empty()) return {};
    RecordInput input;
    for (const auto& [name, each] : fields) {
      if (!is_null(each)) input.set(name, each);
    }
    auto made = insert(*org.schema.object(object_name), input);
    if (!made) return std::unexpected(made.error());
    id = *std::move(made);
    return {};
  };
  result.account_id = wanted.account_id;
  result.contact_id = wanted.contact_id;
  if (auto made = make("Account", result.account_id,
                       {{"Name", value("Company")},
                        {"Phone", value("Phone")},
                        {"Website", value("Website")},
                        {"Industry", value("Industry")},
                        {"BillingStreet", value("Street")},
                        {"BillingCity", value("City")},
                        {"BillingState", value("State")},
                        {"BillingPostalCode", value("PostalCode")},
                        {"BillingCountry", value("Country")}});
      !made) {
    return std::unexpected(made.error());
  }
  if (auto made = make("Contact", result.contact_id,
                       {{"LastName", value("LastName")},
                        {"FirstName", value("FirstName")},
                        {"Title", value("Title")},
                        {"Email", value("Email")},
                        {"Phone", value("Phone")},
                        {"AccountId", Value{result.account_id}}});
      !made) {
    return std::unexpected(made.error());
  }
  if (wanted.create_opportunity) {
    constexpr std::int64_t kMsPerDay = 86'400'000;
    const Value name = wanted.opportunity_name.empty() ? value("Company") : Value{wanted.opportunity_name};
    if (auto made = make("Opportunity", result.opportunity_id,
                         {{"Name", name},
                          {"AccountId", Value{result.account_id}},
                          {"StageName", Value{"Prospecting"}},
                          {"CloseDate", Value{org.now() / kMsPerDay + 30}}});
        !made) {
      return std::unexpected(made.error());
    }
  }
  PendingRow& row = touch(*key);
  const auto set = [&](const char* name, Value each) { row.after[lead.field(name)->index] = std::move(each); };
  set("IsConverted", true);
  set("ConvertedDate", org.now() / 86'400'000);
  set("ConvertedAccountId", result.account_id);
  set("ConvertedContactId", result.contact_id);
  if (!result.opportunity_id.empty()) set("ConvertedOpportunityId", result.opportunity_id);
  set("Status", wanted.status.empty() ? std::string("Closed - Converted") : wanted.status);
  stamp(row, lead);
  result.result = {.id = org.id_of(*key), .success = true, .created = false};
  return result;
}

ConvertResult Transaction::convert_lead(const LeadConversion& wanted) {
  auto converted = state_->statement([&] { return state_->convert(wanted); });
  return converted ? *std::move(converted) : ConvertResult{.result = failed(converted.error(), wanted.lead_id)};
}

}  // namespace orgsim
