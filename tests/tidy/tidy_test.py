#!/usr/bin/env python3
"""Small bad trees must be found out, and small good ones left alone: a rule that finds nothing proves nothing."""

import tempfile
import unittest
from pathlib import Path

import tidy
from layers import ARROWS, reachable

HEADER = "#pragma once\n"
TAB = "\t"
MARK = "TO" + "DO"


def findings(files: dict[str, str]) -> list[tuple[str, int, str]]:
    """(file, line, rule) of each finding in a tree of `files`."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return [(finding.file, finding.line, finding.rule) for finding in tidy.check(Path(folder))]


class RuleTest(unittest.TestCase):
    def bad(self, rule: str, path: str, text: str, line: int = 1, beside: dict[str, str] | None = None) -> None:
        self.assertEqual(findings({path: text} | (beside or {})), [(path, line, rule)])

    def good(self, files: dict[str, str]) -> None:
        self.assertEqual(findings(files), [])


class IncludeArrows(RuleTest):
    def test_up_is_allowed_through_several_steps(self) -> None:
        self.good({"src/engine/a.h": HEADER + '#include "model/value.h"\n#include "base/result.h"\n'})

    def test_down_is_found(self) -> None:
        self.bad("include-arrows", "src/rules/a.h", HEADER + '#include "engine/worker.h"\n', 2)

    def test_sideways_is_found(self) -> None:
        self.bad("include-arrows", "src/salesforce/a.h", HEADER + '#include "postgres/store.h"\n', 2)
        self.bad("include-arrows", "src/codec/a.h", HEADER + '#include "rules/merge.h"\n', 2)

    def test_unit_tests_obey_too(self) -> None:
        self.bad("include-arrows", "src/rules/a_test.cpp", '#include "postgres/store.h"\n')

    def test_the_long_spelling_is_found(self) -> None:
        self.bad("include-arrows", "src/model/a.h", HEADER + '#include "src/codec/csv.h"\n', 2)

    def test_links_are_checked(self) -> None:
        self.bad("include-arrows", "src/model/CMakeLists.txt", "duet_library(duet_model DEPS duet_engine)\n")
        self.good({"src/model/CMakeLists.txt": "duet_library(duet_model DEPS duet_base)\n"})

    def test_an_unknown_folder_is_found(self) -> None:
        self.bad("include-arrows", "src/utils/a.h", HEADER)

    def test_the_two_sides_of_the_world_are_apart(self) -> None:
        self.assertNotIn("postgres", reachable("salesforce"))
        self.assertNotIn("salesforce", reachable("postgres"))
        self.assertEqual(reachable("cli"), set(ARROWS))


class SimulatorApart(RuleTest):
    def test_orgsim_including_src_is_found(self) -> None:
        self.bad("simulator-apart", "orgsim/core/a.h", HEADER + '#include "model/value.h"\n', 2)

    def test_src_including_orgsim_is_found(self) -> None:
        self.bad("simulator-apart", "src/engine/a.h", HEADER + '#include "orgsim/core/org.h"\n', 2)

    def test_a_test_including_both_is_found(self) -> None:
        self.bad("simulator-apart", "tests/system/a.cpp", '#include "orgsim/core/org.h"\n#include "model/value.h"\n')

    def test_the_adapter_may(self) -> None:
        both = '#include "orgsim/core/org.h"\n#include "model/value.h"\n'
        self.good({"tests/simulation/org_adapter.cpp": both, "tests/simulation/org_adapter.h": HEADER + both})


class PureCore(RuleTest):
    def test_threads_clocks_files_and_sockets_are_found(self) -> None:
        for header in ("thread", "mutex", "random", "fstream", "filesystem", "sys/socket.h"):
            with self.subTest(header):
                self.bad("pure-core", "src/rules/a.h", f"{HEADER}#include <{header}>\n", 2)

    def test_a_clock_read_is_found(self) -> None:
        self.bad("pure-core", "src/model/a.h", HEADER + "auto now() { return std::chrono::system_clock::now(); }\n", 2)

    def test_words_in_comments_and_literals_are_not(self) -> None:
        self.good({"src/model/a.h": HEADER + '// not system_clock\ninline auto kName = "steady_clock";\n'})

    def test_the_engine_may_have_threads_but_no_files(self) -> None:
        self.good({"src/engine/a.h": HEADER + "#include <mutex>\n"})
        self.bad("pure-core", "src/engine/a.h", HEADER + "#include <fstream>\n", 2)

    def test_unit_tests_may_draw_random_values(self) -> None:
        self.good({"src/rules/a_test.cpp": "#include <random>\n"})

    def test_the_base_may_read_the_clock(self) -> None:
        self.good({"src/base/clock.h": HEADER + "#include <thread>\nusing Clock = std::chrono::steady_clock;\n"})


class ThirdPartyConfined(RuleTest):
    def test_the_wrong_folder_is_found(self) -> None:
        self.bad("third-party-confined", "src/engine/a.h", HEADER + "#include <libpq-fe.h>\n", 2)
        self.bad("third-party-confined", "src/postgres/a.h", HEADER + "#include <curl/curl.h>\n", 2)

    def test_the_right_folder_is_not(self) -> None:
        self.good({"src/postgres/a.h": HEADER + "#include <libpq-fe.h>\n"})

    def test_too_many_files_are_found(self) -> None:
        files = {f"src/runtime/{name}.h": HEADER + "#include <toml++/toml.h>\n" for name in "ab"}
        self.assertEqual(findings(files), [("src/runtime/b.h", 2, "third-party-confined")])

    def test_an_unknown_library_is_found(self) -> None:
        self.bad("third-party-confined", "src/base/a.h", HEADER + "#include <boost/asio.hpp>\n", 2)

    def test_gtest_stays_in_tests(self) -> None:
        self.bad("third-party-confined", "src/base/a.h", HEADER + "#include <gtest/gtest.h>\n", 2)
        self.good({"src/base/a_test.cpp": "#include <gtest/gtest.h>\n"})
        self.good({"orgsim/core/org_test_base.h": HEADER + "#include <gtest/gtest.h>\n"})


class Sources(RuleTest):
    def test_a_folder_without_tests_is_found(self) -> None:
        self.bad("tests-beside", "src/base/a.cpp", "int a;\n")
        self.good({"src/base/a.cpp": "int a;\n", "src/base/a_test.cpp": "int b;\n"})

    def test_a_header_without_pragma_once_is_found(self) -> None:
        self.bad("pragma-once", "src/base/a.h", "// What it is.\n#ifndef A\n", 2)
        self.good({"src/base/a.h": "// What it is.\n\n#pragma once\n"})

    def test_a_long_file_is_found_and_long_data_is_not(self) -> None:
        self.bad("file-length", "bench/a.py", "a = 1\n" * 601, 601)
        self.good({"bench/a.py": "a = 1\n" * 600, "bench/data/a.sql": "select 1;\n" * 601, "docs/a.md": "a\n" * 601})

    def test_marks_are_found(self) -> None:
        self.bad("banned-words", "sql/a.sql", f"-- {MARK} later\n")
        self.good({"sql/a.sql": "-- mkdtemp wants duetXXXXXX\n"})

    def test_machine_paths_are_found(self) -> None:
        self.bad("machine-paths", "bench/a.py", "open('/" + "work/x')\n")
        self.bad("machine-paths", "bench/a.py", "open('/tmp/" + "build/x')\n")
        self.good({"bench/a.py": "url = base + 'x/" + "work/y'\n"})

    def test_white_space_is_found(self) -> None:
        self.bad("whitespace", "sql/a.sql", "select 1; \n")
        self.bad("whitespace", "sql/a.sql", f"select{TAB}1;\n")
        self.bad("whitespace", "sql/a.sql", "select 1;\r\n")
        self.bad("whitespace", "sql/a.sql", "select 1;")


class Documents(RuleTest):
    DEV = {"dev": "cmd_test() { :; }\nsuite_unit() { :; }\n"}

    def test_commands_that_do_not_exist_are_found(self) -> None:
        self.bad("dev-commands", "README.md", "Run\n`./dev dance`.\n", 2, self.DEV)
        self.bad("dev-commands", "README.md", "Run `./dev test everything`.\n", 1, self.DEV)
        self.good({"README.md": "Run `./dev test unit -R x` or ./dev test.\n"} | self.DEV)

    def test_links_that_lead_nowhere_are_found(self) -> None:
        self.bad("doc-links", "docs/a.md", "see [b](b.md)\n")
        self.bad("doc-links", "docs/a.md", "see [b](b.md#two)\n", 1, {"docs/b.md": "# One\n"})
        self.good({"docs/a.md": "# A `b`, c\n[b](b.md#one-1) [web](https://example.com) [me](#a-b-c)\n", "docs/b.md": "# One 1\n"})

    def test_named_files_that_do_not_exist_are_found(self) -> None:
        self.bad("doc-links", "README.md", "Read `src/base/result.h`.\n")
        self.good({"README.md": "Read `src/base/result.h`.\n", "src/base/result.h": HEADER})


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    broken = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - broken} passed, {broken} failed")
    raise SystemExit(0 if result.wasSuccessful() else 1)
