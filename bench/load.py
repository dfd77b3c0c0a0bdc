"""B1: the first load of a large object, against `psql \\copy` of the same CSV into a table of the same shape.

Every round has a database of its own. Floor and Duet take turns at going first. Ours is timed from the moment the mapping
is `loading` (the Bulk job is created right after) until another session sees the rows; the floor from the start of psql to
its end, with the CSV downloaded before.
"""

import os
import subprocess
import tempfile
import time

from orgsim import Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe
from stats import median

OBJECT = "Bench__c"
TABLE = "bench__c"
SYSTEM_FIELDS = ["Id", "IsDeleted", "Name", "OwnerId", "CreatedDate", "SystemModstamp"]
LOAD_SECONDS = 1800

CUSTOM_FIELDS = (
    [{"name": f"Text{i}__c", "type": "string", "length": 20 + 10 * i} for i in range(13)]
    + [{"name": f"Amount{i}__c", "type": "double", "precision": 16, "scale": 2} for i in range(5)]
    + [{"name": f"Flag{i}__c", "type": "boolean"} for i in range(2)]
    + [{"name": f"At{i}__c", "type": "datetime"} for i in range(2)]
    + [{"name": f"Day{i}__c", "type": "date"} for i in range(2)]
)
FIELDS = SYSTEM_FIELDS + [field["name"] for field in CUSTOM_FIELDS]


def column(field):
    return "sfid" if field == "Id" else field.lower()


def copy_floor(database_url, csv):
    """Seconds of `psql \\copy` into an empty table with the columns, defaults and indexes of Duet's."""
    columns = ",".join(column(field) for field in FIELDS)
    with SqlPipe(database_url) as sql:
        sql.rows(f"CREATE SCHEMA floor; CREATE TABLE floor.{TABLE} (LIKE salesforce.{TABLE} INCLUDING DEFAULTS INCLUDING INDEXES)")
        sql.rows("CHECKPOINT")
        began = time.monotonic()
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database_url, "-c",
                        f"\\copy floor.{TABLE} ({columns}) from '{csv}' with (format csv, header, force_null ({columns}))"],
                       check=True)
        seconds = time.monotonic() - began
        sql.rows("DROP SCHEMA floor CASCADE")
    return seconds


def wait_for(sql, query, pause_s):
    deadline = time.monotonic() + LOAD_SECONDS
    while sql.rows(query) != [["t"]]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still false: {query}")
        time.sleep(pause_s)
    return time.monotonic()


def load_ours(duet, database_url):
    with SqlPipe(database_url) as sql:
        sql.rows("CHECKPOINT")
        duet.start()
        began = wait_for(sql, "SELECT count(*) FILTER (WHERE state <> 'created') > 0 FROM duet.mapping", 0.005)
        committed = wait_for(sql, f"SELECT EXISTS (SELECT 1 FROM salesforce.{TABLE})", 0.02)
        wait_for(sql, "SELECT bool_and(state = 'loaded') FROM duet.mapping", 0.02)
        rows = int(sql.rows(f"SELECT count(*) FROM salesforce.{TABLE}")[0][0])
    return committed - began, rows, duet.program.peak_rss_mb(), duet.program.cpu_seconds()


def one_round(cluster, orgsim, csv, number):
    cluster.psql(f"CREATE DATABASE round{number}")
    url = cluster.url_of(f"round{number}")
    with Duet(orgsim, url) as duet:
        duet.import_mapping({OBJECT: {"fields": FIELDS}})
        floor = copy_floor(url, csv) if number % 2 == 0 else None
        ours, rows, rss, cpu = load_ours(duet, url)
        duet.program.stop()
        if floor is None:
            floor = copy_floor(url, csv)
    cluster.psql(f"DROP DATABASE round{number}")
    return {"ours": ours, "floor": floor, "ratio": ours / floor, "rows": rows, "rss": rss, "cpu": cpu}


def run(options):
    with Cluster() as cluster, Orgsim() as orgsim, tempfile.TemporaryDirectory(prefix="duet-bench-csv-") as folder:
        os.chmod(folder, 0o755)
        orgsim.settings(keep_alive_ms=500)
        orgsim.call("POST", "/orgsim/objects", {"name": OBJECT, "fields": CUSTOM_FIELDS})
        orgsim.generate(OBJECT, options.rows)
        csv = os.path.join(folder, "bench.csv")
        began = time.monotonic()
        orgsim.download(OBJECT, FIELDS, csv)
        download = time.monotonic() - began
        csv_mb = os.path.getsize(csv) / 1e6

        rounds = []
        for number in range(options.rounds):
            done = one_round(cluster, orgsim, csv, number)
            if done["rows"] != options.rows:
                raise RuntimeError(f"loaded {done['rows']} rows of {options.rows}")
            options.say(f"round {number + 1}: \\copy {done['floor']:.2f} s, duet {done['ours']:.2f} s, "
                        f"ratio {done['ratio']:.2f}, peak RSS {done['rss']:.0f} MB, CPU {done['cpu']:.1f} s")
            rounds.append(done)

    ours = median([done["ours"] for done in rounds])
    return {
        "rows": options.rows,
        "ratio_to_copy": round(median([done["ratio"] for done in rounds]), 3),
        "rows_per_s": round(options.rows / ours),
        "peak_rss_mb": round(max(done["rss"] for done in rounds), 1),
        "load_s": round(ours, 2),
        "copy_s": round(median([done["floor"] for done in rounds]), 2),
        "cpu_s_per_1m_rows": round(median([done["cpu"] for done in rounds]) / options.rows * 1e6, 2),
        "csv_mb": round(csv_mb),
        "org_download_s": round(download, 2),
    }
