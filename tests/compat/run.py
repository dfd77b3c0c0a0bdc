#!/usr/bin/env python3
"""Other people's Salesforce clients, unmodified, against duet-orgsim: `run.py [--json] [CLIENT…]`.

To add a client, add one file: clients/NAME.js (Node 22) or clients/NAME.py. Comment lines in it say what it needs:

    compat: npm jsforce@3.10.26              packages at pinned versions; also on PATH when they bring programs
    compat: pypi simple-salesforce==1.12.9   the file then runs in a virtual environment that has them
    compat: orgsim --http 127.0.0.1:0        arguments of its duet-orgsim; without this line every listener
    compat: seconds 300                      how long all its cases may take; 300 when it does not say

The file gets an org of its own and runs its cases with lib/compat.js or lib/compat.py, which speak the protocol: one JSON
object a line on standard output, first {"cases":[names]}, then for each {"case":name,"ok":bool,"reason":text}. A case that
was announced and never told of has failed. What else the file prints is shown. Its environment: ORGSIM is the ready line of
the simulator, COMPAT_CONTROL the address of /orgsim/ (never behind a proxy), HOME and the working directory an empty folder.

Packages are kept in build/compat and installed again when the file names others. Prints a table client x case; the last line is
"N passed, M failed", and the exit status 1 when one failed."""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "..", "bench", "lib")]

from client import Client, clients  # noqa: E402


def short(reason):
    """What went wrong, without the stack and in one line."""
    told = [line.strip() for line in reason.split("\n") if line.strip() and not line.startswith(("    at ", "  File "))]
    return " | ".join(told)[:300]


def print_table(results):
    width = max((len(result["case"]) for result in results), default=0)
    client_width = max((len(result["client"]) for result in results), default=0)
    print()
    for result in results:
        verdict = "pass" if result["ok"] else "FAIL"
        reason = "" if result["ok"] else "  " + short(result["reason"])
        print(f"{result['client']:<{client_width}}  {result['case']:<{width}}  {verdict}{reason}")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true", help="the results as one line of JSON on standard output")
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="one or more of: " + " ".join(clients()))
    options = parser.parse_args()
    if unknown := [name for name in options.clients if name not in clients()]:
        parser.error(f"no such client: {' '.join(unknown)}; there are {' '.join(clients())}")
    log = sys.stderr if options.json else sys.stdout
    results = []
    for name in options.clients or clients():
        print(f"== {name}", file=log, flush=True)
        results += Client(name, log).run()
    failed = sum(not result["ok"] for result in results)
    if options.json:
        print(json.dumps({"passed": len(results) - failed, "failed": failed, "cases": results}))
    else:
        print_table(results)
        print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
