"""A crowd: three users, a trigger of the org and four SQL sessions edit the same few records at once. At rest, each value that was ever
committed on either side is the final one, or was replaced by somebody who could have seen it, or is in the journal with its author.

DUET_SEED repeats the edits; DUET_CROWD_RECORDS and DUET_CROWD_EDITS make it smaller or larger (500 and 10,000 with DUET_NIGHTLY)."""

import itertools
import os
import random
import threading
import time

from compare import same
from verdict import NOTHING, note, show
from versions import Journal, Step, org_steps, reappeared, silent_losses, table_steps, watch
from world import World

NIGHTLY = bool(os.environ.get("DUET_NIGHTLY"))
RECORDS = int(os.environ.get("DUET_CROWD_RECORDS", 500 if NIGHTLY else 120))
EDITS = int(os.environ.get("DUET_CROWD_EDITS", 10_000 if NIGHTLY else 2_400))
USERS, SESSIONS = 3, 4
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = 240
# As slow as a real org, so that edits on both sides pass each other on the way.
ORG = {"event_delay_ms": 120, "commit_delay_ms": 20}

FIELDS = ["Phone", "Fax", "Website", "BillingCity", "BillingStreet", "AccountNumber", "Site"]
GROUP = ["BillingCity", "BillingStreet"]
# The trigger: whoever writes AccountNumber, Site becomes "r" and that.
RULES = [("AccountNumber", "Site")]
MAPPING = {"Account": {"fields": ["Name", *FIELDS, "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c",
                       "policies": {"Fax": "salesforce", "Website": "postgres"}, "groups": {"Address": GROUP}}}


class Crowd:
    """Values are unique and tell who wrote them: "s<user>-…" and "p<session>-…"."""

    def __init__(self, world, ids, seed):
        self.world, self.ids = world, ids
        self.users = [world.org.kept("POST", "/orgsim/users", {"username": f"user{n}@orgsim.example", "admin": True})["id"] for n in range(USERS)]
        self.failure = None
        share = EDITS // (USERS + SESSIONS)
        self.threads = [threading.Thread(target=self._work, args=(write, number, random.Random(f"{seed}.{side}{number}"), share))
                        for side, write, count in (("s", self._user, USERS), ("p", self._session, SESSIONS)) for number in range(count)]

    def run(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        if self.failure:
            raise self.failure

    def _work(self, write, number, luck, share):
        try:
            write(number, luck, share)
        except BaseException as error:
            self.failure = error

    def _edit(self, author, count, luck):
        """(Id, values): one record in ten gets half of the edits."""
        ids = self.ids[:len(self.ids) // 10] if luck.random() < 0.5 else self.ids
        values = {name: f"{author}-{count}.{name}" for name in luck.sample(FIELDS, luck.choice([1, 1, 2, 3]))}
        return luck.choice(ids), values

    def _user(self, number, luck, share):
        for count in range(share):
            sfid, values = self._edit(f"s{number}", count, luck)
            self.world.org.update("Account", {"Id": sfid, **values}, user=self.users[number])
            time.sleep(luck.uniform(0, 2 * PAUSE_SECONDS))

    def _session(self, number, luck, share):
        with self.world.session() as session:
            for count in range(share):
                sfid, values = self._edit(f"p{number}", count, luck)
                assignments = ", ".join(f"{name.lower()} = ${at}" for at, name in enumerate(values, 2))
                session.rows(f"UPDATE salesforce.account SET {assignments} WHERE sfid = $1", sfid, *values.values())
                time.sleep(luck.uniform(0, 2 * PAUSE_SECONDS))


def histories(world):
    """{Id: (table steps, org steps)} of what both sides have seen."""
    our_user = world.org.status()["integration_user_id"]
    return {sfid: (steps, org_steps(world.org.history("Account", sfid), FIELDS, our_user, RULES))
            for sfid, steps in table_steps(world.db, FIELDS).items()}


def losses(seen, journal):
    return [f"{sfid}.{field}: {value} was overwritten unseen in the {side}; table {show(table[field])}; org {show(org[field])}"
            for sfid, (table, org) in seen.items() for field, value, side in silent_losses(table, org, journal)]


def wrong_authors(world, users):
    """Journalled values of the three users that are said to be another's. What Duet had to read it knows from the record's last writer only, and says so."""
    return [str(row) for row in world.db.rows("SELECT sfid, field, lost, lost_actor, reason, rule, to_timestamp(lost_at / 1000.0) AS at FROM duet.journal WHERE lost_side = 'salesforce' AND lost::text LIKE '\"s%'")
            if users[int(row["lost"][2])] not in (row["lost_actor"] or "") and "(last to change" not in (row["lost_actor"] or "")]


def planted(seen):
    """The same histories with one value that the org's side loses in silence."""
    sfid, field = next((sfid, field) for sfid, (_, org) in seen.items() for field in FIELDS if org[field])
    table, org = seen[sfid]
    return {sfid: ({**table, field: [*table[field], Step("p9-lost", False)]}, {**org, field: [*org[field], Step("s9-lost", False), Step("p9-lost", True)]})}


def test_crowd():
    seed = int(os.environ.get("DUET_SEED", time.time_ns() % 1_000_000))
    print(f"       crowd: DUET_SEED={seed}, {RECORDS} records, {EDITS} edits", flush=True)
    with World(keys=("Account",), org=ORG) as world:
        for cause, target in RULES:
            world.org.kept("POST", "/orgsim/rules", {"type": "before", "object": "Account", "when": {cause: {"changed": True}},
                                                     "set": {target: {"text": f"r{{{cause}}}"}}})
        ids = list(itertools.chain.from_iterable(
            world.org.insert("Account", *({"Name": f"account {n}"} for n in range(start, min(start + 100, RECORDS)))) for start in range(0, RECORDS, 100)))
        world.start(MAPPING)
        watch(world.db, "account")
        began = time.monotonic()
        crowd = Crowd(world, ids, seed)
        crowd.run()
        edited = time.monotonic() - began
        world.settle(SETTLE_SECONDS)
        same(world, "Account", seconds=30)
        settled = time.monotonic() - began - edited

        seen, journal = histories(world), Journal(world.db)
        unseen = losses(seen, NOTHING)
        wrong = []
        note(wrong, "are lost in silence", losses(seen, journal))
        note(wrong, "came back after they were replaced",
             [f"{sfid}.{field}: {value} in {show(table[field])}" for sfid, (table, _) in seen.items() for field in FIELDS
              for value in reappeared(table[field], journal.lost if field in GROUP else NOTHING.lost)])
        note(wrong, "are in the journal under another name", wrong_authors(world, crowd.users))
        versions = sum(len(steps) for table, org in seen.values() for steps in (*table.values(), *org.values()))
        print(f"       crowd: {edited:.0f} s of edits, at rest {settled:.1f} s later; {len(seen)} records touched, {versions} values on both sides, "
              f"{len(unseen)} overwritten unseen, {len(journal.lost)} journalled", flush=True)
        assert not wrong, "\n".join(wrong)
        assert losses(planted(seen), journal), "the judge does not see a loss that was planted"
        assert EDITS < 1_000 or unseen, "nothing was put to the test"
