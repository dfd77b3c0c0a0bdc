"""`kill -9` of duet serve every few seconds while both sides are edited: nothing is lost, duplicated or put back.

DUET_SEED replays a run's edits; DUET_KILL9_RECORDS and DUET_KILL9_EDITS make it smaller or larger."""

import os
import random
import time

import wait
from compare import same
from verdict import judge
from versions import watch
from workload import ACCOUNT, Workload
from world import World

RECORDS = int(os.environ.get("DUET_KILL9_RECORDS", 50_000))
EDITS = int(os.environ.get("DUET_KILL9_EDITS", 2_000))
PAUSE_SECONDS = 0.06
KILL_SECONDS = (1.0, 5.0)
DOWN_SECONDS = (0.0, 1.5)
# As slow as a real org, so that edits on both sides pass each other on the way.
ORG = {"event_delay_ms": 150, "commit_delay_ms": 30}
SETTLE_SECONDS = 180


def test_edits_on_both_sides():
    seed = int(os.environ.get("DUET_SEED", time.time_ns() % 1_000_000))
    print(f"       kill9: DUET_SEED={seed}, {RECORDS} records, {EDITS} edits", flush=True)
    luck = random.Random(seed)
    with World(keys=("Account",), org=ORG) as world:
        world.org.generate("Account", RECORDS, seed=seed)
        world.start(ACCOUNT)
        watch(world.db, "account")
        ids = sorted(world.org.living("Account", "Id".__eq__))
        work = Workload(world, ids, seed=seed, edits=EDITS, pause_seconds=PAUSE_SECONDS)
        started = time.monotonic()
        kills = 0
        work.start()
        while work.running():
            time.sleep(luck.uniform(*KILL_SECONDS))
            world.duet.kill9()
            time.sleep(luck.uniform(*DOWN_SECONDS))
            world.duet.start()
            kills += 1
        work.join()
        edited = time.monotonic() - started
        world.settle(SETTLE_SECONDS)
        same(world, "Account", seconds=30)
        settled = time.monotonic() - started - edited
        numbers = judge(world)
        print(f"       kill9: {kills} kills in {edited:.0f} s of edits, at rest {settled:.1f} s later; "
              + ", ".join(f"{value} {name}" for name, value in {**numbers, **work.counts}.items()), flush=True)
        if EDITS >= 2_000:
            assert kills >= 3 and numbers["values overwritten unseen"] > 0, "nothing was put to the test"
