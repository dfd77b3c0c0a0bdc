# simple-salesforce, as its users call it: with a password at login.salesforce.com through the proxy, and by session id.
# compat: pypi simple-salesforce==1.12.10
import csv
import io
import os

import compat
from compat import READY, case, equal

# The library has Salesforce's host names and https built in; requests takes both from the environment.
os.environ["HTTPS_PROXY"] = READY["proxy"]
os.environ["REQUESTS_CA_BUNDLE"] = READY["ca_file"]

from simple_salesforce import Salesforce, SalesforceLogin, format_soql  # noqa: E402
from simple_salesforce.exceptions import (  # noqa: E402
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

PASSWORD = {"username": READY["username"], "password": READY["password"], "security_token": READY["security_token"]}
WAIT_S = 1

compat.objects({"name": "Account", "fields": [
    {"name": "Ext__c", "length": 40, "externalId": True, "unique": True},
    {"name": "Loose__c", "length": 40, "externalId": True}]})
sf = Salesforce(instance_url=READY["https"], session_id=READY["access_token"], version="62.0")


def accounts():
    """Name by external id, as the org has them."""
    return {row["Ext__c"]: row["Name"] for row in compat.records("Account").values() if row.get("Ext__c")}


def refused(kind, function):
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


@case
def login_with_password_through_the_proxy():
    own = Salesforce(**PASSWORD)
    equal(own.sf_instance, "login.salesforce.com")
    equal(own.query("SELECT Id FROM Organization")["records"][0]["Id"], READY["org_id"])
    error = refused(SalesforceAuthenticationFailed, lambda: Salesforce(**PASSWORD | {"password": "wrong"}))
    equal(error.code, "INVALID_LOGIN")


@case
def login_with_password_and_connected_app():
    session_id, host = SalesforceLogin(
        username=READY["username"], password=READY["password"] + READY["security_token"],
        consumer_key=READY["client_id"], consumer_secret=READY["client_secret"])
    equal(host, "login.salesforce.com")
    equal(Salesforce(instance=host, session_id=session_id).query("SELECT Id FROM Organization")["totalSize"], 1)


@case
def login_by_jwt():
    own = Salesforce(username=READY["username"], consumer_key=READY["client_id"], privatekey_file=READY["jwt_key_file"])
    equal(own.query("SELECT Id FROM Organization")["totalSize"], 1)


@case
def login_by_client_credentials():
    own = Salesforce(domain="sim.my", consumer_key=READY["client_id"], consumer_secret=READY["client_secret"])
    equal(own.query("SELECT Id FROM Organization")["totalSize"], 1)


@case
def session_that_is_none():
    own = Salesforce(instance_url=READY["https"], session_id="00Dxx!none")
    refused(SalesforceExpiredSession, lambda: own.query("SELECT Id FROM Account"))


@case
def create_get_update_upsert_delete():
    made = sf.Account.create({"Name": "Acme", "NumberOfEmployees": 7})
    equal((made["success"], made["errors"]), (True, []))
    equal(sf.Account.get(made["id"])["NumberOfEmployees"], 7)
    equal(sf.Account.update(made["id"], {"Name": "Acme & Söhne"}), 204)
    equal(compat.records("Account")[made["id"]]["Name"], "Acme & Söhne")
    equal(sf.Account.upsert("Ext__c/crud-1", {"Name": "new"}), 201)
    equal(sf.Account.upsert("Ext__c/crud-1", {"Name": "newer"}), 200)
    equal(sf.Account.get_by_custom_id("Ext__c", "crud-1")["Name"], "newer")
    equal(sf.Account.delete(made["id"]), 204)
    error = refused(SalesforceResourceNotFound, lambda: sf.Account.get(made["id"]))
    equal(error.content[0]["errorCode"], "ENTITY_IS_DELETED")


@case
def errors_as_the_org_words_them():
    error = refused(SalesforceMalformedRequest, lambda: sf.Account.create({"Phone": "1"}))
    equal(error.content, [{"message": "Required fields are missing: [Name]", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Name"]}])
    compat.insert("Account", {"Name": "a", "Loose__c": "twice"}, {"Name": "b", "Loose__c": "twice"})
    error = refused(SalesforceMoreThanOneRecord, lambda: sf.Account.upsert("Loose__c/twice", {"Name": "c"}))
    equal(len(error.content), 2)


@case
def describe_metadata_and_limits():
    names = {one["name"] for one in sf.describe()["sobjects"]}
    assert {"Account", "Contact"} <= names, names
    fields = {one["name"]: one for one in sf.Account.describe()["fields"]}
    equal((fields["Ext__c"]["externalId"], fields["Name"]["type"]), (True, "string"))
    equal(sf.Account.metadata()["objectDescribe"]["keyPrefix"], "001")
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
    assert sf.api_usage["api-usage"].used > 0


@case
def updated_and_deleted():
    import datetime
    made = sf.Account.create({"Name": "soon gone"})["id"]
    sf.Account.delete(made)
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=2)
    start = end - datetime.timedelta(minutes=10)
    assert made in {one["id"] for one in sf.Account.deleted(start, end)["deletedRecords"]}
    assert sf.Account.updated(start, end)["ids"]


@case
def query_with_parents_subqueries_and_groups():
    parent = sf.Account.create({"Name": "O'Neil", "Ext__c": "parent"})["id"]
    for name in ("One", "Two"):
        sf.Contact.create({"LastName": name, "AccountId": parent})
    found = sf.query(format_soql("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name = {}", "O'Neil"))
    equal([one["LastName"] for one in found["records"][0]["Contacts"]["records"]], ["One", "Two"])
    equal(sf.query("SELECT Account.Name FROM Contact WHERE LastName = 'One'")["records"][0]["Account"]["Name"], "O'Neil")
    groups = sf.query("SELECT AccountId, COUNT(Id) n FROM Contact GROUP BY AccountId")["records"]
    equal([(one["AccountId"], one["n"]) for one in groups], [(parent, 2)])
    equal(sf.query("SELECT COUNT() FROM Contact WHERE Account.Ext__c = 'parent'")["totalSize"], 2)


@case
def query_all_iter_over_several_pages():
    compat.generate("Lead", 4500)
    got = {one["Id"]: one["Name"] for one in sf.query_all_iter("SELECT Id, Name FROM Lead ORDER BY Id")}
    equal(got, {key: row["Name"] for key, row in compat.records("Lead").items()})
    whole = sf.query_all("SELECT Id FROM Lead")
    equal((whole["totalSize"], len(whole["records"]), whole["done"]), (4500, 4500, True))
    gone = next(iter(got))
    sf.Lead.delete(gone)
    equal(sf.query_all("SELECT Id FROM Lead WHERE IsDeleted = true", include_deleted=True)["records"][0]["Id"], gone)


@case
def bulk_insert_update_upsert_delete():
    made = sf.bulk.Account.insert([{"Name": f"b{i}", "Ext__c": f"b{i}"} for i in range(450)] + [{"Phone": "no name"}],
                                  batch_size=200)
    equal((len(made), [one["success"] for one in made].count(False)), (451, 1))
    equal(made[-1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING")
    equal(compat.records("Account")[made[7]["id"]]["Name"], "b7")
    changed = sf.bulk.Account.update([{"Id": made[7]["id"], "Name": "b7 new", "Phone": None}])
    equal((changed[0]["success"], changed[0]["created"]), (True, False))
    equal(accounts()["b7"], "b7 new")
    both = sf.bulk.Account.upsert([{"Ext__c": "b7", "Name": "b7 newer"}, {"Ext__c": "b-new", "Name": "b-new"}], "Ext__c")
    equal([one["created"] for one in both], [False, True])
    equal((accounts()["b7"], accounts()["b-new"]), ("b7 newer", "b-new"))
    gone = sf.bulk.Account.delete([{"Id": made[7]["id"]}])
    equal(gone[0]["success"], True)
    assert made[7]["id"] not in compat.records("Account")
    serial = sf.bulk.Account.insert([{"Name": "serial"}], use_serial=True)
    equal(serial[0]["success"], True)


@case
def bulk_query():
    compat.generate("Product2", 30)
    got = {one["Id"]: one["Name"] for one in sf.bulk.Product2.query("SELECT Id, Name FROM Product2")}
    equal(got, {key: row["Name"] for key, row in compat.records("Product2").items()})
    equal(len(list(sf.bulk.Product2.query_all("SELECT Id FROM Product2"))), 30)


@case
def bulk2_insert_upsert_update_delete():
    rows = [{"Ext__c": f"c{i}", "Name": f'c{i} "quoted", and\nmore' if i % 7 == 0 else f"c{i}"} for i in range(1000)]
    made = sf.bulk2.Account.insert(records=rows, batch_size=400, concurrency=3, wait=WAIT_S)
    equal([(one["numberRecordsProcessed"], one["numberRecordsFailed"]) for one in made], [(400, 0), (400, 0), (200, 0)])
    equal({key: name for key, name in accounts().items() if key.startswith("c") and key != "crud-1"},
          {row["Ext__c"]: row["Name"] for row in rows})
    again = sf.bulk2.Account.upsert(records=[{"Ext__c": "c1", "Name": "c1 new"}, {"Ext__c": "c-new", "Name": "c-new"}, {"Ext__c": "", "Name": "x"}],
                                    external_id_field="Ext__c", wait=WAIT_S)[0]
    equal((again["numberRecordsProcessed"], again["numberRecordsFailed"]), (3, 1))
    results = sf.bulk2.Account.get_all_ingest_records(again["job_id"])
    equal([one["sf__Created"] for one in results["successfulRecords"]], ["false", "true"])
    equal(results["failedRecords"][0]["sf__Error"], "MISSING_ARGUMENT:Ext__c not specified:--")
    equal(results["unprocessedRecords"], [])
    ids = {row["Ext__c"]: key for key, row in compat.records("Account").items() if row.get("Ext__c")}
    equal(accounts()["c1"], "c1 new")
    sf.bulk2.Account.update(records=[{"Id": ids["c2"], "Name": "c2 new"}], wait=WAIT_S)
    equal(accounts()["c2"], "c2 new")
    sf.bulk2.Account.delete(records=[{"Id": ids["c2"]}, {"Id": ids["c3"]}], wait=WAIT_S)
    sf.bulk2.Account.hard_delete(records=[{"Id": ids["c4"]}], wait=WAIT_S)
    equal({"c2", "c3", "c4"} & accounts().keys(), set())


@case
def bulk2_job_that_fails():
    from simple_salesforce.exceptions import SalesforceOperationError
    error = refused(SalesforceOperationError, lambda: sf.bulk2.Account.insert(records=[{"Nope__c": "x"}], wait=WAIT_S))
    assert "Field name not found : Nope__c" in str(error), error


@case
def bulk2_query_and_download():
    compat.generate("Case", 2500)
    pages = list(sf.bulk2.Case.query("SELECT Id, Subject FROM Case", max_records=1000, wait=WAIT_S))
    equal(len(pages), 3)
    got = {row["Id"]: row["Subject"] for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))}
    equal(got, {key: row["Subject"] or "" for key, row in compat.records("Case").items()})
    os.mkdir("pages")
    files = sf.bulk2.Case.download("SELECT Id FROM Case", path="pages", max_records=1500)
    equal([one["number_of_records"] for one in files], [1500, 1000])


@case
def rest_of_the_api_by_path():
    equal(sf.restful("sobjects/Account", method="GET")["objectDescribe"]["name"], "Account")
    equal(sf.query_more(sf.query("SELECT Id FROM Lead")["nextRecordsUrl"], identifier_is_url=True)["totalSize"], 4499)


compat.main()
