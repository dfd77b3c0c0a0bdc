#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duet::salesforce {

/// Joins the pages of a Bulk query's result: leaves out the header row of every page but the first, and what a page
/// that is read again after a broken connection has already given. One thread.
class PageCutter {
 public:
  /// A page that is new.
  void begin_page();
  /// The same page again, from its first byte.
  void repeat_page();

  /// What of the page's next bytes is new; may be empty. Nothing more may be read when mismatch() is true afterwards.
  std::string_view cut(std::string_view bytes);

  /// The repeated page is not the one that broke: the bytes before the break differ.
  bool mismatch() const { return mismatch_; }

 private:
  static constexpr std::size_t kTail = 64;

  void compare_with_tail(std::string_view bytes);

  bool first_page_ = true;
  bool in_header_ = false;
  std::uint64_t offset_ = 0;  ///< bytes of this reading of the page
  std::uint64_t given_ = 0;   ///< bytes of the page that earlier readings gave
  std::string tail_;          ///< the last bytes before given_
  bool mismatch_ = false;
};

}  // namespace duet::salesforce
