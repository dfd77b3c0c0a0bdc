#include "codec/avro_schema.h"

#include <array>
#include <map>
#include <optional>

#include <simdjson.h>

namespace duet::codec {
namespace {

constexpr std::size_t kMaxSchemaBytes = 4 * 1024 * 1024;
constexpr std::size_t kMaxTypes = 20'000;
constexpr int kMaxDepth = 16;

struct Primitive {
  std::string_view name;
  AvroKind kind;
};

constexpr auto kPrimitives = std::to_array<Primitive>({
    {"null", AvroKind::null},
    {"boolean", AvroKind::boolean},
    {"int", AvroKind::integer},
    {"long", AvroKind::long_integer},
    {"float", AvroKind::float_number},
    {"double", AvroKind::double_number},
    {"bytes", AvroKind::bytes},
    {"string", AvroKind::string},
});

std::optional<AvroKind> primitive(std::string_view name) {
  for (const Primitive& entry : kPrimitives) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

/// The part behind the last dot: names are unique in Salesforce's schemas whatever their namespace.
std::string_view short_name(std::string_view name) {
  auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_data, "The event schema cannot be read", "AVRO_SCHEMA", std::move(detail));
}

std::string_view text(simdjson::dom::element element, std::string_view key) {
  std::string_view value;
  if (element[key].get(value)) return {};
  return value;
}

}  // namespace

class AvroSchemaParser {
 public:
  Result<AvroSchema> parse(std::string_view json) {
    if (json.size() > kMaxSchemaBytes) return bad("larger than 4 MiB");
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    if (auto error = parser.parse(json.data(), json.size()).get(document)) return bad(simdjson::error_message(error));
    schema_.root_ = DUET_TRY(type(document, 0));
    return std::move(schema_);
  }

 private:
  Result<AvroType*> add(AvroKind kind) {
    if (schema_.types_.size() >= kMaxTypes) return bad("more than 20,000 types");
    schema_.types_.push_back(std::make_unique<AvroType>());
    schema_.types_.back()->kind = kind;
    return schema_.types_.back().get();
  }

  Result<AvroType*> add_named(AvroKind kind, simdjson::dom::element element) {
    std::string name(short_name(text(element, "name")));
    if (name.empty()) return bad("a named type without a name");
    AvroType* added = DUET_TRY(add(kind));
    added->name = name;
    if (!named_.emplace(name, added).second) return bad("two types are named " + name);
    return added;
  }

  Result<const AvroType*> reference(std::string_view name) {
    if (auto kind = primitive(name)) {
      const AvroType*& shared = primitives_[static_cast<std::size_t>(*kind)];
      if (!shared) shared = DUET_TRY(add(*kind));
      return shared;
    }
    auto found = named_.find(short_name(name));
    if (found == named_.end()) return bad("unknown type " + std::string(name.substr(0, 100)));
    return found->second;
  }

  Result<const AvroType*> type(simdjson::dom::element element, int depth) {
    if (depth > kMaxDepth) return bad("nested too deep");
    std::string_view name;
    if (!element.get(name)) return reference(name);
    simdjson::dom::array branches;
    if (!element.get(branches)) return union_type(branches, depth);
    simdjson::dom::element kind;
    if (element["type"].get(kind)) return bad("a type without \"type\"");
    if (kind.get(name)) return type(kind, depth + 1);
    if (name == "record") return record(element, depth);
    if (name == "enum") return enumeration(element);
    if (name == "array") {
      simdjson::dom::element items;
      if (element["items"].get(items)) return bad("an array without \"items\"");
      AvroType* array = DUET_TRY(add(AvroKind::array));
      array->items = DUET_TRY(type(items, depth + 1));
      return array;
    }
    return reference(name);
  }

  Result<const AvroType*> union_type(simdjson::dom::array branches, int depth) {
    AvroType* made = DUET_TRY(add(AvroKind::union_of));
    for (simdjson::dom::element branch : branches) {
      const AvroType* inner = DUET_TRY(type(branch, depth + 1));
      if (inner->kind == AvroKind::union_of) return bad("a union in a union");
      made->branches.push_back(inner);
    }
    if (made->branches.empty()) return bad("a union without branches");
    return made;
  }

  Result<const AvroType*> record(simdjson::dom::element element, int depth) {
    AvroType* made = DUET_TRY(add_named(AvroKind::record, element));
    simdjson::dom::array fields;
    if (element["fields"].get(fields)) return bad("a record without \"fields\"");
    for (simdjson::dom::element field : fields) {
      simdjson::dom::element field_type;
      std::string_view name = text(field, "name");
      if (name.empty() || field["type"].get(field_type)) return bad("a field without name or type in " + made->name);
      const AvroType* inner = DUET_TRY(type(field_type, depth + 1));
      made->fields.push_back({std::string(name), inner});
    }
    return made;
  }

  Result<const AvroType*> enumeration(simdjson::dom::element element) {
    AvroType* made = DUET_TRY(add_named(AvroKind::enumeration, element));
    simdjson::dom::array symbols;
    if (element["symbols"].get(symbols)) return bad("an enum without \"symbols\"");
    for (simdjson::dom::element symbol : symbols) {
      std::string_view name;
      if (symbol.get(name)) return bad("an enum symbol that is no text");
      made->symbols.emplace_back(name);
    }
    return made;
  }

  AvroSchema schema_;
  std::array<const AvroType*, kPrimitives.size()> primitives_{};
  std::map<std::string, const AvroType*, std::less<>> named_;
};

int AvroType::index_of(std::string_view field) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return static_cast<int>(i);
  }
  return -1;
}

Result<AvroSchema> AvroSchema::parse(std::string_view json) { return AvroSchemaParser().parse(json); }

}  // namespace duet::codec
