#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace duet::scenarios {

/// One choice for each setting that a scenario names.
using Variant = std::map<std::string, std::string>;

struct Step {
  int line = 0;
  std::string text;
};

/// One file of this folder (README.md has the language).
struct Scenario {
  std::string title;
  std::string told;    ///< the file up to and with `---`
  std::string golden;  ///< what comes after
  std::vector<std::pair<std::string, std::vector<std::string>>> settings;
  std::vector<Step> steps;

  /// Every combination of the settings' choices, in their order.
  std::vector<Variant> variants() const;
  /// `policy=newest source=poll`, of the settings that have several choices.
  std::string name_of(const Variant& variant) const;
};

/// Throws std::runtime_error with the line when the text is not a scenario.
Scenario read_scenario(const std::filesystem::path& file);

/// Runs a scenario under all its variants: the text that the file should have after `---`. Throws std::runtime_error.
std::string play(const Scenario& scenario, bool trace);

}  // namespace duet::scenarios
