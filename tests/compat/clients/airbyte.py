# Airbyte's source-salesforce, as Airbyte runs it: check, discover, read. It logs in at login.salesforce.com by refresh token.
# compat: pypi airbyte-source-salesforce==2.10.3
# compat: seconds 900
import sync_tools
from compat import READY, case, equal, main
from sync_tools import OBJECTS, run, same_rows, write

sync_tools.fill()
CONFIG = {"auth_type": "Client", "client_id": READY["client_id"], "client_secret": READY["client_secret"],
          "refresh_token": sync_tools.refresh_token(), "start_date": "2020-01-01T00:00:00Z", "is_sandbox": False,
          "streams_criteria": [{"criteria": "exacts", "value": name} for name in OBJECTS]}
streams = {}


def read(sync_mode, force_bulk):
    """The records by stream and Id of a read."""
    config = write("config.json", CONFIG | {"force_use_bulk_api": force_bulk})
    catalog = write("catalog.json", {"streams": [
        {"stream": streams[name], "sync_mode": sync_mode, "destination_sync_mode": "overwrite",
         "cursor_field": streams[name].get("default_cursor_field", [])} for name in OBJECTS]})
    rows = {name: {} for name in OBJECTS}
    for message in run("source-salesforce", "read", "--config", config, "--catalog", catalog):
        if message["type"] == "RECORD":
            record = message["record"]
            rows[record["stream"]][record["data"]["Id"]] = record["data"]
    return rows


@case
def check():
    messages = run("source-salesforce", "check", "--config", write("config.json", CONFIG))
    status = [one["connectionStatus"] for one in messages if one["type"] == "CONNECTION_STATUS"]
    equal([one["status"] for one in status], ["SUCCEEDED"], str(status))


@case
def discover():
    messages = run("source-salesforce", "discover", "--config", write("config.json", CONFIG))
    catalogs = [one["catalog"] for one in messages if one["type"] == "CATALOG"]
    streams.update({one["name"]: one for one in catalogs[0]["streams"]})
    equal(sorted(streams), sorted([*OBJECTS, "Describe"]), "the objects, and a stream of Airbyte's own")
    equal(streams["Account"]["json_schema"]["properties"]["NumberOfEmployees"]["type"], ["integer", "null"])


def equals_the_org(sync_mode, force_bulk):
    # Every mode reads with queryAll.
    for name, rows in read(sync_mode, force_bulk).items():
        same_rows(name, rows, streams[name]["json_schema"]["properties"])


@case
def full_refresh_equals_the_org():
    equals_the_org("full_refresh", False)


@case
def full_refresh_by_bulk_equals_the_org():
    equals_the_org("full_refresh", True)


@case
def incremental_equals_the_org():
    equals_the_org("incremental", False)


main()
