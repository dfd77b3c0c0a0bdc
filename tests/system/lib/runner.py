"""Runs the tests of suites, which are files test_SUITE.py beside each other, and says what passed."""

import contextlib
import importlib
import signal
import sys
import time
import traceback


def tests(suites):
    """(name, function) of every test, in the order of the files."""
    for suite in suites:
        module = importlib.import_module(f"test_{suite}")
        for name, member in vars(module).items():
            if name.startswith("test_") and callable(member) and member.__module__ == module.__name__:
                yield f"{suite}.{name.removeprefix('test_')}", member


def chosen(suites, names):
    everything = list(tests(suites))
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


def main(suites, names, shared=contextlib.nullcontext(), known_to_fail=()):
    """Runs the named tests, or all but those that are known to fail, which it names; the exit status. `shared` is what they have in common beside the cluster."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    from world import CLUSTERS
    selected = chosen(suites, names)
    if not names:
        for test in known_to_fail:
            print(f"OPEN   {test} is left out: it fails, and is to be mended", flush=True)
        selected = [(test, function) for test, function in selected if test not in known_to_fail]
    with CLUSTERS, shared:
        failed = [test for test, function in selected if not run(test, function)]
    if failed:
        print("failed: " + " ".join(failed))
    print(f"{len(selected) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0
