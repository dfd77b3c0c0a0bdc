"""B11: what capture costs the application: updates of one row in a transaction each, by several sessions (pgbench), and one
UPDATE of many rows; on Duet's table, on one with a logger as Heroku Connect's (hstore_trigger.sql), and on one without triggers.

The three take turns, round after round; medians count. Duet's reader and Heroku Connect's listen as they do in service: while
writes come, Duet's is awake and holds its doorbell's lock; `tps_asleep` is without it, when every writer rings.
"""

import contextlib
import os
import re
import subprocess
import tempfile
import time

from orgsim import Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe
from stats import median

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 20_000
CLIENTS = 4
STATEMENT_ROWS = 10_000
FIELDS = ["Id", "IsDeleted", "SystemModstamp", "Name", "AccountNumber", "Site", "Phone", "Fax", "Website", "Industry", "Rating", "Ownership",
          "TickerSymbol", "Description", "AnnualRevenue", "NumberOfEmployees", "BillingStreet", "BillingCity", "BillingState",
          "BillingPostalCode", "BillingCountry", "ShippingStreet", "ShippingCity", "ShippingState", "ShippingPostalCode",
          "ShippingCountry", "CreatedDate", "LastModifiedDate", "Type", "Sic"]
SCHEMAS = {"none": "bare", "hstore": "rival", "duet": "salesforce"}
# The class of Duet's doorbell lock (src/postgres/lock_keys.h), of which the object is the schema's hash.
DOORBELL_CLASS = 0x44750001


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def transactions_per_s(url, schema, seconds):
    script = f"\\set id random(1, {ROWS})\n\\set n random(1, 1000000)\nUPDATE {schema}.account SET phone = :n::text WHERE id = :id;\n"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["pgbench", "-n", "-f", file.name, "-c", str(CLIENTS), "-j", "2", "-M", "prepared", "-T", str(seconds), url],
                              capture_output=True, text=True, check=True)
    return float(re.search(r"^tps = ([0-9.]+)", done.stdout, re.M).group(1))


def us_per_row(sql, schema):
    began = time.monotonic()
    sql.rows(f"UPDATE {schema}.account SET fax = 'x' || (random() * 1e9)::bigint WHERE id <= {STATEMENT_ROWS}")
    return (time.monotonic() - began) * 1e6 / STATEMENT_ROWS


@contextlib.contextmanager
def awake(url):
    """Holds the doorbell's lock as Duet's reader does while it works."""
    with SqlPipe(url) as reader:
        reader.rows(f"SELECT pg_advisory_lock({DOORBELL_CLASS}, {fnv1a('salesforce')})")
        yield


def empty(cluster):
    """Neither table's log nor dead rows of one round slow the next."""
    cluster.psql("TRUNCATE salesforce._trigger_log; TRUNCATE rival._trigger_log;")
    for schema in SCHEMAS.values():
        cluster.psql(f"VACUUM ANALYZE {schema}.account")
    cluster.psql("CHECKPOINT")


def run(options):
    tps = {name: [] for name in (*SCHEMAS, "asleep")}
    per_row = {name: [] for name in SCHEMAS}
    with Cluster() as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        orgsim.settings(keep_alive_ms=500)
        orgsim.call("POST", "/orgsim/objects", {"name": "Account", "fields": [
            {"name": "Ext__c", "type": "string", "length": 36, "externalId": True, "unique": True}]})
        orgsim.generate("Account", ROWS)
        duet.import_mapping({"Account": {"fields": [*FIELDS, "Ext__c"], "access": "read_write", "upsert": "Ext__c"}})
        duet.start()
        duet.wait_loaded()
        duet.program.stop()
        cluster.psql(f"UPDATE salesforce.account SET id = id WHERE false; SET xmlbinary = hex; "
                     f"UPDATE salesforce.account AS a SET id = n.n FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM "
                     f"salesforce.account) AS n WHERE n.id = a.id AND n.n <> a.id")
        with open(os.path.join(HERE, "hstore_trigger.sql"), encoding="utf-8") as file:
            cluster.psql(file.read())
        seconds = max(2, options.seconds // 2)
        for round_number in range(options.rounds):
            order = list(SCHEMAS)
            order = order[round_number % 3:] + order[:round_number % 3]
            for name in order:
                empty(cluster)
                with awake(cluster.url):
                    tps[name].append(transactions_per_s(cluster.url, SCHEMAS[name], seconds))
            empty(cluster)
            tps["asleep"].append(transactions_per_s(cluster.url, "salesforce", seconds))
            with SqlPipe(cluster.url) as sql, awake(cluster.url):
                for name in order:
                    empty(cluster)
                    per_row[name].append(us_per_row(sql, SCHEMAS[name]))
            options.say("round {}: ".format(round_number + 1) + ", ".join(f"{name} {values[-1]:.0f} tps" for name, values in tps.items())
                        + "; " + ", ".join(f"{name} {values[-1]:.1f} us" for name, values in per_row.items()))
    middle = {name: median(values) for name, values in tps.items()}
    row = {name: median(values) for name, values in per_row.items()}
    return {
        "ratio_to_hstore_trigger": round(middle["hstore"] / middle["duet"], 3),
        "ratio_to_hstore_trigger_one_statement": round(row["duet"] / row["hstore"], 3),
        "us_per_row": round(row["duet"] - row["none"], 1),
        "us_per_row_hstore": round(row["hstore"] - row["none"], 1),
        "tps_loss_percent": round(100 * (1 - middle["duet"] / middle["none"]), 1),
        "tps_loss_percent_hstore": round(100 * (1 - middle["hstore"] / middle["none"]), 1),
        "tps_asleep": round(middle["asleep"]),
    }
