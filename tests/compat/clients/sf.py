"""The sf CLI, as its users call it, each command a process of its own."""
# compat: npm @salesforce/cli@2.150.6
# compat: seconds 600

import csv
import io
import json
import os
import subprocess

from compat import READY, case, equal, generate, insert, main, objects, records, until

URL = READY["http"]
COMMAND_SECONDS = 120
os.environ.update(SF_USE_GENERIC_UNIX_KEYCHAIN="true", SF_DISABLE_TELEMETRY="true", SF_AUTOUPDATE_DISABLE="true",
                  SF_DISABLE_DNS_CHECK="true", SF_SKIP_NEW_VERSION_CHECK="true", NO_COLOR="1")


def run(*arguments, status=0, **variables):
    """What the command printed on standard output."""
    done = subprocess.run(["sf", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS,
                          env=os.environ | variables)
    if done.returncode != status:
        raise AssertionError(f"sf {' '.join(arguments)}: status {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    return done.stdout


def result(*arguments, **options):
    """The result of the command with --json."""
    return json.loads(run(*arguments, "--json", **options))["result"]


def write_csv(name, header, rows):
    with open(name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@case
def login_by_JWT():
    got = result("org", "login", "jwt", "--client-id", READY["client_id"], "--jwt-key-file", READY["jwt_key_file"],
                 "--username", READY["username"], "--instance-url", URL, "--set-default")
    equal(got["orgId"], READY["org_id"])
    equal(got["username"], READY["username"])


@case
def login_by_access_token():
    got = result("org", "login", "access-token", "--instance-url", URL, "--no-prompt", "--alias", "sim", "--set-default",
                 SF_ACCESS_TOKEN=READY["access_token"])
    equal(got["orgId"], READY["org_id"])
    equal(got["username"], READY["username"])


@case
def org_display():
    got = result("org", "display")
    equal(got["id"], READY["org_id"])
    equal(got["connectedStatus"], "Connected")
    equal(got["apiVersion"], "67.0")


@case
def data_create_get_update_and_delete_record():
    made = result("data", "create", "record", "-s", "Account", "-v", "Name='Acme Co' Phone=1 NumberOfEmployees=7")
    equal(records("Account")[made["id"]]["Name"], "Acme Co")
    equal(result("data", "get", "record", "-s", "Account", "-i", made["id"])["NumberOfEmployees"], 7)
    equal(result("data", "get", "record", "-s", "Account", "-w", "Name='Acme Co'")["Id"], made["id"])
    result("data", "update", "record", "-s", "Account", "-i", made["id"], "-v", "Phone=22")
    equal(records("Account")[made["id"]]["Phone"], "22")
    result("data", "delete", "record", "-s", "Account", "-i", made["id"])
    equal(made["id"] in records("Account"), False)
    refused = json.loads(run("data", "create", "record", "-s", "Account", "-v", "Phone=1", "--json", status=1))
    equal(refused["name"], "REQUIRED_FIELD_MISSING")



@case
def data_query_as_table_csv_and_json():
    objects({"name": "Parcel__c"})
    ids = insert("Parcel__c", {"Name": 'Quote "Q", and comma'}, {"Name": "Zed"})
    query = ("data", "query", "-q", "SELECT Id, Name, Owner.Name FROM Parcel__c ORDER BY Name")
    got = result(*query)
    equal([(row["Id"], row["Name"]) for row in got["records"]], [(ids[0], 'Quote "Q", and comma'), (ids[1], "Zed")])
    rows = list(csv.DictReader(io.StringIO(run(*query, "-r", "csv"))))
    equal([(row["Id"], row["Name"]) for row in rows], [(ids[0], 'Quote "Q", and comma'), (ids[1], "Zed")])
    equal(rows[0]["Owner.Name"], got["records"][0]["Owner"]["Name"])
    table = run(*query)
    for text in ("ID", "NAME", "OWNER.NAME", ids[0], "Zed"):
        equal(text in table.upper() if text.isupper() else text in table, True, f"{text} in the table")
    refused = json.loads(run("data", "query", "-q", "SELECT Nope FROM Account", "--json", status=1))
    equal(refused["name"], "INVALID_FIELD")


@case
def data_query_of_children_and_groups():
    account, = insert("Account", {"Name": "Grouped"})
    insert("Contact", *({"LastName": name, "AccountId": account} for name in ("A", "B")))
    nested = ("data", "query", "-q", "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name = 'Grouped'")
    got = result(*nested)["records"][0]
    equal([row["LastName"] for row in got["Contacts"]["records"]], ["A", "B"])
    row, = csv.DictReader(io.StringIO(run(*nested, "-r", "csv")))
    equal((row["Name"], row["Contacts.totalSize"]), ("Grouped", "2"))
    equal("LASTNAME" in run(*nested).upper(), True, "the table names the children's field")
    # Without an alias: sf leaves the cell of an aliased function empty in CSV.
    grouped = ("data", "query", "-q", "SELECT Account.Name, COUNT(Id) FROM Contact WHERE Account.Name = 'Grouped' GROUP BY Account.Name")
    row, = csv.DictReader(io.StringIO(run(*grouped, "-r", "csv")))
    equal((row["Name"], row["count(Id)"]), ("Grouped", "2"))


@case
def data_query_of_more_than_one_page():
    generate("Opportunity", 2500)
    equal(len(result("data", "query", "-q", "SELECT Id FROM Opportunity")["records"]), 2500)


@case
def data_import_tree():
    with open("tree.json", "w", encoding="utf-8") as file:
        json.dump({"records": [{"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Tree", "Contacts": {"records": [
            {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Leaf"}]}}]}, file)
    got = result("data", "import", "tree", "-f", "tree.json")
    equal([row["type"] for row in got], ["Account", "Contact"])
    equal(records("Contact")[got[1]["id"]]["AccountId"], got[0]["id"])


@case
def data_import_bulk():
    write_csv("import.csv", ["Name", "Phone"], [[f"Import {n}", str(n)] for n in range(500)])
    got = result("data", "import", "bulk", "-s", "Account", "-f", "import.csv", "--wait", "2")
    equal((got["processedRecords"], got["successfulRecords"], got["failedRecords"]), (500, 500, 0))
    names = {row["Name"] for row in records("Account").values()}
    equal(all(f"Import {n}" in names for n in range(500)), True)


@case
def data_upsert_bulk():
    objects({"name": "Account", "fields": [{"name": "Sf_Key__c", "type": "string", "length": 20, "externalId": True, "unique": True}]})
    insert("Account", {"Name": "before", "Sf_Key__c": "k1"})
    write_csv("upsert.csv", ["Sf_Key__c", "Name"], [["k1", "after"], ["k2", "new"], ["k3", ""]])
    run("data", "upsert", "bulk", "-s", "Account", "-f", "upsert.csv", "-i", "Sf_Key__c", "--wait", "2", "--json", status=1)
    keyed = {row["Sf_Key__c"]: row["Name"] for row in records("Account").values() if row["Sf_Key__c"]}
    equal(keyed, {"k1": "after", "k2": "new"})
    write_csv("upsert.csv", ["Sf_Key__c", "Name"], [["k1", "again"], ["k2", "again"]])
    got = result("data", "upsert", "bulk", "-s", "Account", "-f", "upsert.csv", "-i", "Sf_Key__c", "--wait", "2")
    equal((got["jobInfo"]["state"], got["jobInfo"]["numberRecordsProcessed"]), ("JobComplete", 2))
    equal({row["Name"] for row in records("Account").values() if row["Sf_Key__c"]}, {"again"})


@case
def data_update_and_delete_bulk():
    ids = insert("Campaign", *({"Name": f"Campaign {n}"} for n in range(20)))
    write_csv("update.csv", ["Id", "Name"], [[sfid, f"Changed {n}"] for n, sfid in enumerate(ids)])
    got = result("data", "update", "bulk", "-s", "Campaign", "-f", "update.csv", "--wait", "2")
    equal((got["successfulRecords"], got["failedRecords"]), (20, 0))
    equal({row["Name"] for row in records("Campaign").values()}, {f"Changed {n}" for n in range(20)})
    write_csv("delete.csv", ["Id"], [[sfid] for sfid in ids])
    result("data", "delete", "bulk", "-s", "Campaign", "-f", "delete.csv", "--wait", "2")
    equal(records("Campaign"), {})


@case
def data_export_bulk():
    got = result("data", "export", "bulk", "-q", "SELECT Id, LastName FROM Contact", "--output-file", "export.csv", "-r", "csv",
                 "--wait", "2")
    with open("export.csv", encoding="utf-8", newline="") as file:
        exported = {row["Id"]: row["LastName"] for row in csv.DictReader(file)}
    wanted = {sfid: row["LastName"] for sfid, row in records("Contact").items()}
    equal(got["totalSize"], len(wanted))
    equal(exported, wanted)


@case
def sobject_describe_and_list():
    got = result("sobject", "describe", "-s", "Account")
    equal((got["name"], got["keyPrefix"]), ("Account", "001"))
    equal("Name" in {field["name"] for field in got["fields"]}, True)
    equal("Account" in result("sobject", "list", "-s", "all"), True)


@case
def limits_api_display():
    for command in (("limits", "api", "display"), ("org", "list", "limits")):
        limits = {row["name"]: row for row in result(*command)}
        equal(limits["DailyApiRequests"]["max"], 100000)
        equal(0 < limits["DailyApiRequests"]["remaining"] < 100000, True)


@case
def data_search():
    wanted, _ = insert("Account", {"Name": "Unicorn Stables"}, {"Name": "Horse Stables"})
    got = result("data", "search", "-q", "FIND {unicorn} IN NAME FIELDS RETURNING Account(Id, Name)")
    found = got["searchRecords"] if isinstance(got, dict) else got
    equal([row["Id"] for row in found], [wanted])


@case
def api_request_rest():
    body = json.loads(run("api", "request", "rest", "/services/data/v62.0/limits"))
    equal("DailyApiRequests" in body, True)


@case
def org_logout():
    run("org", "logout", "--target-org", READY["username"], "--no-prompt")
    until(lambda: not [org for org in result("org", "list", "auth") if org.get("username") == READY["username"]], 5)


main()
