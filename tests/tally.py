"""Counts what a ctest run left in a results folder: `N passed, N failed`, in test cases, not programs.

A GoogleTest program leaves NAME.json (GTEST_OUTPUT=json:); any other test, or one that crashed before it could, counts as one.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree


def tally(folder: Path) -> tuple[int, int]:
    """Returns (passed, failed) of the run whose ctest.xml and NAME.json files lie in `folder`."""
    passed = failed = 0
    for case in ElementTree.parse(folder / "ctest.xml").iter("testcase"):
        if case.get("status") == "disabled":
            continue
        ok = case.get("status") == "run"
        report = folder / (case.get("name", "") + ".json")
        counts = json.loads(report.read_text()) if report.exists() else {"tests": 1, "failures": 0 if ok else 1}
        failures = counts["failures"] + counts.get("errors", 0)
        passed += counts["tests"] - counts.get("disabled", 0) - failures
        failed += failures if ok or failures else 1
    return passed, failed


if __name__ == "__main__":
    print("%d passed, %d failed" % tally(Path(sys.argv[1])))
