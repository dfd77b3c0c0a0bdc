"""B9: how many API calls 10,000 changed rows cost: as one UPDATE, and one row after the other at a steady rate.

The org allows 100,000 calls in 24 h, as a small Enterprise Edition does. A trickle begins with one call per row; after some
hundred of them the budget lets rows go together. Both are figures: the first rows, and the pace that lasts.

Counted by the org itself, from before the first statement until all rows are processed and the org holds their values.
"""

import time

from orgsim import Orgsim
from outbound import CUSTOM_FIELDS, FIELDS, OBJECT, RATE
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe

ROWS = 10_000
DAILY_LIMIT = 100_000
FIRST_ROWS = 1_000
SETTLE_SECONDS = 120


def calls_of(orgsim):
    """What counts against the org's daily API limit: the calls of the Pub/Sub API do not."""
    return sum(count for kind, count in orgsim.status()["api_calls"].items() if not kind.startswith("pubsub_"))


def settle(orgsim, sql, number, rows):
    """Waits until the log is processed; the org must then hold the number in that many records."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while sql.rows("SELECT EXISTS (SELECT FROM salesforce._trigger_log WHERE state IN ('NEW', 'PENDING'))") != [["f"]]:
        if time.monotonic() > deadline:
            raise RuntimeError("the trigger log does not empty")
        time.sleep(0.1)
    held = orgsim.count(OBJECT, "Number__c", number)
    if held != rows:
        raise RuntimeError(f"{held} of {rows} rows are in the org")


def burst(orgsim, sql):
    before, began = calls_of(orgsim), time.monotonic()
    sql.rows("UPDATE salesforce.bench__c SET number__c = 1")
    settle(orgsim, sql, 1, ROWS)
    return calls_of(orgsim) - before, ROWS / (time.monotonic() - began)


def trickle(orgsim, sql, ids, number):
    before, began = calls_of(orgsim), time.monotonic()
    for index, record in enumerate(ids):
        wait = began + index / RATE - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sql.rows(f"UPDATE salesforce.bench__c SET number__c = {number} WHERE sfid = '{record}'")
    settle(orgsim, sql, number, len(ids))
    return (calls_of(orgsim) - before) * ROWS / len(ids)


def run(options):
    with Cluster() as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        orgsim.settings(keep_alive_ms=500, daily_api_limit=DAILY_LIMIT)
        orgsim.call("POST", "/orgsim/objects", {"name": OBJECT, "fields": CUSTOM_FIELDS})
        orgsim.generate(OBJECT, ROWS)
        duet.import_mapping({OBJECT: {"fields": FIELDS, "access": "read_write", "upsert": "Ext__c"}})
        duet.start()
        duet.wait_loaded()
        with SqlPipe(cluster.url) as sql:
            at_burst, rows_per_s = burst(orgsim, sql)
            ids = orgsim.ids(OBJECT, FIRST_ROWS + RATE * options.trickle_seconds)
            at_first = trickle(orgsim, sql, ids[:FIRST_ROWS], 2)
            at_trickle = trickle(orgsim, sql, ids[FIRST_ROWS:], 3)
    return {
        "calls_per_10k_rows_burst": at_burst,
        "calls_per_10k_rows_trickle": round(at_trickle),
        "calls_for_first_1000_rows": round(at_first * FIRST_ROWS / ROWS),
        "rows_per_s_burst": round(rows_per_s),
    }
