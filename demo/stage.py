"""What the demo runs on: a private PostgreSQL, a simulated org with a small company's records, and duet between them."""

import contextlib
import datetime
import json
import os

from cluster import TestCluster
from org import Org
from pq import Session
from sample_org import fill
from service import Service

OBJECTS = {
    "Account": {"fields": ["Name", "Phone", "Website", "BillingCity", "BillingCountry", "Industry", "NumberOfEmployees", "AnnualRevenue",
                           "CreatedDate", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"},
    "Contact": {"fields": ["FirstName", "LastName", "Email", "Phone", "Title", "AccountId", "CreatedDate", "Duet_Key__c"],
                "access": "read_write", "upsert": "Duet_Key__c"},
    "Opportunity": {"fields": ["Name", "StageName", "Amount", "CloseDate", "AccountId", "CreatedDate", "Duet_Key__c"],
                    "access": "read_write", "upsert": "Duet_Key__c"},
}

# A silent org says how far its change stream is only every 270 s; a load waits for that.
KEEP_ALIVE_MS = 1_000


class DemoDuet(Service):
    """With the API token that `serve` makes for itself."""

    def __init__(self, org, url):
        super().__init__(org, url)
        self.configure("token", None)
        self.token_file = os.path.join(self.folder, "duet.token")

    def token(self):
        with open(self.token_file, encoding="utf-8") as file:
            return file.read().strip()

    def get(self, path):
        status, body = self.http(path, token=None if path == "/healthz" else self.token())
        if status != 200:
            raise RuntimeError(f"{path}: HTTP {status}: {body}")
        return body


class Stage:
    """Use as a context manager; everything is gone at its end."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.cluster = stack.enter_context(TestCluster())
            self.org = stack.enter_context(Org())
            self.org.settings(keep_alive_ms=KEEP_ALIVE_MS)
            self.org.add_key(*OBJECTS)
            self.counts = fill(self.org, datetime.date.today())
            self.duet = stack.enter_context(DemoDuet(self.org, self.cluster.url))
            self.mapping = self.duet.write_mapping(OBJECTS)
            self.db = stack.enter_context(Session(self.cluster.url))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def session(self):
        return Session(self.cluster.url)

    def row(self, sfid):
        return self.db.row("SELECT * FROM salesforce.account WHERE sfid = $1", sfid) or {}

    def record(self, sfid):
        return self.org.record("Account", sfid) or {}

    def journal(self, sfid):
        return json.loads(self.duet.get(f"/api/v1/journal?object=Account&sfid={sfid}"))["entries"]
