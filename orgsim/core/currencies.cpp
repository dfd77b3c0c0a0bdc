// Multi-currency: CurrencyType's rows are the truth; every record of most objects then names its currency.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "orgsim/core/org_state.h"
#include "orgsim/core/schema_edit.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr const char* kField = "CurrencyIsoCode";
constexpr const char* kUserField = "DefaultCurrencyIsoCode";

bool is_iso_code(std::string_view code) {
  return code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// Objects whose records have a currency: those with amounts, custom ones, and these, which have it without amounts.
bool has_currency(const ObjectDef& object) {
  constexpr std::array<std::string_view, 5> kWithoutAmounts = {"Contact", "Case", "User", "Product2", "Pricebook2"};
  if (object.platform_event || object.setup == Setup::currencies) return false;
  return object.custom || std::ranges::find(kWithoutAmounts, object.name) != kWithoutAmounts.end() ||
         std::ranges::any_of(object.fields, [](const FieldDef& field) { return field.type == FieldType::currency; });
}

FieldDef iso_field(const char* name, const char* label, const std::vector<PicklistEntry>& entries) {
  FieldDef field;
  field.name = name;
  field.label = label;
  field.type = FieldType::picklist;
  field.length = 3;
  field.defaulted_on_create = true;
  field.restricted_picklist = true;
  field.is_granted = false;
  field.picklist = entries;
  apply_type_flags(field);
  return field;
}

bool same_entries(const std::vector<PicklistEntry>& a, const std::vector<PicklistEntry>& b) {
  return std::ranges::equal(a, b, {}, &PicklistEntry::value, &PicklistEntry::value);
}

std::unexpected<Error> bad(const std::string& what) { return fail(codes::kJsonParser, "currencies: " + what); }

/// One of "currencies", checked.
Outcome<void> check_currency(const json& item) {
  constexpr const char* kWanted =
      "each is {\"isoCode\":\"EUR\",\"conversionRate\":0.9,\"decimalPlaces\":2,\"active\":true}";
  if (!item.is_object() || !item.contains("isoCode") || !item["isoCode"].is_string()) return bad(kWanted);
  for (const auto& [key, value] : item.items()) {
    const bool good =
        (key == "isoCode" && is_iso_code(value.get<std::string>())) ||
        (key == "conversionRate" && value.is_number() && value.get<double>() > 0) ||
        (key == "decimalPlaces" && value.is_number_integer() && value.get<int>() >= 0 && value.get<int>() <= 5) ||
        (key == "active" && value.is_boolean());
    if (!good) return bad(kWanted);
  }
  return {};
}

}  // namespace

Outcome<json> Org::apply_currencies(const json& wanted) {
  if (!wanted.is_object()) return bad("expected {\"multiCurrency\",\"corporate\",\"currencies\":[…]}");
  for (const auto& [key, value] : wanted.items()) {
    if (key == "multiCurrency" ? !value.is_boolean() : key == "corporate" ? !value.is_string() : key != "currencies") {
      return bad(fmt::format("'{}' is unknown or has the wrong type", key));
    }
  }
  const json list = wanted.value("currencies", json::array());
  if (!list.is_array()) return bad("'currencies' must be a list");
  for (const json& item : list) {
    if (auto good = check_currency(item); !good) return std::unexpected(good.error());
  }
  const std::string corporate = wanted.value("corporate", impl_->corporate_currency);
  if (!is_iso_code(corporate)) return bad("'corporate' must be an ISO code");
  impl_->set_currencies(wanted.value("multiCurrency", impl_->multi_currency), corporate, list);
  return currencies();
}

json Org::currencies() const {
  json rates = json::object();
  for (const auto& [code, rate] : impl_->rates) rates[code] = rate;
  return {{"multiCurrency", impl_->multi_currency}, {"corporate", impl_->corporate_currency}, {"rates", rates}};
}

