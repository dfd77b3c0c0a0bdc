"""People and an application at work on the same Accounts at once: seeded edits, inserts and deletes on both sides."""

import itertools
import random
import threading
import time

from pq import SqlError

FIELDS = ["Phone", "Fax", "Website", "BillingCity", "AccountNumber", "Site"]
MAPPED = ["Name", *FIELDS, "Description", "NumberOfEmployees", "AnnualRevenue", "CreatedDate", "LastModifiedDate", "Duet_Key__c"]
ACCOUNT = {"Account": {"fields": MAPPED, "access": "read_write", "upsert": "Duet_Key__c"}}

HOT_RECORDS = 25
DOOMED_RECORDS = 60
LOCK_SECONDS = 0.3


class Workload:
    """`edits` in all, half on each side. A refused edit is one that a person would be told about: a deleted record, a taken key."""

    def __init__(self, world, ids, *, seed, edits, pause_seconds, threads=2):
        self.world = world
        picker = random.Random(seed)
        chosen = picker.sample(ids, HOT_RECORDS + DOOMED_RECORDS)
        self.hot, self.doomed, self.cold = chosen[:HOT_RECORDS], chosen[HOT_RECORDS:], ids
        self.shared_keys = [f"shared-{seed}-{n}" for n in range(8)]
        self.numbers = itertools.count()
        self.touched = set()
        self.counts = {}
        self.failure = None
        self.pause_seconds = pause_seconds
        self._lock = threading.Lock()
        share = edits // (2 * threads)
        self._threads = [threading.Thread(target=self._work, args=(write, random.Random(f"{seed}.{side}.{n}"), share))
                         for n in range(threads) for side, write in (("sql", self._sql), ("org", self._org))]

    def start(self):
        for thread in self._threads:
            thread.start()

    def running(self):
        return any(thread.is_alive() for thread in self._threads)

    def join(self):
        for thread in self._threads:
            thread.join()
        if self.failure:
            raise self.failure

    def _work(self, write, luck, edits):
        try:
            write(luck, edits)
        except BaseException as error:
            self.failure = error

    def _count(self, what):
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def _values(self, author, luck):
        """Some fields, more often than not the same one."""
        names = {"Phone"} if luck.random() < 0.5 else set()
        names |= set(luck.sample(FIELDS, luck.choice([1, 1, 2, 3])))
        number = next(self.numbers)
        return {name: f"{author}{number}.{name}" for name in sorted(names)}

    def _record(self, luck):
        pool = luck.choices([self.hot, self.doomed, self.cold], [6, 1, 3])[0]
        sfid = luck.choice(pool)
        with self._lock:
            self.touched.add(sfid)
        return sfid

    def _sql(self, luck, edits):
        with self.world.session() as session:
            for _ in range(edits):
                kind = luck.choices(["update", "locked update", "insert", "insert with a key", "insert a shared key", "delete"],
                                    [80, 4, 9, 3, 1, 3])[0]
                self._count(f"sql {kind}")
                if kind == "delete":
                    session.rows("DELETE FROM salesforce.account WHERE sfid = $1", luck.choice(self.doomed))
                elif kind.startswith("insert"):
                    self._sql_insert(session, kind, luck)
                else:
                    self._sql_update(session, luck, kind == "locked update")
                time.sleep(luck.uniform(0, 2 * self.pause_seconds))

    def _sql_update(self, session, luck, locked):
        values = self._values("p", luck)
        assignments = ", ".join(f"{name.lower()} = ${at}" for at, name in enumerate(values, 2))
        session.run("BEGIN")
        session.rows(f"UPDATE salesforce.account SET {assignments} WHERE sfid = $1", self._record(luck), *values.values())
        if locked:
            time.sleep(LOCK_SECONDS)
        session.run("COMMIT")

    def _sql_insert(self, session, kind, luck):
        values = self._values("p", luck)
        values["Name"] = f"p{next(self.numbers)}.Name"
        if kind == "insert with a key":
            values["Duet_Key__c"] = f"own-{next(self.numbers)}"
        elif kind == "insert a shared key":
            values["Duet_Key__c"] = luck.choice(self.shared_keys)
        places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
        try:
            session.rows(f"INSERT INTO salesforce.account ({', '.join(values).lower()}) VALUES ({places})", *values.values())
        except SqlError as error:
            if "hcu_idx_account_duet_key__c" not in str(error):
                raise
            self._count("sql refused")

    def _org(self, luck, edits):
        for _ in range(edits):
            kind = luck.choices(["update", "update of five", "insert", "insert a shared key", "delete"], [82, 4, 9, 1, 4])[0]
            self._count(f"org {kind}")
            try:
                if kind == "delete":
                    self.world.org.delete("Account", luck.choice(self.doomed))
                elif kind.startswith("insert"):
                    values = {**self._values("s", luck), "Name": f"s{next(self.numbers)}.Name"}
                    if kind == "insert a shared key":
                        values["Duet_Key__c"] = luck.choice(self.shared_keys)
                    self.world.org.insert("Account", values)
                else:
                    some = {self._record(luck) for _ in range(5 if kind == "update of five" else 1)}
                    self.world.org.update("Account", *[{"Id": sfid, **self._values("s", luck)} for sfid in sorted(some)], allOrNone=True)
            except RuntimeError as error:
                if not any(code in str(error) for code in ("ENTITY_IS_DELETED", "DUPLICATE_VALUE", "UNABLE_TO_LOCK_ROW")):
                    raise
                self._count("org refused")
            time.sleep(luck.uniform(0, 2 * self.pause_seconds))
