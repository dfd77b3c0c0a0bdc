"""The simulated org as tests use it: people's edits, faults, settings, and the truth about every record."""

import collections
import http.client
import json
import tempfile
import threading

from orgsim import Orgsim

# Keys and certificates of all simulated orgs of a run: to make them takes longer than to start.
KEYS = tempfile.TemporaryDirectory(prefix="duet-orgsim-")
KEY_FIELD = {"name": "Duet_Key__c", "type": "string", "length": 36, "externalId": True, "unique": True}


class Org(Orgsim):
    """Any thread; each has its own connection."""

    def __init__(self):
        super().__init__(["--data", KEYS.name])
        self._local = threading.local()

    def kept(self, method, path, body=None):
        """Like call(), on the connection of this thread."""
        for last_try in (False, True):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self.connect()
            try:
                return self.call(method, path, body, connection)
            except (http.client.HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if last_try:
                    raise

    def write(self, object_name, body):
        """POST /orgsim/records; raises when one of the records was refused."""
        return self.kept("POST", f"/orgsim/records/{object_name}", body)["results"]

    def insert(self, object_name, *records, **options):
        """As another person than Duet's user. The Ids."""
        return [result["id"] for result in self.write(object_name, {"records": list(records), "allOrNone": True, **options})]

    def update(self, object_name, *records, **options):
        """Each record with its Id; one transaction."""
        self.write(object_name, {"records": list(records), **options})

    def delete(self, object_name, *ids):
        self.write(object_name, {"delete": list(ids)})

    def undelete(self, object_name, *ids):
        self.write(object_name, {"undelete": list(ids)})

    def add_fields(self, object_name, *fields, **definition):
        """Makes the object when it is a custom one that is not there."""
        self.kept("POST", "/orgsim/objects", {"name": object_name, "fields": list(fields), **definition})

    def add_key(self, *objects):
        """Gives each a unique external id, Duet_Key__c."""
        for name in objects:
            self.add_fields(name, KEY_FIELD)

    def fault(self, **definition):
        return self.kept("POST", "/orgsim/faults", definition)

    def faults(self):
        return self.kept("GET", "/orgsim/faults")

    def clear_faults(self):
        self.kept("DELETE", "/orgsim/faults")

    def records(self, object_name, wanted=None):
        """Every record by Id, deleted ones included; with the fields whose name `wanted` says yes to, or all."""
        connection = self.connect()
        try:
            connection.request("GET", f"/orgsim/records/{object_name}")
            response = connection.getresponse()
            if response.status != 200:
                raise RuntimeError(f"records of {object_name}: HTTP {response.status}")
            found = {}
            for record in map(json.loads, response):
                found[record["Id"]] = record if wanted is None else {name: record[name] for name in record if wanted(name)}
            return found
        finally:
            connection.close()

    def living(self, object_name, wanted=None):
        """Those that are not deleted."""
        keep = None if wanted is None else lambda name: name == "IsDeleted" or wanted(name)
        return {sfid: record for sfid, record in self.records(object_name, keep).items() if not record.get("IsDeleted")}

    def record(self, object_name, sfid):
        """The record as it is now, or None; no call of the API, so no fault or limit is in the way."""
        try:
            versions = self.history(object_name, sfid)
        except RuntimeError as error:
            if "HTTP 404" in str(error):
                return None
            raise
        if versions[-1]["changeType"] in ("DELETE", "PURGE"):
            return None
        record = collections.defaultdict(lambda: None)
        for version in versions:
            record.update({name: change["new"] for name, change in version["fields"].items()})
        return record

    def history(self, object_name, sfid):
        """Every committed version, oldest first."""
        return self.kept("GET", f"/orgsim/history/{object_name}/{sfid}")
