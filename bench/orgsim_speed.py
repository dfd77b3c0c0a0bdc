"""orgsim: how fast the simulator itself is, so that one knows when it is the limit.

- `get_per_s`: single-row GETs of an Account by id, 16 connections that are kept alive, each asking for a record of its own.
- `upserts_per_s`: collection upserts of 200 Accounts by external id, 8 connections, each with 200 keys of its own whose
  values change at every call; `rows_per_s` is 200 times that. Nobody subscribes, Account is selected for change events.
- `events_per_s`: one Pub/Sub subscriber reads CREATE events that wait for it, from the earliest on, 100 asked for at a time.
- `mb_per_million`: resident memory that 1,000,000 generated Accounts add, most fields filled; `generated_per_s` how fast.

The clients (bench/client) are C++ and share the machine with the simulator; their CPU is on its bill.
"""

import json
import os
import subprocess
import tempfile
import time
import urllib.parse

from orgsim import API, Orgsim
from process import find_program

GET_CONNECTIONS = 16
UPSERT_CONNECTIONS = 8
BATCH = 200
EVENTS = 100_000
MILLION = 1_000_000
MARGIN_SECONDS = 60


def rss_mb(program):
    with open(f"/proc/{program.process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc")


def tool(name, arguments, seconds):
    done = subprocess.run([find_program(name), *arguments], capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def request(orgsim, method, path, body=None):
    parts = urllib.parse.urlsplit(orgsim.http_url)
    text = b"" if body is None else json.dumps(body).encode()
    head = (f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {orgsim.ready['access_token']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n")
    return head.encode() + text


def http_load(orgsim, requests, connections, seconds, refuse=""):
    """Each request in a file; request i belongs to connection i modulo `connections`."""
    parts = urllib.parse.urlsplit(orgsim.http_url)
    with tempfile.TemporaryDirectory(prefix="duet-bench-") as folder:
        files = []
        for index, content in enumerate(requests):
            files.append(os.path.join(folder, str(index)))
            with open(files[-1], "wb") as file:
                file.write(content)
        return tool("bench-http-load",
                    [parts.hostname, str(parts.port), str(connections), str(seconds), refuse, *files],
                    seconds + MARGIN_SECONDS)


def upsert(orgsim, connection, turn):
    records = [{"attributes": {"type": "Account"}, "Ext__c": f"{connection}-{row}", "Name": f"Account {row} at turn {turn}",
                "Phone": f"+49 30 {turn:04}{row:04}", "Website": f"https://www{turn}.example.com/{row}",
                "NumberOfEmployees": row + turn} for row in range(BATCH)]
    return request(orgsim, "PATCH", f"{API}/composite/sobjects/Account/Ext__c", {"allOrNone": False, "records": records})


def run(options):
    with Orgsim() as orgsim:
        orgsim.settings(daily_api_limit=1_000_000_000, max_retained_events=2 * EVENTS)
        orgsim.call("POST", "/orgsim/objects",
                    {"name": "Account", "fields": [{"name": "Ext__c", "length": 40, "externalId": True, "unique": True}]})
        orgsim.call("POST", "/orgsim/objects",
                    {"name": "Bench__c", "fields": [{"name": "Number__c", "type": "double", "scale": 0},
                                                    {"name": "Text__c", "type": "string", "length": 100}]})
        orgsim.call("GET", f"{API}/limits")
        before = rss_mb(orgsim.program)
        began = time.monotonic()
        orgsim.generate("Account", MILLION)
        generated = time.monotonic() - began
        added = rss_mb(orgsim.program) - before

        ids = orgsim.ids("Account", GET_CONNECTIONS)
        gets = http_load(orgsim, [request(orgsim, "GET", f"{API}/sobjects/Account/{one}") for one in ids], GET_CONNECTIONS,
                         options.seconds)
        # Even turns of every connection first, then odd ones: each connection has both and changes its rows each time.
        bodies = [upsert(orgsim, connection, turn) for turn in (0, 1) for connection in range(UPSERT_CONNECTIONS)]
        upserts = http_load(orgsim, bodies, UPSERT_CONNECTIONS, options.seconds, '"success":false')

        orgsim.call("POST", "/orgsim/records/Bench__c", {"generate": EVENTS, "seed": 1, "events": True})
        events = tool("bench-event-reader",
                      [orgsim.ready["grpc"], "/data/Bench__ChangeEvent", str(EVENTS), orgsim.ready["access_token"],
                       orgsim.http_url, orgsim.ready["org_id"]], MARGIN_SECONDS * 3)
    upserts_per_s = upserts["requests"] / upserts["seconds"]
    return {
        "get_per_s": round(gets["requests"] / gets["seconds"]),
        "get_p50_ms": gets["p50_ms"],
        "get_p99_ms": gets["p99_ms"],
        "upserts_per_s": round(upserts_per_s, 1),
        "rows_per_s": round(upserts_per_s * BATCH),
        "upsert_p50_ms": upserts["p50_ms"],
        "upsert_p99_ms": upserts["p99_ms"],
        "events_per_s": round(events["events"] / events["seconds"]),
        "mb_per_million": round(added, 1),
        "generated_per_s": round(MILLION / generated),
    }
