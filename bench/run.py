#!/usr/bin/env python3
"""Runs benchmarks: `bench/run.py B1 B5 B7 B8 B9 B11`, or by name `load inbound outbound throughput api_calls writer_tax mass_update orgsim`;
without a name all of them but mass_update, which takes 15 minutes.

Each prints a table for people; with --json the last line for each is {"bench":"B1","figures":{…}} on standard output and
everything else goes to standard error. Exit status 1 when a benchmark could not be run.
"""

import argparse
import json
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "lib"))

import api_calls  # noqa: E402
import inbound  # noqa: E402
import load  # noqa: E402
import mass_update  # noqa: E402
import orgsim_speed  # noqa: E402
import outbound  # noqa: E402
import throughput  # noqa: E402
import writer_tax  # noqa: E402

BENCHES = {"B1": ("load", load), "B5": ("inbound", inbound), "B7": ("outbound", outbound), "B8": ("throughput", throughput),
           "B9": ("api_calls", api_calls), "B11": ("writer_tax", writer_tax), "MASS": ("mass_update", mass_update),
           "ORGSIM": ("orgsim", orgsim_speed)}
NAMES = {name: key for key, (name, _) in BENCHES.items()}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="*", help=f"{', '.join(BENCHES)}, or {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="figures as one JSON line for each benchmark")
    parser.add_argument("--rows", type=int, default=1_000_000, help="B1, mass_update: rows (default 1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="B1, B11: rounds in which all take turns; medians count (default 3)")
    parser.add_argument("--seconds", type=int, default=10, help="B5, B7, B11, orgsim: how long each rate is held (default 10)")
    parser.add_argument("--drain", type=int, default=120, help="mass_update: seconds to watch after the commit (default 120)")
    parser.add_argument("--update-rows", type=int, default=60_000, help="B8: rows of the UPDATE (default 60,000)")
    parser.add_argument("--trickle-seconds", type=int, default=60, help="B9: how long the trickle is measured (default 60)")
    parser.add_argument("--rate", type=int, default=1_000, help="B5: events a second (default 1,000)")
    options = parser.parse_args()
    options.bench = [NAMES.get(name, name.upper()) for name in options.bench] or [name for name in BENCHES if name != "MASS"]
    for name in options.bench:
        if name not in BENCHES:
            parser.error(f"no benchmark is called {name}")
    if min(options.rows, options.update_rows, options.rounds, options.seconds, options.rate) < 1:
        parser.error("numbers must be positive")
    return options


def main():
    options = parse_arguments()
    report = sys.stderr if options.json else sys.stdout
    options.say = lambda text: print(f"  {text}", file=report, flush=True)
    failed = False
    for key in options.bench:
        name, bench = BENCHES[key]
        print(f"{key} {name}", file=report, flush=True)
        try:
            figures = bench.run(options)
        except (RuntimeError, OSError) as error:
            print(f"  could not be run: {error}", file=sys.stderr)
            failed = True
            continue
        for figure, value in figures.items():
            options.say(f"{figure:24} {value:>14,}")
        if options.json:
            print(json.dumps({"bench": key, "figures": figures}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
