#!/usr/bin/env python3
"""`demo.py [--once]`: a private PostgreSQL, a simulated org and duet between them: a guided tour on the terminal.

Stays up until Ctrl-C; with --once it ends after the tour, with status 0 only if every step held."""

import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests", "system", "lib"), os.path.join(HERE, "..", "bench", "lib")]

from stage import KEEP_ALIVE_MS, Stage  # noqa: E402
from terminal import Stopwatch, Terminal, duration  # noqa: E402
from tour import Tour  # noqa: E402


def welcome(out):
    out.heading("Duet: Salesforce objects and PostgreSQL tables, the same, both ways")
    out.say("Everything here is on this machine and temporary: a private PostgreSQL in a temporary folder, duet-orgsim, which speaks "
            "Salesforce's APIs, and duet between them. Each step is done for real and then looked up on both sides.")
    out.say(f"One thing is set for the demo: an org whose change stream is silent says where it is only every 270 s, and a load waits for "
            f"that once; this org says it every {KEEP_ALIVE_MS / 1000:.0f} s.")


def addresses(out, stage):
    duet = os.path.relpath(stage.duet.program_path)
    out.heading("It stays up: try it yourself")
    out.pairs([
        ("database", f'psql "{stage.cluster.url}"'),
        ("org", stage.org.http_url),
        ("duet's API", f"http://127.0.0.1:{stage.duet.port}/api/v1/status"),
        ("its token", stage.duet.token_file),
        ("configuration", stage.duet.config),
        ("mapping file", stage.mapping),
    ])
    out.say()
    out.say("Change a row, and look at the record; or the other way round:")
    account = stage.db.row("SELECT sfid FROM salesforce.account ORDER BY id LIMIT 1")["sfid"]
    out.command(f'''psql "{stage.cluster.url}" -c "UPDATE salesforce.account SET phone = '123' WHERE sfid = '{account}'"''')
    out.command(f"curl -s {stage.org.http_url}/services/data/v62.0/sobjects/Account/{account} "
                f"-H 'Authorization: Bearer {stage.org.ready['access_token']}'")
    out.command(f"curl -s {stage.org.http_url}/orgsim/records/Account -d '{{\"records\":[{{\"Id\":\"{account}\",\"Phone\":\"456\"}}]}}'")
    out.say("Ask duet:")
    out.command(f"{duet} --config {stage.duet.config} status")
    out.command(f"{duet} --config {stage.duet.config} journal")
    out.command(f"curl -s http://127.0.0.1:{stage.duet.port}/api/v1/status -H \"Authorization: Bearer $(cat {stage.duet.token_file})\"")
    out.say()
    out.say("Ctrl-C ends it and removes everything.")


def wait_for_ctrl_c(stage):
    """Until a signal; raises when duet ends by itself."""
    while not signal.sigtimedwait({signal.SIGINT, signal.SIGTERM}, 1):
        stage.duet.program.check()


def run(out, once):
    welcome(out)
    with Stopwatch() as watch:
        stage = Stage().__enter__()
    try:
        records = ", ".join(f"{count} {name}" for name, count in stage.counts.items())
        out.held(f"PostgreSQL and the org are up; the org has {records}", watch.seconds)
        with Stopwatch() as watch:
            tour = Tour(stage, out)
            for step in tour.steps():
                step()
        out.heading(f"Every step held. The tour took {duration(watch.seconds)}.")
        if not once:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
            addresses(out, stage)
            wait_for_ctrl_c(stage)
            print("\nEnding.", flush=True)
    except (AssertionError, RuntimeError) as reason:
        out.failed(str(reason))
        if stage.duet.log:
            out.say("The last lines of duet serve:", indent=2)
            out.verbatim("\n".join(stage.duet.log[-20:]))
        return 1
    finally:
        stage.__exit__(None, None, None)
    return 0


def main():
    parser = argparse.ArgumentParser(description="A guided tour of Duet on a simulated org.")
    parser.add_argument("--once", action="store_true", help="end after the tour; status 0 only if every step held")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return run(Terminal(), options.once)
    except KeyboardInterrupt:
        print("\nEnded before the tour was over.", file=sys.stderr)
        return 1
    except (OSError, RuntimeError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
