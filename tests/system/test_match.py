"""Insert against insert without a common key: the fields that the mapping's "match" names tell that a row and a record are the same."""

import threading

import wait
from compare import same
from mappings import CONTACT
from world import World

MATCHED = {"Contact": {**CONTACT["Contact"], "match": ["Email", "LastName"], "policies": {"Title": "salesforce", "Phone": "postgres"}}}
WITHOUT_KEY = {"Contact": {"fields": ["FirstName", "LastName", "Email", "Title"], "access": "read_write", "match": ["Email"]}}
INSERT = "INSERT INTO salesforce.contact (lastname, email, title, phone) VALUES ($1, $2, $3, $4) RETURNING id"


def contacts(world):
    return list(world.org.living("Contact").values())


def issue(world, code):
    return wait.until(code, lambda: [each for each in world.duet.issues(state="open") if each["code"] == code])[0]


def test_a_row_becomes_the_record_that_is_there():
    with World(keys=("Contact",)) as world:
        world.start(MATCHED)
        world.pause()
        sfid, = world.org.insert("Contact", {"LastName": "Weber", "Email": "ann@example.com", "Title": "theirs", "Phone": "theirs", "FirstName": "Ann"})
        row = world.db.value(INSERT, "WEBER", "Ann@Example.com", "ours", "ours")
        world.db.value(INSERT, "Huber", "ann@example.com", "ours", "ours")
        world.resume()
        wait.equal("the row's Id", sfid, lambda: world.db.value("SELECT sfid FROM salesforce.contact WHERE id = $1", row))
        world.settle()
        assert sorted(record["LastName"].lower() for record in contacts(world)) == ["huber", "weber"], contacts(world)
        weber = world.db.row("SELECT * FROM salesforce.contact WHERE id = $1", row)
        assert (weber["firstname"], weber["title"], weber["phone"]) == ("Ann", "theirs", "ours"), weber
        assert world.db.value("SELECT count(*) FROM salesforce.contact") == "2"
        lost = {(entry["field"], entry["lost"]) for entry in world.duet.api("/api/v1/journal?object=Contact")["entries"]}
        assert lost >= {("Title", "ours"), ("Phone", "theirs")}, lost
        same(world, "Contact")


def test_both_sides_insert_at_the_same_time():
    with World(keys=("Contact",), org={"event_delay_ms": 100}) as world:
        world.start(MATCHED)
        people = range(40)

        def in_the_org():
            for n in people:
                world.org.insert("Contact", {"LastName": f"n{n}", "Email": f"n{n}@example.com", "FirstName": "org"})

        other = threading.Thread(target=in_the_org)
        world.pause()
        for n in people[:20]:  # before anything is synced, in either order
            world.db.value(INSERT, f"N{n}", f"N{n}@example.com", None, "sql")
        other.start()
        other.join()
        world.resume()
        for n in people[20:]:  # while it comes in
            world.db.value(INSERT, f"N{n}", f"N{n}@example.com", None, "sql")
        wait.equal("rows with an Id, or an issue of theirs", 40, lambda: int(world.db.value(
            "SELECT count(*) FROM salesforce.contact c WHERE phone = 'sql' AND (sfid IS NOT NULL OR EXISTS (SELECT FROM duet.issue i WHERE i.record_id = c.id AND i.state = 'open'))")), 60)
        assert len(contacts(world)) == 40, "nothing is created twice"
        issues = world.duet.issues(state="open")
        assert {each["code"] for each in issues} <= {"DUPLICATE_ROW"}, issues
        # Those that were inserted before the record came in became it, in whichever order both workers came to them.
        assert int(world.db.value("SELECT count(*) FROM salesforce.contact WHERE phone = 'sql' AND sfid IS NOT NULL AND lower(lastname) = ANY($1::text[])",
                                  "{" + ",".join(f"n{n}" for n in people[:20]) + "}")) == 20, issues


def test_a_record_that_comes_in_finds_the_row_that_waits():
    with World(keys=("Contact",)) as world:
        world.start(MATCHED)
        world.pause(outbound=True)
        row = world.db.value(INSERT, "Weber", "ann@example.com", None, "ours")
        sfid, = world.org.insert("Contact", {"LastName": "Weber", "Email": "ann@example.com", "FirstName": "Ann"})
        wait.equal("the row's Id", sfid, lambda: world.db.value("SELECT sfid FROM salesforce.contact WHERE id = $1", row))
        world.resume()
        wait.equal("the phone in the org", "ours", lambda: world.org.record("Contact", sfid)["Phone"])
        world.settle()
        assert len(contacts(world)) == 1 and world.duet.issues(state="open") == []
        same(world, "Contact")


def test_several_candidates_wait_for_a_person():
    with World(keys=("Contact",)) as world:
        one, two = world.org.insert("Contact", {"LastName": "Weber", "Email": "ann@example.com"}, {"LastName": "Weber", "Email": "ann@example.com"})
        world.start(MATCHED)
        row = world.db.value(INSERT, "Weber", "ann@example.com", None, None)
        found = issue(world, "AMBIGUOUS_MATCH")
        assert one in found["message"] and two in found["message"], found
        assert len(contacts(world)) == 2
        world.db.rows("UPDATE salesforce.contact SET email = 'another@example.com' WHERE id = $1", row)
        wait.equal("contacts of the org", 3, lambda: len(contacts(world)))
        world.settle()
        assert world.duet.issues(state="open") == [], "the issue is settled with the row"
        same(world, "Contact")


def test_a_second_row_of_the_same_record_waits_for_a_person():
    with World(keys=("Contact",)) as world:
        world.start(MATCHED)
        first = world.db.value(INSERT, "Weber", "ann@example.com", None, None)
        second = world.db.value(INSERT, "weber", "ANN@example.com", None, None)
        found = issue(world, "DUPLICATE_ROW")
        assert found["record_id"] == int(second) and f"id {first}" in found["message"], found
        assert len(contacts(world)) == 1, contacts(world)
        world.db.rows("DELETE FROM salesforce.contact WHERE id = $1", second)
        wait.equal("open issues", [], lambda: world.duet.issues(state="open"))
        world.settle()
        assert len(contacts(world)) == 1
        same(world, "Contact")


def test_without_an_external_id():
    with World() as world:
        sfid, = world.org.insert("Contact", {"LastName": "Weber", "Email": "ann@example.com"})
        world.start(WITHOUT_KEY)
        world.pause()
        other, = world.org.insert("Contact", {"LastName": "Huber", "Email": "eva@example.com", "Title": "theirs"})
        row = world.db.value("INSERT INTO salesforce.contact (lastname, email) VALUES ('Huber', 'eva@example.com') RETURNING id")
        world.resume()
        wait.equal("the row's Id", other, lambda: world.db.value("SELECT sfid FROM salesforce.contact WHERE id = $1", row))
        world.settle()
        assert {record["Id"] for record in contacts(world)} == {sfid, other}
        same(world, "Contact")


def test_doctor_says_what_it_costs():
    with World() as world:
        world.start({"Contact": {**WITHOUT_KEY["Contact"], "match": ["Title"]}})
        done = world.duet.command("doctor")
        assert "no field of Title is unique" in done.stdout and "keeps no index of Title" in done.stdout, done.stdout
