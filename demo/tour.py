"""The guided tour: each step says what it does, does it, and looks at both sides before it says that it held."""

import threading
import time

import wait
from compare import differences
from stage import OBJECTS
from terminal import Stopwatch

SECONDS = 30
TRIES = 10


class Tour:
    """Any step that does not hold raises AssertionError with the reason."""

    def __init__(self, stage, terminal):
        self.stage = stage
        self.out = terminal

    def steps(self):
        return [self.doctor, self.load, self.insert_by_sql, self.edit_in_the_org, self.two_fields_at_once, self.one_field_at_once,
                self.still_equal]

    def doctor(self):
        self.out.heading("Before anything runs: duet doctor")
        with Stopwatch() as watch:
            done = self.stage.duet.command("doctor")
        self.out.command("duet doctor")
        self.out.verbatim(done.stdout + done.stderr)
        assert done.returncode == 0, f"duet doctor ended with status {done.returncode}"
        self.out.held("the org and the database answer, and nothing is missing", watch.seconds)

    def load(self):
        self.out.heading("The load: three objects become three tables")
        self.out.say("duet serve runs from here on. The mapping file is Heroku Connect's export format: an object, its fields, "
                     "read_write, and a unique external id.")
        self.out.command("duet serve")
        self.stage.duet.start()
        self.out.command("duet import mapping.json --wait")
        with Stopwatch() as watch:
            said = self.stage.duet.load(OBJECTS)
        self.out.verbatim(said)
        for name, count in self.stage.counts.items():
            rows = int(self.stage.db.value(f"SELECT count(*) FROM salesforce.{name.lower()}"))
            assert rows == count, f"{name}: {count} records in the org, {rows} rows in the table"
            different = differences(self.stage, name)
            assert not different, f"{name}: {different[0]}"
        total = sum(self.stage.counts.values())
        self.out.held(f"{total} records are {total} rows, equal field by field "
                      f"({', '.join(f'{count} {name}' for name, count in self.stage.counts.items())})", watch.seconds)

    def insert_by_sql(self):
        self.out.heading("An application inserts a row; the org gets a record")
        sql = "INSERT INTO salesforce.account (name, phone, billingcity) VALUES ('Paper Moon Studio', '+1 555 010 2030', 'Lisbon')"
        self.out.command(sql + ";")
        with Stopwatch() as watch:
            row_id = self.stage.db.value(sql + " RETURNING id")
            sfid = wait.until("the new row's sfid filled", lambda: self.stage.db.value(
                "SELECT sfid FROM salesforce.account WHERE id = $1", row_id), SECONDS, pause=0.001)
        record = self.stage.record(sfid)
        assert record.get("Name") == "Paper Moon Studio" and record.get("BillingCity") == "Lisbon", "the org's record has other values"
        self.out.held(f"the record {sfid} is in the org, and its Id is back in the row", watch.seconds)
        wait.equal("_hc_lastop", "SYNCED", lambda: self.stage.row(sfid)["_hc_lastop"], SECONDS)
        row = self.stage.row(sfid)
        assert row["duet_key__c"] == self.stage.record(sfid)["Duet_Key__c"], "the key differs between row and record"
        self.out.held(f"the row got the external id {row['duet_key__c']} before it was sent: a repeated send could not make a second record")

    def some_account(self, at):
        return self.stage.db.row("SELECT sfid, name, phone, website FROM salesforce.account WHERE website IS NOT NULL ORDER BY id "
                                 f"OFFSET {at} LIMIT 1")

    def edit_in_the_org(self):
        self.out.heading("Somebody edits a record in Salesforce; the table follows")
        account = self.some_account(7)
        self.out.say(f"{account['name']}: a colleague changes Phone from {account['phone']} to +1 555 700 7000.")
        with Stopwatch() as watch:
            self.stage.org.update("Account", {"Id": account["sfid"], "Phone": "+1 555 700 7000"})
            wait.until("the row's new phone", lambda: self.stage.row(account["sfid"])["phone"] == "+1 555 700 7000", SECONDS, pause=0.001)
        assert self.stage.record(account["sfid"])["Phone"] == "+1 555 700 7000"
        captured = self.stage.db.value("SELECT count(*) FROM salesforce._trigger_log WHERE sfid = $1", account["sfid"])
        assert captured == "0", "the change was taken for one of the application and would be sent back"
        self.out.held("the row has the new phone, and nothing was sent back", watch.seconds)

    def at_once(self, *actions):
        """Runs the actions in the same instant, each in a thread of its own."""
        start = threading.Barrier(len(actions))
        errors = []

        def run(action):
            try:
                start.wait()
                action()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def two_fields_at_once(self):
        self.out.heading("Two people edit different fields of one record at the same moment")
        account = self.some_account(21)
        sfid = account["sfid"]
        self.out.say(f"{account['name']}: the application sets phone by SQL while a colleague sets Website in Salesforce.")
        with self.stage.session() as app, Stopwatch() as watch:
            self.at_once(lambda: app.rows("UPDATE salesforce.account SET phone = '+1 555 111 1111' WHERE sfid = $1", sfid),
                         lambda: self.stage.org.update("Account", {"Id": sfid, "Website": "https://new.example"}))
            wanted = ("+1 555 111 1111", "https://new.example")
            wait.equal("the row", wanted, lambda: (self.stage.row(sfid)["phone"], self.stage.row(sfid)["website"]), SECONDS)
            wait.equal("the record", wanted, lambda: (self.stage.record(sfid)["Phone"], self.stage.record(sfid)["Website"]), SECONDS)
        wait.equal("_hc_lastop", "SYNCED", lambda: self.stage.row(sfid)["_hc_lastop"], SECONDS)
        assert self.stage.journal(sfid) == [], "something was journalled although nothing was lost"
        self.out.held("both edits stand, on both sides, and nothing was lost", watch.seconds)

    def one_field_at_once(self):
        self.out.heading("Two people edit the same field at the same moment")
        account = self.some_account(42)
        sfid = account["sfid"]
        self.out.say(f"{account['name']}: both set the phone number. One of them must lose; the journal keeps what was lost, who wrote it, "
                     "and which rule decided.")
        with Stopwatch() as watch, self.stage.session() as app:
            ours, theirs = self.collide(app, sfid, watch)
            kept = wait.until("both sides the same", lambda: self.agreed(sfid), SECONDS)
            watch.lap()
            seconds = watch.seconds
        assert kept in (ours, theirs), f"both sides have {kept}, which nobody wrote"
        loser = theirs if kept == ours else ours
        entries = [entry for entry in self.stage.journal(sfid) if entry["lost"] == loser]
        assert entries, f"{loser} was overwritten and is not in the journal"
        self.out.held(f"both sides have {kept}; {loser} is in the journal (rule: {entries[0]['rule']})", seconds)
        self.out.command(f"duet journal --object Account --sfid {sfid}")
        shown = self.stage.duet.command("journal", "--object", "Account", "--sfid", sfid)
        self.out.verbatim(shown.stdout)
        assert loser in shown.stdout, "duet journal does not show the value that lost"

    def collide(self, app, sfid, watch):
        """Sets Phone on both sides at once until neither had seen the other's; the two values of that time."""
        for turn in range(TRIES):
            ours, theirs = f"+1 555 222 00{turn:02}", f"+1 555 333 00{turn:02}"
            watch.started = time.monotonic()
            self.at_once(lambda: app.rows("UPDATE salesforce.account SET phone = $1 WHERE sfid = $2", ours, sfid),
                         lambda: self.stage.org.update("Account", {"Id": sfid, "Phone": theirs}))
            wait.until("both sides the same and at rest", lambda: self.agreed(sfid), SECONDS)
            if self.stage.journal(sfid):
                return ours, theirs
            self.out.say("One of the two was quick enough to reach the other side before the second edit was made: an edit of a value that "
                         "could be seen is no conflict. Once more.")
        raise AssertionError(f"in {TRIES} tries no two edits met")

    def agreed(self, sfid):
        """The phone number that both sides have, once nothing is on its way."""
        row, record = self.stage.row(sfid), self.stage.record(sfid)
        return row["phone"] if row["phone"] == record["Phone"] and row["_hc_lastop"] == "SYNCED" else None

    def still_equal(self):
        self.out.heading("After all that")
        for name in self.stage.counts:
            wait.equal(f"{name}: what differs", [], lambda name=name: differences(self.stage, name), SECONDS)
        rows = self.stage.db.value("SELECT count(*) FROM salesforce.account")
        self.out.held(f"{rows} Accounts, every field equal on both sides; no issue is open")
        assert self.stage.duet.command("issues").returncode == 0, "an issue is open: see duet issues"
        calls = sum(self.stage.org.status()["api_calls"].values())
        self.out.say(f"The org counted {calls} API calls for the load and all of the tour.", indent=6)
