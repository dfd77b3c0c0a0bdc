// Files: what is uploaded as a ContentVersion belongs to a ContentDocument, which the first version makes.
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

struct FileName {
  std::string stem;
  std::string extension;
};

FileName split_file_name(std::string_view path) {
  path = path.substr(path.find_last_of("/\\") + 1);
  const std::size_t dot = path.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0) return {std::string(path), {}};
  return {std::string(path.substr(0, dot)), std::string(path.substr(dot + 1, 40))};
}

std::string file_type(std::string_view extension) {
  std::string type(extension.substr(0, 20));
  for (char& c : type) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return type.empty() ? "UNKNOWN" : type;
}

Value text_or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

}  // namespace

Outcome<std::string> Transaction::State::insert_version(const ObjectDef& object, std::vector<Assignment> assignments) {
  const ObjectDef& documents = *org.schema.object("ContentDocument");
  const auto given = [&](std::string_view name) -> Value {
    Value value;
    for (const Assignment& one : assignments) {
      if (one.field->name == name) value = one.value;
    }
    return value;
  };
  const auto text = [&](std::string_view name) {
    const Value value = given(name);
    const auto* found = std::get_if<std::string>(&value);
    return found != nullptr ? *found : std::string();
  };
  const auto set = [&](const char* name, Value value) {
    assignments.push_back({object.field(name), std::move(value)});
  };
  const FileName file = split_file_name(text("PathOnClient"));
  if (text("Title").empty()) set("Title", text_or_null(file.stem));

  std::string document = text("ContentDocumentId");
  std::size_t earlier = 0;
  if (document.empty()) {
    auto made = insert_row(documents, {{documents.field("Title"), given("Title")}});
    if (!made) return made;
    document = *std::move(made);
    set("ContentDocumentId", document);
  } else {
    for (const std::uint32_t slot : find(object, *object.field("ContentDocumentId"), Value{document})) {
      const RowKey key = row_key(object.index, slot);
      if (auto locked_row = lock(key); !locked_row) return std::unexpected(locked_row.error());
      PendingRow& row = touch(key);
      Value& latest = row.after[object.field("IsLatest")->index];
      if (latest == Value{true}) {
        latest = false;
        stamp(row, object);
      }
      ++earlier;
    }
  }
  set("IsLatest", true);
  set("VersionNumber", std::to_string(earlier + 1));
  set("FileExtension", text_or_null(file.extension));
  set("FileType", file_type(file.extension));
  auto version = insert_row(object, assignments);
  if (!version) return version;

  const auto key = target(documents, document);
  if (!key) return std::unexpected(key.error());
  if (auto locked_row = lock(*key); !locked_row) return std::unexpected(locked_row.error());
  touch(*key);
  const Value size = current(*target(object, *version), *object.field("ContentSize"));
  const std::vector<Assignment> told = {{documents.field("LatestPublishedVersionId"), *version},
                                        {documents.field("Title"), given("Title")},
                                        {documents.field("ContentSize"), size},
                                        {documents.field("FileExtension"), given("FileExtension")},
                                        {documents.field("FileType"), given("FileType")}};
  if (auto saved = save(documents, *key, told, Operation::update); !saved) return std::unexpected(saved.error());
  return version;
}

}  // namespace orgsim
