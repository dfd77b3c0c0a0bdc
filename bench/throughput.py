"""B8: rows a second of one large UPDATE, until the org holds all of it.

(a) The org takes no time. The floor is the same change as one Bulk 2.0 job of a client that does nothing else: it writes the CSV
from memory and waits for the job's end.
(b) A record takes the org's automation 15 ms, so that a transaction of 200 takes 3 s (10,000 rows in 150 s, as heroku/roadmap#295 reports), holds the locks of its
parents meanwhile, and transactions run side by side. The serial model of Heroku Connect is arithmetic: 10,000 rows in 150 s.

A child's master is locked by every write of the child; children lie in the order of their numbers, masters in turn, so that
neighbours never share one.
"""

import time

from orgsim import API, Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe

PARENT, CHILD = "Order__c", "Line__c"
PARENTS = 500
SERVICE_MS = 3_000
SERIAL_ROWS_PER_S = 10_000 / 150
SETTLE_SECONDS = 600
FIELDS = ["Id", "IsDeleted", "Name", "CreatedDate", "SystemModstamp", "Number__c", "Ext__c", "Order__c"]
CUSTOM_FIELDS = [{"name": "Number__c", "type": "double", "precision": 18, "scale": 0},
                 {"name": "Ext__c", "type": "string", "length": 36, "externalId": True, "unique": True},
                 {"name": "Order__c", "type": "reference", "referenceTo": [PARENT], "relationshipName": "Order__r", "masterDetail": True}]
PART = 2_000


def prepare(orgsim, rows):
    orgsim.settings(keep_alive_ms=500, daily_api_limit=10_000_000)
    orgsim.call("POST", "/orgsim/objects", {"name": PARENT, "fields": []})
    orgsim.call("POST", "/orgsim/objects", {"name": CHILD, "fields": CUSTOM_FIELDS})
    orgsim.generate(PARENT, PARENTS)
    parents = orgsim.ids(PARENT, PARENTS)
    for start in range(0, rows, PART):
        records = [{"Name": f"line {n}", "Order__c": parents[n % PARENTS]} for n in range(start, min(start + PART, rows))]
        orgsim.call("POST", f"/orgsim/records/{CHILD}", {"records": records})


def update_all(orgsim, sql, duet, number, rows):
    """Seconds until the org holds the number in all rows."""
    began = time.monotonic()
    sql.rows(f"UPDATE salesforce.line__c SET number__c = {number}")
    while sql.rows("SELECT EXISTS (SELECT FROM salesforce._trigger_log WHERE state IN ('NEW', 'PENDING'))") != [["f"]]:
        if time.monotonic() - began > SETTLE_SECONDS:
            raise RuntimeError("the trigger log does not empty")
        duet.program.check()
        time.sleep(0.1)
    took = time.monotonic() - began
    if (held := orgsim.count(CHILD, "Number__c", number)) != rows:
        raise RuntimeError(f"{held} of {rows} rows are in the org")
    return took


def bulk_floor(orgsim, ids, number):
    """The same change as one job; seconds."""
    connection = orgsim.connect()
    headers = {"Authorization": f"Bearer {orgsim.ready['access_token']}", "Content-Type": "text/csv"}
    body = "Id,Number__c\n" + "".join(f"{sfid},{number}\n" for sfid in ids)
    began = time.monotonic()
    job = orgsim.call("POST", f"{API}/jobs/ingest", {"object": CHILD, "operation": "update"}, connection)["id"]
    connection.request("PUT", f"{API}/jobs/ingest/{job}/batches", body, headers)
    connection.getresponse().read()
    orgsim.call("PATCH", f"{API}/jobs/ingest/{job}", {"state": "UploadComplete"}, connection)
    while orgsim.call("GET", f"{API}/jobs/ingest/{job}", connection=connection)["state"] != "JobComplete":
        time.sleep(0.05)
    connection.close()
    return time.monotonic() - began


def locks_left(sql):
    return int(sql.rows("SELECT count(*) FROM salesforce._trigger_log WHERE state = 'FAILED' OR sf_message LIKE '%UNABLE_TO_LOCK_ROW%'")[0][0])


def run(options):
    rows = options.update_rows
    with Cluster() as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        prepare(orgsim, rows)
        duet.import_mapping({CHILD: {"fields": FIELDS, "access": "read_write", "upsert": "Ext__c"}})
        duet.start()
        duet.wait_loaded()
        with SqlPipe(cluster.url) as sql:
            calls = sum(orgsim.status()["api_calls"].values())
            fast = update_all(orgsim, sql, duet, 1, rows)
            calls = sum(orgsim.status()["api_calls"].values()) - calls
            floor = bulk_floor(orgsim, orgsim.ids(CHILD, rows), 2)
            # No org's automation turns slow in the middle of an UPDATE: what was learnt of the quick one is forgotten.
            fast_rss = duet.program.peak_rss_mb()
            duet.program.stop()
            duet.start()
            orgsim.settings(bulk_chunk_ms=SERVICE_MS)
            orgsim.call("POST", "/orgsim/rules", {"type": "before", "object": CHILD, "on": ["update"], "service_ms": SERVICE_MS // 200})
            slow = update_all(orgsim, sql, duet, 3, rows)
            refused = duet.status()["counters"]["attempts_rejected"]
            left = locks_left(sql)
        rss = max(fast_rss, duet.program.peak_rss_mb())
    return {
        "rows": rows,
        "rows_per_s": round(rows / fast),
        "ratio_to_bulk": round(fast / floor, 2),
        "api_calls_per_10k_rows": round(calls / rows * 10_000, 1),
        "slow_rows_per_s": round(rows / slow),
        "serial_rows_per_s": round(SERIAL_ROWS_PER_S, 1),
        "ratio_to_serial": round(rows / slow / SERIAL_ROWS_PER_S, 1),
        "lock_errors": refused,
        "lock_errors_left": left,
        "peak_rss_mb": round(rss, 1),
    }
