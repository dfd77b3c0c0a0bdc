"""What a client's file in Python uses: the org it was given, and the protocol of run.py."""

import json
import os
import sys
import time
import traceback
import urllib.error
import urllib.request

READY = json.loads(os.environ["ORGSIM"])
CONTROL = os.environ["COMPAT_CONTROL"]

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_cases = {}


def case(function):
    """Makes a function a case, named after it; it raises when the client did not get what it should."""
    _cases[function.__name__.replace("_", " ")] = function
    return function


def call(method, path, body=None):
    """A call of /orgsim/; its JSON answer."""
    return json.loads(_request(method, path, body))


def records(object_name, deleted=False):
    """The truth: the records of an object by Id; deleted ones only when asked for."""
    rows = map(json.loads, _request("GET", f"records/{object_name}").splitlines())
    return {row["Id"]: row for row in rows if deleted or not row.get("IsDeleted")}


def insert(object_name, *rows):
    """Writes as another person would; the Ids."""
    made = call("POST", f"records/{object_name}", {"records": list(rows), "allOrNone": True})
    return [result["id"] for result in made["results"]]


def generate(object_name, count):
    call("POST", f"records/{object_name}", {"generate": count})


def objects(definitions):
    call("POST", "objects", definitions)


def _request(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{CONTROL}/orgsim/{path}", data, {"Content-Type": "application/json"}, method=method)
    try:
        with _opener.open(request, timeout=60) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} /orgsim/{path}: HTTP {error.code}: {error.read()[:500]}") from error


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}{': ' if what else ''}got {got!r}, wanted {wanted!r}")


def until(condition, seconds=20):
    """Waits until the condition gives something true, and gives it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true after {seconds} s")
        time.sleep(0.05)
    return value


def _tell(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main():
    """Runs the cases in their order."""
    _tell({"cases": list(_cases)})
    for name, function in _cases.items():
        try:
            function()
            _tell({"case": name, "ok": True})
        except Exception:
            _tell({"case": name, "ok": False, "reason": traceback.format_exc()[-2000:]})
