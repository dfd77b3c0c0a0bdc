#!/usr/bin/env python3
"""The system tests: the real duet, a real PostgreSQL and duet-orgsim. `run.py [NAME…]`, where a NAME is a suite or suite.test.

Judged by the org's own history and by what a session of the database sees, never by Duet's word."""

import importlib
import os
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib"), os.path.join(HERE, "..", "..", "bench", "lib")]

SUITES = ["checker", "load", "inbound", "outbound", "conflicts", "objects", "doctor", "refusals", "held", "ordered", "parents", "faults", "guards", "storm", "kill9"]


def tests():
    """(name, function) of every test, in the order of the files."""
    for suite in SUITES:
        module = importlib.import_module(f"test_{suite}")
        for name, member in vars(module).items():
            if name.startswith("test_") and callable(member) and member.__module__ == module.__name__:
                yield f"{suite}.{name.removeprefix('test_')}", member


def chosen(names):
    everything = list(tests())
    if not names:
        return everything
    unknown = [name for name in names if not any(name in (test, test.split(".")[0]) for test, _ in everything)]
    if unknown:
        known = "\n  ".join(test for test, _ in everything)
        sys.exit(f"no such test: {', '.join(unknown)}; there are\n  {known}")
    return [(test, function) for test, function in everything if test in names or test.split(".")[0] in names]


def run(test, function):
    started = time.monotonic()
    try:
        function()
    except KeyboardInterrupt:
        raise
    except BaseException:
        print(f"FAILED {test} ({time.monotonic() - started:.1f} s)\n{traceback.format_exc()}", flush=True)
        return False
    print(f"ok     {test} ({time.monotonic() - started:.1f} s)", flush=True)
    return True


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    from world import CLUSTERS
    selected = chosen(sys.argv[1:])
    with CLUSTERS:
        failed = [test for test, function in selected if not run(test, function)]
    if failed:
        print("failed: " + " ".join(failed))
    print(f"{len(selected) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
