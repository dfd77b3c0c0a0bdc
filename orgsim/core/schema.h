#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orgsim/core/error.h"

namespace orgsim {

enum class FieldType : std::uint8_t {
  id,
  string,
  textarea,
  picklist,
  multipicklist,
  combobox,
  boolean,
  int_,
  long_,
  double_,
  currency,
  percent,
  date,
  datetime,
  time,
  email,
  phone,
  url,
  encryptedstring,
  reference,
  address,
  location,
  base64,
};

/// The describe spelling of a type ("int", "double" …) and back.
[[nodiscard]] std::string_view type_name(FieldType type);
[[nodiscard]] std::optional<FieldType> parse_field_type(std::string_view name);
[[nodiscard]] bool is_number(FieldType type);
[[nodiscard]] bool is_text(FieldType type);
/// address and location: values live in their parts.
[[nodiscard]] bool is_compound(FieldType type);

class Formula;

struct PicklistEntry {
  std::string value;
  std::string label;
  bool active = true;
  bool is_default = false;
};

/// One field with everything its describe says. `index` is its place in stored rows and never changes.
struct FieldDef {
  std::uint16_t index = 0;
  std::string name;
  std::string label;
  FieldType type = FieldType::string;
  std::int32_t length = 0;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  std::int32_t digits = 0;
  bool nillable = true;
  bool createable = true;
  bool updateable = true;
  bool defaulted_on_create = false;
  bool id_lookup = false;
  bool name_field = false;
  bool auto_number = false;
  bool unique = false;
  bool case_sensitive = false;
  bool external_id = false;
  bool calculated = false;
  bool html_formatted = false;
  bool cascade_delete = false;
  bool restricted_delete = false;
  bool restricted_picklist = false;
  bool custom = false;
  bool aggregatable = true;
  bool groupable = true;
  bool sortable = true;
  bool filterable = true;
  bool locks_parent = false;
  /// Removed by POST /orgsim/objects: not described, not readable, not writable; stored cells stay unread.
  bool removed = false;
  /// Removed from sight by field-level security (`"readable":false`); its values stay, and it can be shown again.
  bool hidden = false;
  /// Made by the Tooling or Metadata API: nobody sees it until a permission set says so (access.h).
  bool guarded = false;
  /// Field permissions exist for it; RecordTypeId and the currency have none.
  bool is_granted = true;
  std::string compound_name;  ///< the compound field this is a part of, or empty
  std::string extra_type_info;
  std::string formula;
  /// The formula ready for use; nothing for a field that only says `calculated`, as roll-ups do.
  std::shared_ptr<const Formula> expression;
  bool blank_is_zero = false;  ///< describe's formulaTreatNullNumberAsZero
  std::string default_text;    ///< describe's defaultValue as text, or empty
  std::vector<std::string> reference_to;
  std::string relationship_name;
  std::string child_relationship_name;  ///< of a custom reference, as the parent's describe lists it
  std::vector<PicklistEntry> picklist;
  std::string custom_id;  ///< 00N id of a custom field

  /// createable and not nillable and not defaulted on create and not boolean.
  [[nodiscard]] bool required_on_create() const;
  /// Subject to field-level security: describe's permissionable.
  [[nodiscard]] bool permissionable() const { return nillable && (custom || createable) && !name_field && is_granted; }
  /// For booleans, which are never null: the value of a row that has none, written before the field was made.
  [[nodiscard]] bool default_boolean() const { return default_text == "true"; }
};

struct ChildRelationship {
  std::string child_object;
  std::string field;
  std::string relationship_name;
  bool cascade_delete = false;
  bool restricted_delete = false;
};

/// A record type of an object; the rows of RecordType are the truth (record_types.h).
struct RecordTypeDef {
  std::string id;
  std::string developer_name;
  std::string name;
  bool active = true;
  bool is_default = false;  ///< what a new record gets that names none
};

/// The org-wide default: which records of others a user may read and edit who has no View All or Modify All.
enum class Sharing : std::uint8_t { read_write, read, none };

/// Objects whose rows are part of the org's own setup.
enum class Setup : std::uint8_t { none, record_types, access, currencies };

/// One sObject. Field lookup by name ignores case.
struct ObjectDef {
  std::uint16_t index = 0;
  std::string name;
  std::string label;
  std::string label_plural;
  std::string key_prefix;
  bool custom = false;
  bool createable = true;
  bool updateable = true;
  bool deletable = true;
  bool undeletable = true;
  bool mergeable = false;
  bool queryable = true;
  bool replicateable = true;
  bool retrieveable = true;
  bool searchable = true;
  bool triggerable = true;
  bool layoutable = true;
  bool mru_enabled = true;
  bool feed_enabled = false;
  bool cdc_supported = false;
  bool cdc_selected = false;
  /// A platform event (`Foo__e`): records are published and never stored (spec §4.4).
  bool platform_event = false;
  std::deque<FieldDef> fields;  ///< a deque: pointers to fields stay valid when fields are added
  std::vector<ChildRelationship> children;
  std::vector<RecordTypeDef> record_types;
  Sharing sharing = Sharing::read_write;
  Setup setup = Setup::none;
  /// Not there for whoever looks: a feature that is off, or an object without permission.
  bool hidden = false;
  /// Rises with every change of the object's fields; event schemas and row layouts are per version.
  std::uint32_t version = 1;

