"""MASS: the memory of `duet serve` while one UPDATE changes every row of a large table and the changes go out.

Peak resident memory is taken from before the UPDATE until `--drain` seconds after its commit; `sent_per_s` is how fast the org took them
meanwhile. The backlog is left where it is when the time is over.
"""

import time

from orgsim import Orgsim
from postgres import Cluster
from product import Duet
from sql_pipe import SqlPipe

OBJECT = "Bench__c"
FIELDS = ["Id", "IsDeleted", "Name", "SystemModstamp", "Number__c", "Ext__c"]
CUSTOM_FIELDS = [{"name": "Number__c", "type": "double", "precision": 18, "scale": 0},
                 {"name": "Ext__c", "type": "string", "length": 36, "externalId": True, "unique": True}]
BATCH = 500_000


def run(options):
    with Cluster({"max_wal_size": "16GB"}) as cluster, Orgsim() as orgsim, Duet(orgsim, cluster.url) as duet:
        orgsim.settings(keep_alive_ms=500, daily_api_limit=100_000_000)
        orgsim.call("POST", "/orgsim/objects", {"name": OBJECT, "fields": CUSTOM_FIELDS})
        for made in range(0, options.rows, BATCH):
            orgsim.generate(OBJECT, min(BATCH, options.rows - made), seed=made + 1)
        duet.import_mapping({OBJECT: {"fields": FIELDS, "access": "read_write", "upsert": "Ext__c"}})
        duet.start()
        duet.wait_loaded()
        loaded_mb = duet.program.peak_rss_mb()
        with SqlPipe(cluster.url) as sql:
            options.say(f"{options.rows:,} rows loaded, {loaded_mb:.0f} MB; now one UPDATE of all")
            began = time.monotonic()
            sql.rows("UPDATE salesforce.bench__c SET number__c = coalesce(number__c, 0) + 1")
            updated_s = time.monotonic() - began
            options.say(f"committed after {updated_s:.0f} s, {duet.program.peak_rss_mb():.0f} MB; going out")
            drained = time.monotonic()
            time.sleep(options.drain)
            left = int(sql.rows("SELECT count(*) FROM salesforce._trigger_log WHERE state = 'NEW'")[0][0])
        sent = options.rows - left
        return {"rows": options.rows, "update_s": round(updated_s, 1), "peak_rss_mb": round(duet.program.peak_rss_mb()),
                "peak_rss_mb_after_load": round(loaded_mb), "taken_up": sent,
                "taken_up_per_s": round(sent / (time.monotonic() - drained))}
