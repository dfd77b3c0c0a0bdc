#include "scenario.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "stage.h"

namespace duet::scenarios {
namespace {

constexpr const char* kDivider = "---";

std::string trim(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(trim(part));
  return parts;
}

bool is_setting(const std::string& name) {
  constexpr std::array kSettings{"policy", "delete", "source", "transport", "group", "N", "M", "T"};
  return std::ranges::find(kSettings, name) != kSettings.end();
}

}  // namespace

std::vector<Variant> Scenario::variants() const {
  std::vector<Variant> all{{}};
  for (const auto& [name, choices] : settings) {
    std::vector<Variant> more;
    for (const Variant& variant : all) {
      for (const std::string& choice : choices) {
        more.push_back(variant);
        more.back()[name] = choice;
      }
    }
    all = std::move(more);
  }
  return all;
}

std::string Scenario::name_of(const Variant& variant) const {
  std::string name;
  for (const auto& [setting, choices] : settings) {
    if (choices.size() > 1) name += fmt::format("{}{}={}", name.empty() ? "" : " ", setting, variant.at(setting));
  }
  return name;
}

Scenario read_scenario(const std::filesystem::path& file) {
  std::ifstream stream(file);
  Scenario scenario;
  bool golden = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (golden) {
      scenario.golden += line + "\n";
      continue;
    }
    scenario.told += line + "\n";
    golden = line == kDivider;
    if (golden || line.empty() || line.starts_with('#')) continue;
    if (scenario.title.empty()) {
      scenario.title = line;
      continue;
    }
    const auto colon = line.find(':');
    if (const std::string name = line.substr(0, colon); colon != std::string::npos && is_setting(name)) {
      if (!scenario.steps.empty()) throw std::runtime_error(fmt::format("line {}: a setting after a step", number));
      scenario.settings.emplace_back(name, split(line.substr(colon + 1), '|'));
    } else {
      for (const std::string& step : split(line, '|')) scenario.steps.push_back({number, step});
    }
  }
  if (!golden) throw std::runtime_error(fmt::format("{}: no line {}", file.string(), kDivider));
  if (scenario.steps.empty()) throw std::runtime_error(fmt::format("{}: no steps", file.string()));
  return scenario;
}

std::string play(const Scenario& scenario, bool trace) {
  std::string out;
  for (const Variant& variant : scenario.variants()) {
    Stage stage(variant, trace);
    for (const Step& step : scenario.steps) {
      try {
        stage.run(step.text);
      } catch (const std::exception& error) {
        throw std::runtime_error(fmt::format("line {}: {}: {}", step.line, step.text, error.what()));
      }
    }
    const std::string name = scenario.name_of(variant);
    out += fmt::format("{}{}", name.empty() ? "" : "== " + name + "\n", stage.outcome());
  }
  return out;
}

}  // namespace duet::scenarios
