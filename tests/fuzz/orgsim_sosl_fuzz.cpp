// Any bytes as a search: MALFORMED_SEARCH, or terms that can be looked for.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "orgsim/server/sosl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orgsim;
  const Outcome<Search> search = parse_sosl({reinterpret_cast<const char*>(data), size});
  if (!search) {
    if (search.error().code != "MALFORMED_SEARCH") std::abort();
    return 0;
  }
  for (const auto& group : search->groups) {
    if (group.empty()) std::abort();
    for (const std::string& term : group) (void)matches_term("acme corporation of 2026", term);
  }
  return 0;
}
