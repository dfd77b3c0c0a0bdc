#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duet::codec {

enum class AvroKind {
  null,
  boolean,
  integer,
  long_integer,
  float_number,
  double_number,
  bytes,
  string,
  enumeration,
  array,
  record,
  union_of
};

struct AvroType;

struct AvroField {
  std::string name;
  const AvroType* type = nullptr;
};

/// One type of a parsed schema. Which members mean something follows from the kind.
struct AvroType {
  AvroKind kind = AvroKind::null;
  std::string name;                       ///< record, enumeration: without its namespace
  std::vector<AvroField> fields;          ///< record
  std::vector<std::string> symbols;       ///< enumeration
  std::vector<const AvroType*> branches;  ///< union
  const AvroType* items = nullptr;        ///< array

  /// Position of a record's field, or -1.
  int index_of(std::string_view field) const;
};

/// An Avro schema in the subset that Salesforce's events use: no maps, no fixed, no default values, no aliases.
/// Immutable and movable; references into it stay valid when it moves.
class AvroSchema {
 public:
  /// `bad_data` for anything that is no schema or exceeds the bounds (4 MiB, depth 16, 20,000 types).
  static Result<AvroSchema> parse(std::string_view json);

  const AvroType& root() const { return *root_; }

 private:
  friend class AvroSchemaParser;
  AvroSchema() = default;

  std::vector<std::unique_ptr<AvroType>> types_;
  const AvroType* root_ = nullptr;
};

}  // namespace duet::codec
