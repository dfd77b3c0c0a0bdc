#include "rules/combine.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "rules/canonical.h"
#include "rules/text_merge.h"

namespace duet::rules {
namespace {

std::optional<double> number_of(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value); number && std::isfinite(*number)) return *number;
  return std::nullopt;
}

/// -1, 0, 1; nothing when the two cannot be compared.
std::optional<int> compare(const Value& a, const Value& b) {
  auto order = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (const auto* x = std::get_if<std::int64_t>(&a)) {
    if (const auto* y = std::get_if<std::int64_t>(&b)) return order(*x, *y);
  }
  if (const auto x = number_of(a), y = number_of(b); x && y) return order(*x, *y);
  if (const auto* x = std::get_if<Date>(&a)) {
    if (const auto* y = std::get_if<Date>(&b)) return order(x->days, y->days);
  }
  if (const auto* x = std::get_if<DateTime>(&a)) {
    if (const auto* y = std::get_if<DateTime>(&b)) return order(x->ms, y->ms);
  }
  if (const auto* x = std::get_if<TimeOfDay>(&a)) {
    if (const auto* y = std::get_if<TimeOfDay>(&b)) return order(x->ms, y->ms);
  }
  return std::nullopt;
}

std::optional<Value> sum(const FieldSchema& field, const Value& base, const Value& local, const Value& remote) {
  const auto* b = std::get_if<std::int64_t>(&base);
  const auto* l = std::get_if<std::int64_t>(&local);
  const auto* r = std::get_if<std::int64_t>(&remote);
  if (b && l && r) {
    std::int64_t difference = 0;
    std::int64_t total = 0;
    if (__builtin_sub_overflow(*l, *b, &difference) || __builtin_add_overflow(*r, difference, &total))
      return std::nullopt;
    return total;
  }
  const auto from = number_of(base);
  const auto ours = number_of(local);
  const auto theirs = number_of(remote);
  if (!from || !ours || !theirs) return std::nullopt;
  const double total = *theirs + (*ours - *from);
  if (!std::isfinite(total)) return std::nullopt;
  return canonical(field, total);
}

std::set<std::string> items_of(const FieldSchema& field, const Value& value) {
  std::set<std::string> items;
  const Value stored = canonical(field, value);
  const auto* text = std::get_if<std::string>(&stored);
  for (std::size_t from = 0; text && from <= text->size();) {
    const std::size_t end = std::min(text->find(';', from), text->size());
    items.insert(text->substr(from, end - from));
    from = end + 1;
  }
  return items;
}

/// A base that is not known removes nothing.
Value union_of(const FieldSchema& field, const Value& base, const Value& local, const Value& remote) {
  const std::set<std::string> before = items_of(field, base);
  const std::set<std::string> ours = items_of(field, local);
  const std::set<std::string> theirs = items_of(field, remote);
  std::set<std::string> all = ours;
  all.insert(theirs.begin(), theirs.end());
  std::erase_if(all, [&](const std::string& item) {
    return before.contains(item) && !(ours.contains(item) && theirs.contains(item));
  });
  std::string text;
  for (const std::string& item : all) text += (text.empty() ? "" : ";") + item;
  return canonical(field, text);
}

std::optional<Value> merged_text(const FieldSchema& field, const Value& base, const Value& local, const Value& remote) {
  auto text_of = [&](const Value& value) {
    const Value stored = canonical(field, value);
    const auto* text = std::get_if<std::string>(&stored);
    return text ? *text : std::string();
  };
  if (is_absent(base)) return std::nullopt;
  auto merged = merge_text(text_of(base), text_of(local), text_of(remote));
  if (!merged || (field.length > 0 && merged->size() > static_cast<std::size_t>(field.length))) return std::nullopt;
  return canonical(field, *merged);
}

}  // namespace

std::optional<Value> combine(ConflictPolicy policy, const FieldSchema& field, const Value& base, const Value& local,
                             const Value& remote) {
  switch (policy) {
    case ConflictPolicy::max:
    case ConflictPolicy::min: {
      const auto order = compare(local, remote);
      if (!order) return std::nullopt;
      return (*order >= 0) == (policy == ConflictPolicy::max) ? local : remote;
    }
    case ConflictPolicy::add:
      return sum(field, base, local, remote);
    case ConflictPolicy::union_of_both:
      return union_of(field, base, local, remote);
    case ConflictPolicy::text:
      return merged_text(field, base, local, remote);
    default:
      return std::nullopt;
  }
}

}  // namespace duet::rules
