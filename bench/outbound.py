"""B7: how long a commit in PostgreSQL takes until the org has committed it, with the simulator at zero service time.

An application session updates one row after the other, each in a transaction of its own, at a steady rate. A latency begins
before the statement is sent (so its own time and its commit are counted) and ends with the commit time in the org's history
of the record. The org's clock is this machine's, cut to ms.
"""

import time

from orgsim import Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe
from stats import percentile

OBJECT = "Bench__c"
RATE = 100
SLOW_RATE = 10
SETTLE_SECONDS = 60
FIELDS = ["Id", "IsDeleted", "Name", "CreatedDate", "SystemModstamp", "Number__c", "Ext__c"]
CUSTOM_FIELDS = [{"name": "Number__c", "type": "double", "precision": 18, "scale": 0},
                 {"name": "Ext__c", "type": "string", "length": 36, "externalId": True, "unique": True}]


def write(sql, ids, first_number, rate):
    """Updates each row once: {id: (number, wall time in ms before the statement)}."""
    sent = {}
    began = time.monotonic()
    for index, record in enumerate(ids):
        wait = began + index / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        number = first_number + index
        sent[record] = (number, time.time() * 1000)
        sql.rows(f"UPDATE salesforce.bench__c SET number__c = {number} WHERE sfid = '{record}'")
    return sent


def arrival(orgsim, connection, record, number):
    """Commit time of the version that set the number, or None."""
    for version in orgsim.call("GET", f"/orgsim/history/{OBJECT}/{record}", connection=connection):
        if version["fields"].get("Number__c", {}).get("new") == number:
            return version["commitTimestamp"]
    return None


def latencies(orgsim, sql, ids, first_number, rate):
    sent = write(sql, ids, first_number, rate)
    connection = orgsim.connect()
    deadline = time.monotonic() + SETTLE_SECONDS
    found = []
    for record, (number, began) in sent.items():
        while (committed := arrival(orgsim, connection, record, number)) is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(sent) - len(found)} of {len(sent)} writes did not reach the org")
            time.sleep(0.05)
        found.append(committed - began)
    connection.close()
    return found


def run(options):
    fast = RATE * options.seconds
    slow = SLOW_RATE * options.seconds
    with Cluster() as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        orgsim.settings(keep_alive_ms=500, daily_api_limit=10_000_000)
        orgsim.call("POST", "/orgsim/objects", {"name": OBJECT, "fields": CUSTOM_FIELDS})
        orgsim.generate(OBJECT, fast + 2 * slow)
        duet.import_mapping({OBJECT: {"fields": FIELDS, "access": "read_write", "upsert": "Ext__c"}})
        duet.start()
        duet.wait_loaded()
        ids = orgsim.ids(OBJECT, fast + 2 * slow)
        calls = sum(orgsim.status()["api_calls"].values())
        with SqlPipe(cluster.url) as sql:
            latencies(orgsim, sql, ids[:slow], 1, SLOW_RATE * 5)  # warm up
            at_slow = latencies(orgsim, sql, ids[slow:2 * slow], 100_000, SLOW_RATE)
            at_fast = latencies(orgsim, sql, ids[2 * slow:], 200_000, RATE)
        calls = sum(orgsim.status()["api_calls"].values()) - calls
        rss = duet.program.peak_rss_mb()
    return {
        "writes": len(at_fast),
        "writes_per_s": RATE,
        "p50_ms": round(percentile(at_fast, 50), 2),
        "p99_ms": round(percentile(at_fast, 99), 2),
        "max_ms": round(max(at_fast), 2),
        "p50_ms_at_10": round(percentile(at_slow, 50), 2),
        "p99_ms_at_10": round(percentile(at_slow, 99), 2),
        "api_calls_per_100_writes": round(calls / (len(at_fast) + 2 * len(at_slow)) * 100, 1),
        "peak_rss_mb": round(rss, 1),
    }
