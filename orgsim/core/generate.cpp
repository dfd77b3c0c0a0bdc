#include <algorithm>

#include "orgsim/core/generate_values.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

constexpr std::uint64_t kMaxGenerated = 20'000'000;
constexpr std::uint64_t kChunk = 200;  // a bulk load's transaction
constexpr double kNullShare = 0.1;
constexpr int kParentTries = 8;

/// Fills rows of one object.
class Generator {
 public:
  Generator(Org::Impl& org, const ObjectDef& object, std::uint64_t seed)
      : org_(org),
        object_(object),
        random_(seed ^ (std::uint64_t{object.index} << 48)),
        spoken_(object.fields.size(), true) {
    const std::int64_t today = org.now() / 86'400'000;
    today_ = today;
    for (const FieldDef& field : object.fields) {
      const bool own = field.name == "IsDeleted" || field.name == "SystemModstamp" || field.type == FieldType::id;
      if (field.removed || own || is_compound(field.type) || field.calculated || field.type == FieldType::base64)
        continue;
      if (field.createable || field.type == FieldType::boolean) fields_.push_back(&field);
      if (field.type == FieldType::reference && field.createable) find_parents(field);
    }
  }

  /// The required reference that has no record to point to, if any.
  [[nodiscard]] const FieldDef* missing_parent() const { return missing_parent_; }

  void fill(PendingRow& row, RowKey key) {
    row.inserted = true;
    row.state = RowState::live;
    row.stamp = org_.now_second();
    row.after.assign(object_.fields.size(), Value{});
    for (const FieldDef* field : fields_) row.after[field->index] = value(*field, slot_of(key));
    const Value now = static_cast<std::int64_t>(row.stamp) * 1000;
    for (const char* name : {"CreatedDate", "LastModifiedDate"}) set(row, name, now);
    for (const char* name : {"CreatedById", "LastModifiedById"}) set(row, name, org_.integration_user_id);
    derive_fields(org_, object_, key, row, spoken_);
  }

 private:
  void set(PendingRow& row, const char* name, const Value& value) {
    if (const FieldDef* field = object_.field(name)) row.after[field->index] = value;
  }

  void find_parents(const FieldDef& field) {
    std::vector<const ObjectDef*>& parents = parents_[field.index];
    for (const std::string& name : field.reference_to) {
      const ObjectDef* parent = org_.schema.object(name);
      // No records under one's own kind: hierarchies would come out as loops.
      if (parent != nullptr && parent != &object_ && org_.table(*parent).live_count() > 0) parents.push_back(parent);
    }
    if (parents.empty() && field.required_on_create()) missing_parent_ = &field;
  }

  Value value(const FieldDef& field, std::uint32_t slot) {
    if (field.type == FieldType::reference) return reference(field);
    if (field.type == FieldType::boolean && !field.createable) return false;
    if (field.unique || field.external_id) {
      if (field.type == FieldType::double_) return static_cast<double>(slot);
      return unique_text(field, slot);
    }
    if (field.nillable && field.type != FieldType::boolean && random_.chance(kNullShare)) return {};
    return plausible_value(field, random_, today_);
  }

  Value reference(const FieldDef& field) {
    if (field.name == "RecordTypeId" && !field.custom) return record_type();
    if (field.name == "OwnerId") return random_.chance(0.5) ? org_.integration_user_id : org_.other_user_id;
    const auto& parents = parents_[field.index];
    if (parents.empty() || (field.nillable && random_.chance(kNullShare))) return {};
    const ObjectDef& parent = *parents[random_.below(parents.size())];
    const Table& table = org_.table(parent);
    for (int i = 0; i < kParentTries; ++i) {
      const auto slot = static_cast<std::uint32_t>(random_.below(table.size()));
      if (table.state(slot) == RowState::live) return org_.id_of(row_key(parent.index, slot));
    }
    for (std::uint32_t slot = 0; slot < table.size(); ++slot) {
      if (table.state(slot) == RowState::live) return org_.id_of(row_key(parent.index, slot));
    }
    return {};
  }

  Value record_type() {
    std::vector<const RecordTypeDef*> active;
    for (const RecordTypeDef& type : object_.record_types) {
      if (type.active) active.push_back(&type);
    }
    return active.empty() ? Value{} : Value{active[random_.below(active.size())]->id};
  }

  Org::Impl& org_;
  const ObjectDef& object_;
  Random random_;
  std::int64_t today_ = 0;
  std::vector<const FieldDef*> fields_;
  std::map<std::uint16_t, std::vector<const ObjectDef*>> parents_;
  std::vector<bool> spoken_;
  const FieldDef* missing_parent_ = nullptr;
};

}  // namespace

Outcome<GenerateResult> Org::generate(std::string_view object_name, const GenerateOptions& options) {
  const auto object = impl_->object(object_name);
  if (!object) return std::unexpected(object.error());
  if (!(*object)->createable || (*object)->name == "User") {
    return fail(codes::kInvalidType, "Records of '" + (*object)->name + "' cannot be generated");
  }
  if (options.count > kMaxGenerated) {
    return fail(codes::kNumberOutsideRange, "At most " + std::to_string(kMaxGenerated) + " records at once");
  }
  Generator generator(*impl_, **object, options.seed);
  if (const FieldDef* missing = generator.missing_parent()) {
    return fail(codes::kRequiredFieldMissing,
                "Required fields are missing: [" + missing->name + "]: there is no record to refer to",
                {missing->name});
  }
  GenerateResult result{options.count, {}, {}};
  if (options.count == 0) return result;
  Table& table = impl_->table(**object);
  table.reserve(options.count);
  const auto next_key = [&] { return row_key((*object)->index, table.allocate()); };
  const auto note = [&](RowKey key) {
    if (result.first_id.empty()) result.first_id = impl_->id_of(key);
    result.last_id = impl_->id_of(key);
  };
  Writer writer{impl_->integration_user_id, {}, "bulkapi", "62.0", Transport::bulk};
  if (options.events) {
    for (std::uint64_t done = 0; done < options.count;) {
      Transaction::State chunk(*impl_, writer);
      for (; done < options.count && (chunk.order.size() < kChunk); ++done) {
        const RowKey key = next_key();
        generator.fill(chunk.touch(key), key);
        note(key);
      }
      chunk.commit();
    }
    return result;
  }
  const std::uint32_t commit = impl_->new_commit(writer);
  PendingRow row;
  for (std::uint64_t done = 0; done < options.count; ++done) {
    const RowKey key = next_key();
    generator.fill(row, key);
    table.insert(slot_of(key), pack(**object, row.after), row.stamp, commit);
    if (done == 0 || done + 1 == options.count) note(key);
  }
  return result;
}

}  // namespace orgsim