  /// The field, in any letter case; removed fields are not found.
  [[nodiscard]] const FieldDef* field(std::string_view name) const;
  /// A hidden field, in any letter case.
  [[nodiscard]] const FieldDef* hidden_field(std::string_view name) const;
  /// The reference field behind a relationship name ("Account", "Parent__r"), in any letter case.
  [[nodiscard]] const FieldDef* relationship(std::string_view name) const;
  [[nodiscard]] const FieldDef* name_field() const;
  /// The parts of a compound field, in describe order.
  [[nodiscard]] std::vector<const FieldDef*> parts(std::string_view compound) const;
  [[nodiscard]] const RecordTypeDef* record_type(std::string_view id) const;
  /// "AccountChangeEvent", "Foo__ChangeEvent".
  [[nodiscard]] std::string change_event_name() const;

 private:
  friend class Schema;
  void reindex();
  std::unordered_map<std::string, std::uint16_t> by_name_;
  std::unordered_map<std::string, std::uint16_t> by_relationship_;
};

struct Access;

/// All objects of the org. Objects are never removed and never move, so pointers to them stay valid.
class Schema {
 public:
  /// The 27 standard objects, from data/standard_objects.json compiled into the library.
  [[nodiscard]] static Schema standard();

  [[nodiscard]] const std::deque<ObjectDef>& objects() const { return objects_; }
  [[nodiscard]] const ObjectDef* object(std::string_view name) const;
  [[nodiscard]] const ObjectDef& object_at(std::uint16_t index) const { return objects_[index]; }
  [[nodiscard]] const ObjectDef* object_by_prefix(std::string_view key_prefix) const;
  /// The object named by a change event ("AccountChangeEvent") or nothing.
  [[nodiscard]] const ObjectDef* object_by_change_event(std::string_view event_name) const;
  /// Rises with every change of anything: what If-Modified-Since on describes looks at.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  /// Creates or alters one object as POST /orgsim/objects describes it (design §7; schema_edit.h has the shape).
  /// Returns the object. Nothing has changed after an error.
  Outcome<const ObjectDef*> apply(const nlohmann::json& definition);

  /// Replaces an object's record types; the first ones bring the field RecordTypeId.
  void set_record_types(std::uint16_t object, std::vector<RecordTypeDef> types);
  /// Puts a field that Salesforce itself adds: a new one, or the one of this name with new facts. `shown` false takes
  /// it out of sight; its values stay.
  void put_standard_field(std::uint16_t object, FieldDef field, bool shown);
  /// Shows or hides an object as a whole.
  void show_object(std::uint16_t object, bool shown);
  /// Whether any field waits for a permission (FieldDef::guarded).
  [[nodiscard]] bool has_guarded_fields() const { return guarded_fields_ > 0; }
  /// A copy that has only what these permissions show, and can write only what they let (access.h).
  [[nodiscard]] Schema seen_with(const Access& access) const;

  /// Selects an object for change events, or not. INVALID_TYPE for unknown objects or those that cannot have events.
  Outcome<void> select_for_events(std::string_view object, bool selected);

 private:
  ObjectDef& add(ObjectDef object);
  Outcome<std::vector<FieldDef>> read_fields(const std::string& object_name, const ObjectDef* existing,
                                             const nlohmann::json& definitions) const;
  ObjectDef& create_custom(const std::string& name, const nlohmann::json& definition);
  void put_field(ObjectDef& object, FieldDef field);
  FieldDef& append(ObjectDef& object, FieldDef field);
  void put_fields(ObjectDef& object, std::vector<FieldDef> fields);
  [[nodiscard]] Outcome<void> check_formulas(const std::string& object_name, const nlohmann::json& definition,
                                             const std::vector<FieldDef>& fields) const;
  void link_relationship(const ObjectDef& child, const FieldDef& field);

  std::deque<ObjectDef> objects_;
  std::unordered_map<std::string, std::uint16_t> by_name_;
  std::unordered_map<std::string, std::uint16_t> by_prefix_;
  std::uint32_t custom_objects_ = 0;
  std::uint32_t platform_events_ = 0;
  std::uint32_t custom_fields_ = 0;
  std::uint32_t guarded_fields_ = 0;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> formulas_;  ///< object and field index of all there ever were
  std::uint64_t revision_ = 1;
};

}  // namespace orgsim
