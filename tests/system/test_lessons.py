"""Acceptance scenarios of spec/lessons.md §3 about writing to the org, each from a real complaint, by their numbers. Number 8 is in
test_parents.py; those about transports and limits are in their own suites."""

import json
import threading
import time
import urllib.parse

import wait
from compare import same
from mappings import ACCOUNT, CONTACT, account
from world import World

DATA = "/services/data/"


def rest(world, method, path, body=None):
    """As another client of the REST API. (status, answer)."""
    connection = world.org.connect()
    try:
        connection.request(method, DATA + "v62.0" + path, None if body is None else json.dumps(body),
                           {"Authorization": f"Bearer {world.org.ready['access_token']}", "Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if text else None
    finally:
        connection.close()


def open_issues(world):
    return world.duet.api("/api/v1/issues?state=open")["issues"]


def test_lesson_1_two_upserts_of_one_new_key():
    with World(keys=("Account",), org={"upsert_window_ms": 300}) as world:
        world.start(ACCOUNT)
        theirs = []
        other = threading.Thread(target=lambda: theirs.append(
            rest(world, "PATCH", "/sobjects/Account/Duet_Key__c/K-1", {"Name": "one", "Fax": "theirs"})))
        other.start()
        time.sleep(0.05)
        world.db.rows("INSERT INTO salesforce.account (name, phone, duet_key__c) VALUES ('one', 'ours', 'K-1')")
        other.join()
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account"))
        world.settle()
        records = list(world.org.living("Account").values())
        assert len(records) == 1, records
        if theirs[0][0] >= 300:  # their upsert lost the race: they have to try again
            assert "DUPLICATE_VALUE" in json.dumps(theirs[0][1]), theirs
        else:
            assert records[0]["Fax"] == "theirs", records
        assert records[0]["Phone"] == "ours", records
        assert open_issues(world) == [], "no value was in conflict"
        same(world, "Account")


def test_lesson_2_insert_commits_and_its_response_is_lost():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        for method in ("POST", "PATCH"):
            world.org.fault(method=method, path_prefix=DATA, ordinal=1, action="commit_then_drop")
        world.db.rows("INSERT INTO salesforce.account (name) SELECT 'n' || n FROM generate_series(1, 50) n")
        wait.equal("rows without an Id", "0", lambda: world.db.value("SELECT count(*) FROM salesforce.account WHERE sfid IS NULL"))
        world.settle()
        assert len(world.org.living("Account")) == 50
        assert all(len([v for v in world.org.history("Account", sfid) if v["changeType"] == "CREATE"]) == 1
                   for sfid in world.org.living("Account"))
        same(world, "Account")


def test_lesson_4_sparse_rows_keep_other_fields():
    with World(keys=("Account",)) as world:
        ids = world.org.insert("Account", *({"Name": f"a{n}", "Phone": "p", "Fax": "f", "Website": "w"} for n in range(6)))
        world.start(ACCOUNT)
        world.pause(outbound=True)
        for n, sfid in enumerate(ids):
            column = ("phone", "fax", "website")[n % 3]
            world.db.rows(f"UPDATE salesforce.account SET {column} = $1 WHERE sfid = $2", None if n >= 3 else f"new{n}", sfid)
        world.resume()
        world.settle()
        for n, sfid in enumerate(ids):
            record = world.org.record("Account", sfid)
            wanted = {"Phone": "p", "Fax": "f", "Website": "w"}
            wanted[("Phone", "Fax", "Website")[n % 3]] = None if n >= 3 else f"new{n}"
            assert {name: record[name] for name in wanted} == wanted, (n, dict(record))
        assert world.duet.api("/api/v1/journal?object=Account")["entries"] == []


def merge(world, winner, *losers):
    world.org.kept("POST", "/orgsim/records/Account", {"merge": {"winner": winner, "losers": list(losers)}})


def test_lesson_14_merge_with_pending_child_writes():
    with World(keys=("Account", "Contact")) as world:
        winner, loser = world.org.insert("Account", {"Name": "winner"}, {"Name": "loser"})
        child, = world.org.insert("Contact", {"LastName": "child", "AccountId": loser})
        world.start({**ACCOUNT, **CONTACT})
        world.pause(outbound=True)
        world.db.rows("UPDATE salesforce.contact SET title = 'pending' WHERE sfid = $1", child)
        world.db.rows("UPDATE salesforce.account SET phone = 'of the loser' WHERE sfid = $1", loser)
        merge(world, winner, loser)
        wait.equal("the child's parent", winner, lambda: world.row("contact", child)["accountid"])
        world.resume()
        world.settle()
        record = world.org.record("Contact", child)
        assert (record["Title"], record["AccountId"]) == ("pending", winner), dict(record)
        assert set(world.org.living("Account")) == {winner}, "the merged record must not be made anew"
        assert world.row("account", loser) is None
        lost = {entry["field"]: entry.get("lost") for entry in world.duet.api("/api/v1/journal?object=Account")["entries"]}
        assert lost.get("Phone") == "of the loser", lost
        told = [issue for issue in world.duet.api("/api/v1/issues?state=decided")["issues"] if issue["sfid"] == loser]
        assert told and winner in told[0]["message"], told
        same(world, "Account")
        same(world, "Contact")


LEAD = {"Lead": {"fields": ["LastName", "Company", "Phone", "IsConverted", "ConvertedAccountId", "Duet_Key__c"], "access": "read_write",
                 "upsert": "Duet_Key__c"}}


def convert(world, lead):
    """Over SOAP, as other clients do: REST has no such call."""
    session = world.org.ready["access_token"]
    body = f"""<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">
        <soapenv:Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></soapenv:Header>
        <soapenv:Body><convertLead><leadConverts><leadId>{lead}</leadId><convertedStatus>Closed - Converted</convertedStatus>
        </leadConverts></convertLead></soapenv:Body></soapenv:Envelope>"""
    connection = world.org.connect()
    connection.request("POST", "/services/Soap/u/62.0", body, {"Content-Type": "text/xml", "SOAPAction": '""'})
    answer = connection.getresponse().read().decode()
    connection.close()
    assert "<success>true</success>" in answer, answer


def test_lesson_15_lead_converted_with_a_pending_update():
    with World(keys=("Lead", "Account")) as world:
        lead, = world.org.insert("Lead", {"LastName": "Bond", "Company": "MI6", "Status": "Open - Not Contacted"})
        world.start({**LEAD, **ACCOUNT})
        world.pause(outbound=True)
        world.db.rows("UPDATE salesforce.lead SET phone = 'pending' WHERE sfid = $1", lead)
        convert(world, lead)
        wait.equal("IsConverted", "t", lambda: world.row("lead", lead)["isconverted"])
        world.resume()
        world.settle()
        held = [issue for issue in open_issues(world) if issue["sfid"] == lead]
        record = world.org.record("Lead", lead)
        if held:
            assert held[0]["fields"][0]["postgres"] == "pending" and held[0]["code"], held
        else:
            assert record["Phone"] == "pending", dict(record)
            same(world, "Lead")
        assert len(world.org.living("Lead")) == 1
        assert world.row("account", record["ConvertedAccountId"])["name"] == "MI6"


VALUES = {
    "Big__c": {"type": "currency", "precision": 18, "scale": 2},
    "Whole__c": {"type": "double", "precision": 18, "scale": 0},
    "Day__c": {"type": "date"},
    "At__c": {"type": "datetime"},
    "Picks__c": {"type": "multipicklist", "length": 4099},
    "Long__c": {"type": "textarea", "length": 32768},
}
# The night when clocks go forward in New York and Berlin; an emoji of four bytes; a text of more than 255 characters.
WRITTEN = {"name": "👩‍🚀 Zoë", "big__c": "1234567890123.45", "whole__c": "123456789012345", "day__c": "2026-03-29", "at__c": "2026-03-29 01:30:00",
           "picks__c": "green;red", "long__c": "𝄞 " * 400 + "end"}
IN_ORG = {"Name": "👩‍🚀 Zoë", "Big__c": 1234567890123.45, "Whole__c": 123456789012345, "Day__c": "2026-03-29",
          "At__c": "2026-03-29T01:30:00.000+0000", "Long__c": "𝄞 " * 400 + "end"}


def test_lesson_20_values_at_the_edges():
    with World(keys=("Account",)) as world:
        world.org.add_fields("Account", *({"name": name, **kind} for name, kind in VALUES.items()))
        world.start(account(fields=["Name", *VALUES, "Duet_Key__c"]))
        columns = ", ".join(WRITTEN)
        marks = ", ".join(f"${n}" for n in range(1, len(WRITTEN) + 1))
        casts = marks.replace("$2", "$2::float8").replace("$3", "$3::float8").replace("$4", "$4::date").replace("$5", "$5::timestamp")
        world.db.rows(f"INSERT INTO salesforce.account ({columns}) VALUES ({casts})", *WRITTEN.values())
        sfid = wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account"))
        world.settle()
        record = world.org.record("Account", sfid)
        for name, value in IN_ORG.items():
            assert record[name] == value, (name, record[name], value)
        assert set(record["Picks__c"].split(";")) == {"green", "red"}, record["Picks__c"]
        same(world, "Account")

        # 18 digits are more than the column can hold (Heroku Connect's double precision): the org's value is not touched by that.
        world.org.update("Account", {"Id": sfid, "Whole__c": 123456789012345678, "Day__c": "2026-10-25", "Name": "x" * 255})
        wait.equal("the name", "x" * 255, lambda: world.row("account", sfid)["name"])
        world.settle()
        world.db.rows("UPDATE salesforce.account SET day__c = '2026-10-26' WHERE sfid = $1", sfid)
        wait.equal("Day__c", "2026-10-26", lambda: world.org.record("Account", sfid)["Day__c"])
        world.settle()
        assert int(world.org.record("Account", sfid)["Whole__c"]) in (123456789012345678, 123456789012345680)
        assert len([v for v in world.org.history("Account", sfid) if "Whole__c" in v["fields"]]) == 2, "it was written by nobody else"
        world.db.rows("UPDATE salesforce.account SET name = $1 WHERE sfid = $2", "y" * 255, sfid)
        wait.equal("Name", "y" * 255, lambda: world.org.record("Account", sfid)["Name"])
        world.settle()
        assert urllib.parse.quote(record["Name"]) == urllib.parse.quote(IN_ORG["Name"])
