# Singer's tap-salesforce, as a Singer runner runs it: discovery, then a sync by Bulk API 1.0 and one by REST.
# compat: pypi tap-salesforce==2.8.1
# compat: seconds 900
import json

import sync_tools
from compat import READY, case, equal, main
from sync_tools import OBJECTS, output, run, same_rows, write

sync_tools.fill()
CONFIG = {"client_id": READY["client_id"], "client_secret": READY["client_secret"], "refresh_token": sync_tools.refresh_token(),
          "start_date": "2020-01-01T00:00:00Z", "select_fields_by_default": "true", "is_sandbox": "false"}
streams = {}


def config(api_type):
    return write("config.json", CONFIG | {"api_type": api_type})


def sync(api_type):
    """The records by stream and Id of a sync of the three objects."""
    chosen = [streams[name] for name in OBJECTS]
    for stream in chosen:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    rows = {name: {} for name in OBJECTS}
    for message in run("tap-salesforce", "--config", config(api_type), "--properties", write("catalog.json", {"streams": chosen})):
        if message["type"] == "RECORD":
            rows[message["stream"]][message["record"]["Id"]] = message["record"]
    return rows


def discovered(api_type):
    # The catalog is one JSON text over many lines.
    catalog = json.loads(output("tap-salesforce", "--config", config(api_type), "--discover"))
    streams.clear()
    streams.update({one["tap_stream_id"]: one for one in catalog["streams"]})
    assert set(OBJECTS) <= streams.keys(), streams.keys()


def equals_the_org(api_type):
    # Both read with queryAll.
    for name, rows in sync(api_type).items():
        same_rows(name, rows, streams[name]["schema"]["properties"])


@case
def discover_for_bulk():
    discovered("BULK")
    equal(streams["Account"]["schema"]["properties"]["NumberOfEmployees"]["type"], ["null", "integer"])


@case
def sync_by_bulk_equals_the_org():
    equals_the_org("BULK")


@case
def discover_for_rest():
    discovered("REST")


@case
def sync_by_rest_equals_the_org():
    equals_the_org("REST")


main()
