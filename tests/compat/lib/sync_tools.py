"""What the scenarios of sync tools share: an org with something to read, programs that print JSON lines, and the comparison of
what they read with the org's truth."""

import datetime
import json
import os
import subprocess
import urllib.parse
import urllib.request

import compat
from compat import READY, call, equal

OBJECTS = ("Account", "Contact", "Opportunity")
ROWS = 600


def fill():
    """Three objects with rows, parents and odd texts among them."""
    for name in OBJECTS:
        compat.generate(name, ROWS)
    account = compat.insert("Account", {"Name": 'quoted "name", with\nlines', "AnnualRevenue": 12345.67, "Website": "ü.example"})[0]
    compat.insert("Contact", {"LastName": "of an account", "AccountId": account, "Birthdate": "2000-02-29"})
    gone = compat.insert("Account", {"Name": "deleted"})
    call("POST", "records/Account", {"delete": gone})


def refresh_token():
    """A refresh token for the connected app, as a login in the browser would have given."""
    form = {"grant_type": "password", "client_id": READY["client_id"], "client_secret": READY["client_secret"],
            "username": READY["username"], "password": READY["password"] + READY["security_token"]}
    request = urllib.request.Request(READY["http"] + "/services/oauth2/token", urllib.parse.urlencode(form).encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
        return json.load(response)["refresh_token"]


def output(*command):
    """What a program prints, which reaches Salesforce's hosts through the proxy; its log only when it fails."""
    environment = os.environ | {"HTTPS_PROXY": READY["proxy"], "REQUESTS_CA_BUNDLE": READY["ca_file"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {(done.stderr + done.stdout)[-3000:]}")
    return done.stdout


def run(*command):
    """The JSON lines that a program prints."""
    return [json.loads(line) for line in output(*command).splitlines() if line.startswith("{")]


def write(name, value):
    with open(name, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return os.path.abspath(name)


def same_rows(object_name, rows, fields):
    """Asserts that rows by Id are all records of the org, deleted ones too, field by field; a field that a row leaves out is null."""
    truth = compat.records(object_name, deleted=True)
    missing, foreign = truth.keys() - rows.keys(), rows.keys() - truth.keys()
    assert not missing and not foreign, f"{object_name}: not read {sorted(missing)[:5]}, never there {sorted(foreign)[:5]}"
    compared = [field for field in fields if field in next(iter(truth.values()))]
    assert len(compared) > 20, f"{object_name}: only {compared} can be compared"
    for key, record in truth.items():
        for field in compared:
            if not isinstance(record[field], dict):
                equal(plain(rows[key].get(field)), plain(record[field]), f"{object_name} {key} {field}")


def plain(value):
    """Spellings of one value made one: moments, numbers as text, null and empty text."""
    if value in (None, ""):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    for read in (float, moment, {"true": True, "false": False}.__getitem__):
        try:
            return read(value)
        except (ValueError, KeyError):
            pass
    return value


def moment(text):
    """A date is its midnight: one of the tools writes it so."""
    if len(text) == 10 and text[4:8:3] == "--":
        text += "T00:00:00Z"
    if not (len(text) > 18 and text[10:11] == "T"):
        raise ValueError(text)
    return datetime.datetime.fromisoformat(text.replace("+0000", "+00:00").replace("Z", "+00:00")).timestamp()
