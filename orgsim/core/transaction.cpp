#include "orgsim/core/transaction.h"

#include "orgsim/core/formula_fields.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

SaveResult failed(Error error, std::string_view id = {}) {
  return {.id = std::string(id), .success = false, .created = false, .errors = {std::move(error)}};
}

SaveResult saved(std::string id, bool created = false) {
  return {.id = std::move(id), .success = true, .created = created};
}

Error closed() { return {"UNKNOWN_EXCEPTION", "The transaction is over", {}}; }

}  // namespace

Transaction::Transaction(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

SaveResult Transaction::insert(std::string_view object_name, const RecordInput& input) {
  if (!open()) return failed(closed());
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error());
  if (auto may = state_->may_create(**object); !may) return failed(may.error());
  auto id = state_->statement([&] { return state_->insert(**object, input); });
  if (!id) return failed(id.error());
  SaveResult result = saved(std::move(*id), true);
  if ((*object)->platform_event) {
    // An event that was accepted says so in an "error", with its EventUuid as the message.
    const auto& uuid = state_->rows.at(state_->order.back()).after[(*object)->field("EventUuid")->index];
    result.errors.push_back({"OPERATION_ENQUEUED", std::get<std::string>(uuid), {}});
  }
  return result;
}

SaveResult Transaction::update(std::string_view object_name, std::string_view id, const RecordInput& input,
                               const UpdateOptions& options) {
  if (!open()) return failed(closed());
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error(), id);
  const auto key = state_->target(**object, id);
  if (!key) return failed(key.error(), id);
  if (auto may = state_->may_write(**object, *key, &ObjectAccess::edit); !may) {
    return failed(may.error(), state_->org.id_of(*key));
  }
  const auto done = state_->statement([&] { return state_->update(**object, id, input, options); });
  return done ? saved(state_->org.id_of(*key)) : failed(done.error(), state_->org.id_of(*key));
}

Outcome<Record> Transaction::find(std::string_view object_name, std::string_view id) const {
  if (!open()) return std::unexpected(closed());
  const Org::Impl& org = state_->org;
  const auto object = state_->object(object_name);
  if (!object) return std::unexpected(object.error());
  const auto key = state_->target(**object, id);
  if (!key) return std::unexpected(key.error());
  const ObjectDef& seen = state_->seen(**object);
  Record record{&seen, org.id_of(*key), false, {}, state_->view->is_whole ? nullptr : state_->view->schema};
  if (!state_->record_access(**object, *key).read) {
    return fail(codes::kNotFound, "The requested resource does not exist");
  }
  const auto pending = state_->rows.find(*key);
  if (pending == state_->rows.end()) {
    const Table& table = org.table(**object);
    const std::uint32_t slot = slot_of(*key);
    record.values = org.full_values(**object, slot, RowState::live, table.stamp(slot), table.packed(slot));
    fill_formulas(org.all_commits(), **object, record.values);
    return record;
  }
  record.values = pending->second.after;
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = (*object)->field(name)) record.values[field->index] = std::move(value);
  };
  set("Id", record.id);
  set("IsDeleted", false);
  set("SystemModstamp", static_cast<std::int64_t>(pending->second.stamp) * 1000);
  fill_formulas(org.all_commits(), **object, record.values);
  return record;
}

SaveResult Transaction::remove(std::string_view object_name, std::string_view id) {
  if (!open()) return failed(closed());
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error(), id);
  const auto key = state_->target(**object, id);
  if (!key) return failed(key.error(), id);
  if (!(*object)->deletable) {
    return failed({"INVALID_TYPE_FOR_OPERATION", "entity type " + (*object)->name + " does not support delete", {}},
                  id);
  }
  if (auto may = state_->may_write(**object, *key, &ObjectAccess::remove); !may) {
    return failed(may.error(), state_->org.id_of(*key));
  }
  const auto done = state_->statement([&] { return state_->remove(**object, slot_of(*key), false, 0); });
  return done ? saved(state_->org.id_of(*key)) : failed(done.error(), state_->org.id_of(*key));
}

SaveResult Transaction::purge(std::string_view object_name, std::string_view id) {
  if (!open()) return failed(closed());
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error(), id);
  const auto key = state_->target(**object, id, true);
  if (!key) return failed(key.error(), id);
  if (auto may = state_->may_write(**object, *key, &ObjectAccess::remove); !may) {
    return failed(may.error(), state_->org.id_of(*key));
  }
  const auto done = state_->statement([&] { return state_->remove(**object, slot_of(*key), true, 0); });
  return done ? saved(state_->org.id_of(*key)) : failed(done.error(), state_->org.id_of(*key));
}

SaveResult Transaction::undelete(std::string_view object_name, std::string_view id) {
  if (!open()) return failed(closed());
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error(), id);
  const auto key = state_->target(**object, id, true);
  if (!key) return failed(key.error(), id);
  if (state_->state_of(*key) != RowState::deleted || !(*object)->undeletable) {
    return failed({std::string(codes::kUndeleteFailed), "Entity is not in the recycle bin", {}},
                  state_->org.id_of(*key));
  }
  if (auto may = state_->may_write(**object, *key, &ObjectAccess::remove); !may) {
    return failed(may.error(), state_->org.id_of(*key));
  }
  const auto done = state_->statement([&] { return state_->undelete(**object, slot_of(*key), 0); });
  return done ? saved(state_->org.id_of(*key)) : failed(done.error(), state_->org.id_of(*key));
}

std::int64_t Transaction::service_ms() const { return state_ ? state_->service_ms : 0; }

std::size_t Transaction::savepoint() const { return state_->undo.size(); }

void Transaction::roll_back_to(std::size_t savepoint) {
  if (open()) state_->roll_back_to(savepoint);
}

CommitResult Transaction::commit() { return open() ? state_->commit() : CommitResult{}; }

void Transaction::roll_back() {
  if (state_) state_->close();
}

bool Transaction::open() const { return state_ && state_->open; }

std::optional<std::int64_t> Transaction::started_ms() const { return state_ ? state_->started_ms : std::nullopt; }

}  // namespace orgsim
