// Rows that the org writes itself: its setup, without a caller and without checks.
#include "orgsim/core/org_state.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

std::string Org::Impl::put_row(const ObjectDef& object, std::optional<std::uint32_t> slot,
                               const std::vector<std::pair<const char*, Value>>& fields) {
  Transaction::State transaction(
      *this,
      {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
  const RowKey key = row_key(object.index, slot ? *slot : table(object).allocate());
  PendingRow& row = transaction.touch(key);
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = object.field(name)) row.after[field->index] = std::move(value);
  };
  if (row.inserted) {
    for (const FieldDef& field : object.fields) {
      if (field.type == FieldType::boolean && field.name != "IsDeleted")
        row.after[field.index] = field.default_boolean();
    }
    set("CreatedById", integration_user_id);
    set("CreatedDate", static_cast<std::int64_t>(now_second()) * 1000);
  }
  for (const auto& [name, value] : fields) set(name, value);
  transaction.stamp(row, object);
  transaction.commit();
  return id_of(key);
}

void Org::Impl::widen_open_rows() {
  for (Transaction::State* transaction : open) {
    for (auto& [key, row] : transaction->rows) {
      const std::size_t width = schema.object_at(object_of(key)).fields.size();
      row.after.resize(width);
      if (!row.inserted) row.before.resize(width);
    }
  }
}

void Org::Impl::setup_changed(Setup what) {
  if (what == Setup::access) ++access_generation;
  if (what == Setup::record_types) refresh_record_types();
  if (what == Setup::currencies) refresh_currencies();
}

}  // namespace orgsim