void Org::Impl::set_currencies(bool on, const std::string& corporate, const json& list) {
  const std::uint16_t index = currency_type;
  schema.show_object(index, on);
  multi_currency = on;
  corporate_currency = corporate;
  const ObjectDef& rows = schema.object_at(index);
  const auto slot_of = [&](std::string_view code) -> std::optional<std::uint32_t> {
    const Table& all = table(rows);
    std::optional<std::uint32_t> found;
    all.find(*rows.field("IsoCode"), code, [&](std::uint32_t slot) {
      found = slot;
      return false;
    });
    return found;
  };
  const auto put = [&](const std::string& code, const json& item) {
    const auto slot = slot_of(code);
    std::vector<std::pair<const char*, Value>> fields = {{"IsoCode", code}, {"IsCorporate", code == corporate}};
    const auto set = [&](const char* name, const char* key, Value otherwise, auto convert) {
      if (item.contains(key)) {
        fields.emplace_back(name, convert(item[key]));
      } else if (!slot) {
        fields.emplace_back(name, std::move(otherwise));
      }
    };
    set("ConversionRate", "conversionRate", 1.0, [](const json& value) { return Value{value.get<double>()}; });
    set("DecimalPlaces", "decimalPlaces", std::int64_t{2},
        [](const json& value) { return Value{value.get<std::int64_t>()}; });
    set("IsActive", "active", true, [](const json& value) { return Value{value.get<bool>()}; });
    put_row(rows, slot, fields);
  };
  for (const auto& [code, rate] : std::map(rates)) put(code, json::object());  // who is corporate may have changed
  if (!on && list.empty() && rates.empty()) return refresh_currencies();
  put(corporate, json{{"conversionRate", 1.0}, {"active", true}});
  for (const json& item : list) put(item["isoCode"].get<std::string>(), item);
  refresh_currencies();
}

void Org::Impl::refresh_currencies() {
  const ObjectDef& rows = schema.object_at(currency_type);
  const Table& all = table(rows);
  std::vector<PicklistEntry> entries;
  rates.clear();
  for (std::uint32_t slot = 0; slot < all.size(); ++slot) {
    if (all.state(slot) != RowState::live) continue;
    const std::vector<Value> values = full_values(rows, slot, RowState::live, all.stamp(slot), all.packed(slot));
    const auto get = [&](const char* name) { return values[rows.field(name)->index]; };
    const auto* code = std::get_if<std::string>(&values[rows.field("IsoCode")->index]);
    const auto* rate = std::get_if<double>(&values[rows.field("ConversionRate")->index]);
    if (code == nullptr || rate == nullptr || *rate <= 0) continue;
    rates[*code] = *rate;
    if (get("IsCorporate") == Value{true}) corporate_currency = *code;
    if (get("IsActive") == Value{true}) entries.push_back({.value = *code, .label = *code});
  }
  for (const ObjectDef& object : schema.objects()) {
    if (!has_currency(object)) continue;
    const auto put = [&](const char* name, const char* label) {
      const FieldDef* known = object.field(name);
      if (multi_currency ? known != nullptr && same_entries(known->picklist, entries) : known == nullptr) return false;
      schema.put_standard_field(object.index, iso_field(name, label, entries), multi_currency);
      return known == nullptr;
    };
    if (put(kField, "Currency ISO Code") && multi_currency) stamp_currency(object);
    if (object.name == "User") put(kUserField, "Default Currency ISO Code");
  }
  widen_open_rows();
}

void Org::Impl::stamp_currency(const ObjectDef& object) {
  Table& rows = table(object);
  const FieldDef& field = *object.field(kField);
  std::optional<std::uint32_t> commit;
  for (std::uint32_t slot = 0; slot < rows.size(); ++slot) {
    const RowState state = rows.state(slot);
    IdBuffer id;
    if (state != RowState::live && state != RowState::deleted) continue;
    if (!is_null(find_cell(rows.packed(slot), field.index, id))) continue;
    if (!commit) {
      commit = new_commit(
          {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
    }
    std::vector<Value> values;
    unpack(rows.packed(slot), object, values);
    values[field.index] = corporate_currency;
    RowWriter old;
    old.put_null(field.index);
    rows.change(slot, {.type = ChangeType::update,
                       .state = state,
                       .stamp = rows.stamp(slot),
                       .commit = *commit,
                       .packed = pack(object, values),
                       .old_cells = old.bytes()});
  }
}

double Org::Impl::convert(double amount, std::string_view from, std::string_view to) const {
  const auto of = rates.find(from);
  const auto into = rates.find(to);
  if (from == to || of == rates.end() || into == rates.end()) return amount;
  return amount / of->second * into->second;
}

std::string Org::Impl::currency_of(std::string_view user_id) const {
  const ObjectDef& users = *schema.object("User");
  const FieldDef* field = users.field(kUserField);
  const auto slot = field != nullptr ? slot_of_id(users, user_id) : std::nullopt;
  if (!slot) return corporate_currency;
  IdBuffer id;
  const CellView cell = find_cell(table(users).packed(*slot), field->index, id);
  const auto* code = std::get_if<std::string_view>(&cell);
  return code != nullptr ? std::string(*code) : corporate_currency;
}

}  // namespace orgsim
