"""The storm: twenty application threads insert, change and delete parents and children while the org loses answers, is busy, locks rows and
runs out of calls, and `kill -9` comes every five seconds. Judged by the org's own history.

DUET_STORM_SECONDS says for how long (120 as the promise has it; a shorter one in a whole run); DUET_SEED repeats the edits."""

import collections
import os
import random
import threading
import time

from compare import same
from world import World

SECONDS = int(os.environ.get("DUET_STORM_SECONDS", 30))
THREADS = 20
KILL_SECONDS = 5.0
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = 240
DATA = "/services/data/"
# As slow as a real org, with locks that are really held.
ORG = {"event_delay_ms": 100, "commit_delay_ms": 10, "lock_wait_ms": 20, "daily_api_limit": 10_000_000}
PARENT = {"Account": {"fields": ["Name", "Phone", "NumberOfEmployees", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"}}
CHILD = {"Contact": {"fields": ["LastName", "Phone", "Step__c", "AccountId", "Account.Duet_Key__c", "Duet_Key__c"],
                     "access": "read_write", "upsert": "Duet_Key__c"}}
LOCKED = '[{"message":"unable to obtain exclusive access to this record","errorCode":"UNABLE_TO_LOCK_ROW","fields":[]}]'
LIMIT = '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
BUSY = '[{"message":"down for maintenance","errorCode":"SERVER_UNAVAILABLE"}]'


def weather(world):
    for method in ("POST", "PATCH", "DELETE"):
        world.org.fault(method=method, path_prefix=DATA, probability=0.05, action="commit_then_drop")
        for status, body in ((503, BUSY), (400, LOCKED), (403, LIMIT)):
            world.org.fault(method=method, path_prefix=DATA, probability=0.05, action="status", status=status, body=body)


class Application:
    """One thread of it: it owns its rows, so that what it wrote last is what must stand."""

    def __init__(self, world, number, seed, until):
        self.luck = random.Random(f"{seed}.{number}")
        self.world, self.number, self.until = world, number, until
        self.session = world.session()
        self.parents = {}  # key: last step written
        self.children = {}  # key: (last step written, key of the parent)
        self.deleted = {"account": set(), "contact": set()}
        self.made = 0
        self.failure = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while time.monotonic() < self.until:
                self._act()
                time.sleep(self.luck.uniform(0, 2 * PAUSE_SECONDS))
        except BaseException as error:
            self.failure = error

    def _key(self, kind):
        self.made += 1
        return f"{kind}{self.number}-{self.made}"

    def _act(self):
        act = self.luck.choices([self._family, self._child, self._change, self._remove], [3, 3, 12, 1])[0]
        act()

    def _family(self):
        parent, child = self._key("p"), self._key("c")
        self.session.run("BEGIN")
        self.session.rows("INSERT INTO salesforce.account (name, numberofemployees, duet_key__c) VALUES ($1, 0, $1)", parent)
        self.session.rows("INSERT INTO salesforce.contact (lastname, step__c, duet_key__c, account__duet_key__c) VALUES ($1, 0, $1, $2)", child, parent)
        self.session.run("COMMIT")
        self.parents[parent] = 0
        self.children[child] = (0, parent)

    def _child(self):
        if not self.parents:
            return
        parent, child = self.luck.choice(list(self.parents)), self._key("c")
        self.session.rows("INSERT INTO salesforce.contact (lastname, step__c, duet_key__c, account__duet_key__c) VALUES ($1, 0, $1, $2)", child, parent)
        self.children[child] = (0, parent)

    def _change(self):
        if self.parents and self.luck.random() < 0.4:
            key = self.luck.choice(list(self.parents))
            self.parents[key] += 1
            self.session.rows("UPDATE salesforce.account SET numberofemployees = $1 WHERE duet_key__c = $2", self.parents[key], key)
        elif self.children:
            key = self.luck.choice(list(self.children))
            step, parent = self.children[key]
            self.children[key] = (step + 1, parent)
            self.session.rows("UPDATE salesforce.contact SET step__c = $1 WHERE duet_key__c = $2", step + 1, key)

    def _remove(self):
        if self.children and self.luck.random() < 0.7:
            key = self.luck.choice(list(self.children))
            self.session.rows("DELETE FROM salesforce.contact WHERE duet_key__c = $1", key)
            del self.children[key]
            self.deleted["contact"].add(key)
        elif self.parents:
            parent = self.luck.choice(list(self.parents))
            family = [key for key, (_, of) in self.children.items() if of == parent]
            self.session.run("BEGIN")
            for key in family:
                self.session.rows("DELETE FROM salesforce.contact WHERE duet_key__c = $1", key)
                del self.children[key]
                self.deleted["contact"].add(key)
            self.session.rows("DELETE FROM salesforce.account WHERE duet_key__c = $1", parent)
            self.session.run("COMMIT")
            del self.parents[parent]
            self.deleted["account"].add(parent)


def judge(world, object_name, step_field, wanted, deleted):
    """`wanted` is {key: step}. Everything that the org ever had of these keys, from its history."""
    found = []
    by_key = collections.defaultdict(list)
    for sfid, record in world.org.records(object_name).items():
        by_key[record.get("Duet_Key__c")].append((sfid, record))
    for key, step in wanted.items():
        living = [record for _, record in by_key[key] if not record.get("IsDeleted")]
        if len(living) != 1:
            found.append(f"{key}: {len(living)} records in the org")
        elif int(living[0][step_field]) != step:
            found.append(f"{key}: step {living[0][step_field]} in the org, {step} was written last")
    for key, records in by_key.items():
        if key is not None and len(records) > 1:
            found.append(f"{key}: made {len(records)} times")
        if key in deleted and any(not record.get("IsDeleted") for _, record in records):
            found.append(f"{key}: deleted in the table, alive in the org")
        for sfid, _ in records:
            steps = [int(version["fields"][step_field]["new"]) for version in world.org.history(object_name, sfid)
                     if version["fields"].get(step_field, {}).get("new") is not None]
            if steps != sorted(steps):
                found.append(f"{key}: steps in the wrong order {steps}")
    return found


def test_storm():
    seed = int(os.environ.get("DUET_SEED", time.time_ns() % 1_000_000))
    print(f"       storm: DUET_SEED={seed}, {SECONDS} s", flush=True)
    with World(keys=("Account", "Contact"), org=ORG, engine={"max_deletes": 0}) as world:
        world.org.add_fields("Contact", {"name": "Step__c", "type": "double", "precision": 18, "scale": 0})
        # Triggers of the org's own that keep the parent locked for a while.
        world.org.kept("POST", "/orgsim/rules", {"type": "after", "object": "Contact", "service_ms": 3})
        world.start({**PARENT, **CHILD})
        weather(world)
        began = time.monotonic()
        apps = [Application(world, number, seed, began + SECONDS) for number in range(THREADS)]
        for app in apps:
            app.thread.start()
        kills = 0
        while any(app.thread.is_alive() for app in apps):
            time.sleep(KILL_SECONDS)
            world.duet.kill9()
            world.duet.start()
            kills += 1
        for app in apps:
            app.thread.join()
            if app.failure:
                raise app.failure
        world.org.clear_faults()
        world.settle(SETTLE_SECONDS)
        settled = time.monotonic() - began - SECONDS
        parents = {key: step for app in apps for key, step in app.parents.items()}
        children = {key: step for app in apps for key, (step, _) in app.children.items()}
        print(f"       storm: {kills} kills; {len(parents)} parents, {len(children)} children, "
              f"{sum(map(sum_of_steps, apps))} changes; at rest {settled:.0f} s after", flush=True)
        deleted = {name: set().union(*(app.deleted[name] for app in apps)) for name in ("account", "contact")}
        found = judge(world, "Account", "NumberOfEmployees", parents, deleted["account"])
        found += judge(world, "Contact", "Step__c", children, deleted["contact"])
        # A child is never without the parent that it was made with.
        keys = {sfid: record.get("Duet_Key__c") for sfid, record in world.org.living("Account").items()}
        wanted = {key: parent for app in apps for key, (_, parent) in app.children.items()}
        for record in world.org.living("Contact").values():
            key = record["Duet_Key__c"]
            if keys.get(record.get("AccountId")) != wanted.get(key):
                found.append(f"{key}: parent {keys.get(record.get('AccountId'))}, not {wanted.get(key)}")
        assert not found, "\n".join(found[:40])
        same(world, "Account")
        same(world, "Contact")


def sum_of_steps(app):
    return sum(app.parents.values()) + sum(step for step, _ in app.children.values())
