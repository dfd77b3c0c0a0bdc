#include "rules/text_merge.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace duet::rules {
namespace {

using Lines = std::vector<std::string_view>;
using Slice = std::span<const std::string_view>;

constexpr std::size_t kMaxDifferences = 500;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

Lines split(std::string_view text) {
  Lines lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

/// Follows the shortest edit script back (Myers' greedy algorithm) and notes the lines that it keeps.
void trace_back(const std::vector<std::vector<std::ptrdiff_t>>& furthest, std::ptrdiff_t x, std::ptrdiff_t y,
                std::size_t offset, std::vector<std::size_t>& match) {
  const auto middle = static_cast<std::ptrdiff_t>(kMaxDifferences) + 1;
  for (std::size_t d = furthest.size(); d-- > 0;) {
    const auto& v = furthest[d];
    const auto depth = static_cast<std::ptrdiff_t>(d);
    const std::ptrdiff_t k = x - y;
    auto at = [&](std::ptrdiff_t diagonal) { return v[static_cast<std::size_t>(diagonal + middle)]; };
    const bool down = k == -depth || (k != depth && at(k - 1) < at(k + 1));
    const std::ptrdiff_t before_k = down ? k + 1 : k - 1;
    const std::ptrdiff_t before_x = d == 0 ? 0 : at(before_k);
    const std::ptrdiff_t before_y = d == 0 ? 0 : before_x - before_k;
    while (x > before_x && y > before_y) {
      --x;
      --y;
      match[offset + static_cast<std::size_t>(x)] = offset + static_cast<std::size_t>(y);
    }
    x = before_x;
    y = before_y;
  }
}

/// For each line of `base` the line of `side` that it became, or kNone.
std::vector<std::size_t> matches(const Lines& base, const Lines& side) {
  std::vector<std::size_t> match(base.size(), kNone);
  std::size_t head = 0;
  while (head < base.size() && head < side.size() && base[head] == side[head]) {
    match[head] = head;
    ++head;
  }
  std::size_t tail = 0;
  while (tail < base.size() - head && tail < side.size() - head &&
         base[base.size() - 1 - tail] == side[side.size() - 1 - tail]) {
    match[base.size() - 1 - tail] = side.size() - 1 - tail;
    ++tail;
  }
  const Slice a = Slice(base).subspan(head, base.size() - head - tail);
  const Slice b = Slice(side).subspan(head, side.size() - head - tail);
  if (a.empty() || b.empty()) return match;

  const auto n = static_cast<std::ptrdiff_t>(a.size());
  const auto m = static_cast<std::ptrdiff_t>(b.size());
  const auto middle = static_cast<std::ptrdiff_t>(kMaxDifferences) + 1;
  std::vector<std::ptrdiff_t> v(2 * kMaxDifferences + 3, 0);
  std::vector<std::vector<std::ptrdiff_t>> furthest;
  for (std::ptrdiff_t d = 0; d <= static_cast<std::ptrdiff_t>(kMaxDifferences); ++d) {
    furthest.push_back(v);
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      auto at = [&](std::ptrdiff_t diagonal) -> std::ptrdiff_t& {
        return v[static_cast<std::size_t>(diagonal + middle)];
      };
      std::ptrdiff_t x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      std::ptrdiff_t y = x - k;
      while (x < n && y < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(y)]) {
        ++x;
        ++y;
      }
      at(k) = x;
      if (x >= n && y >= m) {
        trace_back(furthest, n, m, head, match);
        return match;
      }
    }
  }
  return match;
}

bool same(Slice a, Slice b) { return std::ranges::equal(a, b); }

}  // namespace

std::optional<std::string> merge_text(std::string_view base, std::string_view ours, std::string_view theirs) {
  const Lines b = split(base);
  const Lines o = split(ours);
  const Lines t = split(theirs);
  const std::vector<std::size_t> in_ours = matches(b, o);
  const std::vector<std::size_t> in_theirs = matches(b, t);

  Lines out;
  std::size_t from_b = 0;
  std::size_t from_o = 0;
  std::size_t from_t = 0;
  auto add = [&](Slice lines) { out.insert(out.end(), lines.begin(), lines.end()); };
  // Between two lines that both sides kept stands what one of them may have changed.
  for (std::size_t i = 0; i <= b.size(); ++i) {
    const bool end = i == b.size();
    if (!end && (in_ours[i] == kNone || in_theirs[i] == kNone)) continue;
    const std::size_t to_o = end ? o.size() : in_ours[i];
    const std::size_t to_t = end ? t.size() : in_theirs[i];
    const Slice was = Slice(b).subspan(from_b, i - from_b);
    const Slice mine = Slice(o).subspan(from_o, to_o - from_o);
    const Slice others = Slice(t).subspan(from_t, to_t - from_t);
    if (same(mine, was) || same(mine, others)) {
      add(others);
    } else if (same(others, was)) {
      add(mine);
    } else {
      return std::nullopt;
    }
    if (!end) out.push_back(b[i]);
    from_b = i + 1;
    from_o = to_o + 1;
    from_t = to_t + 1;
  }
  std::string text;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0) text += '\n';
    text += out[i];
  }
  return text;
}

}  // namespace duet::rules
