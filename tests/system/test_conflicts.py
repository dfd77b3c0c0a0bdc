"""Both sides change one record at once: fields merge, and who loses a field is in the journal."""

import threading
import time

import wait
from compare import same
from mappings import ACCOUNT, account
from world import World


def apart(world, sfid, ours, theirs, seconds=2.1):
    """Both sides change the record while neither sees the other; SQL first, the org two seconds later, so that it is certainly the newer."""
    world.pause()
    columns = ", ".join(f"{name.lower()} = ${at}" for at, name in enumerate(ours, 2))
    world.db.rows(f"UPDATE salesforce.account SET {columns} WHERE sfid = $1", sfid, *ours.values())
    time.sleep(seconds)
    world.org.update("Account", {"Id": sfid, **theirs})
    world.resume()


def loaded(world, **config):
    sfid, = world.org.insert("Account", {"Name": "a", "Phone": "p0", "Fax": "f0"})
    world.start(account(**config))
    return sfid


def journal(world):
    return world.duet.api("/api/v1/journal?object=Account")["entries"]


def test_different_fields_both_stay():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        apart(world, sfid, {"Phone": "sql"}, {"Fax": "org"})
        wait.equal("Phone in the org", "sql", lambda: world.org.record("Account", sfid)["Phone"])
        world.settle()
        row, record = world.row("account", sfid), world.org.record("Account", sfid)
        assert (row["phone"], row["fax"], record["Phone"], record["Fax"]) == ("sql", "org", "sql", "org")
        same(world, "Account")
        assert journal(world) == []


def decided(policy, winner):
    with World(keys=("Account",)) as world:
        sfid = loaded(world, **({} if policy is None else {"conflict": policy}))
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        wait.until("a journal entry", lambda: journal(world))
        world.settle()
        entry, = journal(world)
        loser = "org" if winner == "sql" else "sql"
        assert (entry["field"], entry["base"], entry["lost"], entry["kept"]) == ("Phone", "p0", loser, winner), entry
        assert entry["sfid"] == sfid and entry["rule"] == (policy or "newest"), entry
        assert world.row("account", sfid)["phone"] == winner and world.org.record("Account", sfid)["Phone"] == winner
        same(world, "Account")
        shown = world.duet.command("journal")
        assert shown.returncode == 0 and loser in shown.stdout and sfid in shown.stdout, shown.stdout


def test_newest_by_default():
    decided(None, "org")


def test_salesforce_wins():
    decided("salesforce", "org")


def test_postgres_wins():
    decided("postgres", "sql")


def test_the_same_value_is_no_conflict():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        apart(world, sfid, {"Phone": "same"}, {"Phone": "same"})
        world.settle()
        assert world.row("account", sfid)["phone"] == "same" and journal(world) == []
        same(world, "Account")


def test_delete_against_a_later_update():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        world.pause(outbound=True)
        row_id = world.row("account", sfid)["id"]
        world.db.rows("DELETE FROM salesforce.account WHERE sfid = $1", sfid)
        time.sleep(2.1)
        world.org.update("Account", {"Id": sfid, "Phone": "still needed"})
        wait.equal("the row's phone", "still needed", lambda: (world.row("account", sfid) or {}).get("phone"))
        world.resume()
        world.settle()
        assert world.org.record("Account", sfid) is not None, "the later update wins"
        assert world.row("account", sfid)["id"] == row_id, "the row is restored under its old id"
        assert journal(world) != []
        same(world, "Account")


def test_delete_that_covers_an_unseen_update():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        world.pause()
        world.db.rows("DELETE FROM salesforce.account WHERE sfid = $1", sfid)
        time.sleep(2.1)
        world.org.update("Account", {"Id": sfid, "Phone": "still needed"})
        world.resume()
        wait.until("the delete decided", lambda: world.log_states() and world.log_states()[0] not in ("NEW", "PENDING"))
        world.settle()
        kept = world.org.record("Account", sfid)
        assert (world.row("account", sfid) is None) == (kept is None), "both sides have it, or neither"
        text = world.db.value("SELECT string_agg(j::text, ' ') FROM duet.journal j") or ""
        assert kept is not None or "still needed" in text, text


def test_update_against_delete():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        world.pause()
        world.db.rows("UPDATE salesforce.account SET phone = 'unseen' WHERE sfid = $1", sfid)
        time.sleep(2.1)
        world.org.delete("Account", sfid)
        world.resume()
        world.settle()
        wait.until("the row gone", lambda: world.row("account", sfid) is None)
        text = world.db.value("SELECT string_agg(j::text, ' ') FROM duet.journal j")
        assert text and "unseen" in text, text


def test_hot_record_from_both_sides():
    with World(keys=("Account",)) as world:
        sfid = loaded(world)
        other = world.session()

        def sql():
            for turn in range(60):
                other.rows("UPDATE salesforce.account SET phone = $1 WHERE sfid = $2", f"s{turn}", sfid)
                time.sleep(0.01)

        writer = threading.Thread(target=sql)
        writer.start()
        for turn in range(60):
            world.org.update("Account", {"Id": sfid, "Fax": f"o{turn}"})
            time.sleep(0.01)
        writer.join()
        world.settle()
        record = world.org.record("Account", sfid)
        assert (record["Phone"], record["Fax"]) == ("s59", "o59"), record
        same(world, "Account")
        assert journal(world) == []
