"""B5: how long a commit in the org takes until another PostgreSQL session can see it.

A separate process edits records through the org, one record and one transaction at a time, at a steady rate; the org tells
when it committed (ms). In PostgreSQL a trigger on the table, in the transaction that Duet commits, adds a row to
`bench.seen`; a session of ours polls that table every millisecond, so that what it sees is committed and visible. The time
of its answer counts: trigger, polling and the org's rounding down to ms are all on Duet's bill. All clocks are one machine's.
"""

import json
import multiprocessing
import time

from orgsim import Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe
from stats import percentile

OBJECT = "Bench__c"
SETTLE_SECONDS = 30
POLL_S = 0.001
SLOW_RATE = 10
FIELDS = ["Id", "IsDeleted", "Name", "CreatedDate", "SystemModstamp", "Number__c", "Text__c"]
CUSTOM_FIELDS = [{"name": "Number__c", "type": "double", "precision": 18, "scale": 0},
                 {"name": "Text__c", "type": "string", "length": 100}]

WATCH = """
CREATE SCHEMA bench;
CREATE TABLE bench.seen (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number double precision);
CREATE FUNCTION bench.note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO bench.seen (number) VALUES (NEW.number__c); RETURN NULL; END $$;
CREATE TRIGGER bench_note AFTER UPDATE OF number__c ON salesforce.bench__c FOR EACH ROW EXECUTE FUNCTION bench.note()
"""


def edit(orgsim_url, ids, first_number, rate, sender):
    """Edits each record once, at the rate, and sends [(number, commit time in the org)]. Runs in a process of its own."""
    import http.client
    import urllib.parse

    parts = urllib.parse.urlsplit(orgsim_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    commits = []
    began = time.monotonic()
    for index, record in enumerate(ids):
        wait = began + index / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        number = first_number + index
        connection.request("POST", f"/orgsim/records/{OBJECT}",
                           json.dumps({"records": [{"Id": record, "Number__c": number, "Text__c": f"edit {number}"}]}),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"edit: HTTP {response.status}")
        commits.append((number, json.loads(text)["commitTimestamp"]))
    sender.send((commits, time.monotonic() - began))
    sender.close()


def watch(sql, count, seen_from, deadline, stopped):
    """Polls until `count` more edits are visible: {number: wall time in ms of the answer that showed it}."""
    seen = {}
    last = seen_from
    while len(seen) < count and time.monotonic() < deadline and not stopped():
        rows = sql.rows(f"SELECT id, number::bigint FROM bench.seen WHERE id > {last} ORDER BY id")
        now = time.time() * 1000
        for row_id, number in rows:
            seen.setdefault(int(number), now)
            last = int(row_id)
        if not rows:
            time.sleep(POLL_S)
    return seen, last


def latencies(orgsim, sql, ids, first_number, rate, seen_from):
    receiver, sender = multiprocessing.Pipe(duplex=False)
    editor = multiprocessing.Process(target=edit, args=(orgsim.http_url, ids, first_number, rate, sender))
    editor.start()
    sender.close()
    seen, last = watch(sql, len(ids), seen_from, time.monotonic() + len(ids) / rate * 3 + SETTLE_SECONDS,
                       lambda: editor.exitcode not in (None, 0))
    try:
        commits, took = receiver.recv()
    except EOFError:
        raise RuntimeError("the editor of the org's records failed; what it said stands above") from None
    editor.join()
    missing = [number for number, _ in commits if number not in seen]
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(commits)} edits were never seen")
    return [seen[number] - commit for number, commit in commits], len(ids) / took, last


def run(options):
    fast = options.rate * options.seconds
    slow = SLOW_RATE * options.seconds
    with Cluster() as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        orgsim.settings(keep_alive_ms=500)
        orgsim.call("POST", "/orgsim/objects", {"name": OBJECT, "fields": CUSTOM_FIELDS})
        orgsim.generate(OBJECT, fast + 2 * slow)
        duet.import_mapping({OBJECT: {"fields": FIELDS}})
        duet.start()
        duet.wait_loaded()
        with SqlPipe(cluster.url) as sql:
            sql.rows(WATCH)
            ids = orgsim.ids(OBJECT, fast + 2 * slow)
            time.sleep(1.5)  # no edit in the second in which the records were made
            _, _, last = latencies(orgsim, sql, ids[:slow], 1, SLOW_RATE * 5, 0)  # warm up
            at_slow, _, last = latencies(orgsim, sql, ids[slow:2 * slow], 100_000_000, SLOW_RATE, last)
            at_fast, achieved, _ = latencies(orgsim, sql, ids[2 * slow:], 200_000_000, options.rate, last)
        delivered = orgsim.status()["events_delivered"]
        rss = duet.program.peak_rss_mb()
    if achieved < options.rate * 0.95:
        options.say(f"the editor reached {achieved:.0f} of {options.rate} edits a second: the org or this machine was the limit")
    return {
        "events": len(at_fast),
        "events_per_s": round(achieved),
        "p50_ms": round(percentile(at_fast, 50), 2),
        "p99_ms": round(percentile(at_fast, 99), 2),
        "max_ms": round(max(at_fast), 2),
        "p50_ms_at_10": round(percentile(at_slow, 50), 2),
        "p99_ms_at_10": round(percentile(at_slow, 99), 2),
        "events_delivered": delivered,
        "peak_rss_mb": round(rss, 1),
    }
