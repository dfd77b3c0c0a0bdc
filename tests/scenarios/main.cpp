#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scenario.h"

namespace duet::scenarios {
namespace {

const std::filesystem::path kFolder = DUET_SCENARIOS;

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::filesystem::path& file = entry.path();
    if (file.extension() == ".txt" && file.filename() != "CMakeLists.txt") names.push_back(file.stem().string());
  }
  std::ranges::sort(names);
  return names;
}

std::filesystem::path file_of(const std::string& name) { return kFolder / (name + ".txt"); }

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, EndsAsItSays) {
  const Scenario scenario = read_scenario(file_of(GetParam()));
  EXPECT_EQ(scenario.golden, play(scenario, false)) << scenario.title << "\n" << file_of(GetParam()).string();
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTest, ::testing::ValuesIn(names()), [](const auto& test) { return test.param; });

TEST(Scenarios, AreThere) { EXPECT_FALSE(names().empty()) << "no *.txt in " << kFolder; }

TEST(Scenarios, SameTextSameOutcome) {
  for (const std::string& name : names()) {
    const Scenario scenario = read_scenario(file_of(name));
    EXPECT_EQ(play(scenario, false), play(scenario, false)) << name;
  }
}

int update() {
  for (const std::string& name : names()) {
    const Scenario scenario = read_scenario(file_of(name));
    const std::string outcome = play(scenario, false);
    if (outcome == scenario.golden) continue;
    std::ofstream(file_of(name)) << scenario.told << outcome;
    fmt::print("{} is new: read what changed before you keep it\n", name);
  }
  return 0;
}

}  // namespace
}  // namespace duet::scenarios

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const std::string_view option = argc > 1 ? argv[1] : "";
  try {
    if (option == "--update" && argc == 2) return duet::scenarios::update();
    if (option == "--trace" && argc == 3) {
      fmt::print("{}", duet::scenarios::play(duet::scenarios::read_scenario(duet::scenarios::file_of(argv[2])), true));
      return 0;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  if (argc > 1) {
    fmt::print(stderr, "usage: duet_scenarios [--update | --trace NAME], or GoogleTest's options\n");
    return 2;
  }
  return RUN_ALL_TESTS();
}
