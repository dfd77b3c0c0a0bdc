#!/usr/bin/env python3
"""The browser tests: Chromium on the dashboard of a real `duet serve`, with a real PostgreSQL and duet-orgsim behind it.
`run.py [NAME…]`, where a NAME is a suite or suite.test. Judged by the page, and by what both sides hold afterwards.

DUET_SHOTS=FOLDER keeps the screenshots of suite `screens` there (docs/images is where the documents look for them)."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = os.path.join(HERE, "..", "system")
sys.path[:0] = [HERE, os.path.join(HERE, "lib"), SYSTEM, os.path.join(SYSTEM, "lib"), os.path.join(HERE, "..", "..", "bench", "lib"),
                os.path.join(HERE, "..", "compat", "lib"), os.path.join(HERE, "..", "..", "demo")]

PLAYWRIGHT = "playwright==1.65.2"
SUITES = ["frame", "access", "decisions", "bulk", "hostile", "accessible", "screens"]


def with_playwright():
    """Runs this file again with the Python that has Playwright, which is installed once."""
    import packages
    folder = packages.install("ui-pypi", [PLAYWRIGHT], packages.pip_install, sys.stderr)
    python = os.path.join(folder, "bin", "python")
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


if __name__ == "__main__":
    with_playwright()
    import runner
    from browser import CHROMIUM
    sys.exit(runner.main(SUITES, sys.argv[1:], CHROMIUM))
