#include "model/policy_fit.h"

namespace duet {
namespace {

bool is_number(FieldType type) {
  return type == FieldType::integer || type == FieldType::double_number || type == FieldType::currency ||
         type == FieldType::percent;
}

bool is_moment(FieldType type) {
  return type == FieldType::date || type == FieldType::datetime || type == FieldType::time;
}

}  // namespace

bool fits(ConflictPolicy policy, FieldType type) {
  switch (policy) {
    case ConflictPolicy::max:
    case ConflictPolicy::min:
      return is_number(type) || is_moment(type);
    case ConflictPolicy::add:
      return is_number(type);
    case ConflictPolicy::union_of_both:
      return type == FieldType::multipicklist;
    case ConflictPolicy::text:
      return type == FieldType::string || type == FieldType::textarea;
    default:
      return true;
  }
}

std::string_view fitting_types(ConflictPolicy policy) {
  switch (policy) {
    case ConflictPolicy::max:
    case ConflictPolicy::min:
      return "numbers, dates and times";
    case ConflictPolicy::add:
      return "numbers";
    case ConflictPolicy::union_of_both:
      return "multi-select picklists";
    case ConflictPolicy::text:
      return "text and long text";
    default:
      return "every field";
  }
}

}  // namespace duet
