"""A conflict appears by itself; resolve, revert and retry are each one click and change both sides for real."""

import re

import wait
from browser import expect
from compare import same
from dashboard import Dashboard
from mappings import ACCOUNT, account


def loaded(world, **config):
    sfid, = world.org.insert("Account", {"Name": "Weber", "Phone": "p0", "Fax": "f0"})
    world.start(account(**config))
    return sfid


def held_in(world, visitor, sfid):
    """A conflict that waits, opened on the page."""
    world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})
    issue, = wait.until("the issue", world.issues)
    visitor.goto(f"/issues/{issue['id']}")
    return issue


def both_become(world, sfid, field, value):
    wait.equal(f"{field} on both sides", (value, value), lambda: world.both(sfid, field))
    world.settle()
    assert world.both(sfid, field) == (value, value)
    same(world, "Account")


def test_a_conflict_appears_live():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("operator") as visitor:
            page = visitor.page
            visitor.goto("/issues")
            expect(page.get_by_text("No open issues")).to_be_visible()
            world.apart(sfid, {"Phone": "from sql"}, {"Phone": "from org"})
            row = page.get_by_role("listitem").first
            expect(row).to_contain_text("Phone")
            expect(row).to_contain_text("from sql")
            expect(row).to_contain_text("from org")
            expect(page.get_by_role("navigation", name="Main").first.get_by_role("link", name=re.compile("Issues"))).to_contain_text("1")
            row.get_by_role("link").click()
            group = page.get_by_role("radiogroup", name="Phone")
            for text in ("p0", "from org", "from sql"):
                expect(group).to_contain_text(text)


def test_resolve_with_salesforce_in_one_click():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("operator") as visitor:
            held_in(world, visitor, sfid)
            visitor.button("Use Salesforce").click()
            expect(visitor.page.get_by_text("Resolved", exact=True).first).to_be_visible()
        both_become(world, sfid, "Phone", "org")
        assert world.issues() == []


def test_resolve_with_postgres_by_its_key():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("operator") as visitor:
            held_in(world, visitor, sfid)
            expect(visitor.button("Use PostgreSQL")).to_be_visible()
            visitor.page.keyboard.press("p")
            expect(visitor.page.get_by_text("Resolved", exact=True).first).to_be_visible()
        both_become(world, sfid, "Phone", "sql")


def test_the_record_of_a_held_conflict_shows_what_each_side_holds():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("viewer") as visitor:
            held_in(world, visitor, sfid)
            visitor.goto(f"/records/Account/{sfid}")
            expect(visitor.page.get_by_text("a conflict waits for a person")).to_be_visible()
            row = visitor.page.get_by_role("row", name=re.compile("^Phone"))
            # Whoever came first: what went out before the org's change was known has covered it there.
            org, table = world.both(sfid, "Phone")
            expect(row).to_contain_text(table)
            expect(row).to_contain_text(org if org != table else "same, as far as known")


def test_resolve_field_by_field_with_an_edited_value():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("operator") as visitor:
            page = visitor.page
            world.apart(sfid, {"Phone": "sql", "Fax": "sql fax"}, {"Phone": "org", "Fax": "org fax"})
            issue, = wait.until("one issue of both fields", lambda: [each for each in world.issues() if len(each["fields"]) == 2])
            visitor.goto(f"/issues/{issue['id']}")
            visitor.button("Edit Fax").click()
            page.get_by_label("Value of Fax").fill("a third")
            visitor.button("Take it").click()
            expect(visitor.button("Resolve", exact=True)).to_be_disabled()
            page.get_by_role("radio", name="Phone: PostgreSQL").check(force=True)
            expect(page.get_by_text("2 fields to Salesforce, 1 field to PostgreSQL")).to_be_visible()
            visitor.button("Resolve", exact=True).click()
            expect(page.get_by_text("Resolved", exact=True).first).to_be_visible()
        both_become(world, sfid, "Phone", "sql")
        both_become(world, sfid, "Fax", "a third")


def test_revert_what_a_rule_decided_in_one_click():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})
        issue, = wait.until("the decision", lambda: world.issues("state=decided"))
        world.settle()
        assert world.both(sfid, "Phone") == ("org", "org")
        with world.visitor("operator") as visitor:
            visitor.goto(f"/issues/{issue['id']}?state=decided")
            visitor.button("Revert").click()
            expect(visitor.page.get_by_text("Reverted", exact=True).first).to_be_visible()
        both_become(world, sfid, "Phone", "sql")


def test_the_other_side_after_all():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        with world.visitor("operator") as visitor:
            held_in(world, visitor, sfid)
            visitor.button("Use Salesforce").click()
            visitor.button("PostgreSQL after all").click()
            expect(visitor.page.get_by_text("Changed: 1 field")).to_be_visible()
        both_become(world, sfid, "Phone", "sql")


def test_a_lost_value_is_brought_back_from_the_journal():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="postgres")
        world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})
        wait.until("the decision", lambda: world.issues("state=decided"))
        world.settle()
        with world.visitor("operator") as visitor:
            visitor.goto("/journal")
            visitor.button(re.compile("Details of entry")).first.click()
            visitor.button("Bring the lost value back").click()
            expect(visitor.page.get_by_text("Phone is brought back")).to_be_visible()
        both_become(world, sfid, "Phone", "org")


def test_retry_a_refused_write_in_one_click():
    with Dashboard(keys=("Account",)) as world:
        world.org.add_fields("Account", {"name": "Code__c", "type": "string", "length": 20, "unique": True})
        taken, = world.org.insert("Account", {"Name": "has the code", "Code__c": "TAKEN"})
        sfid, = world.org.insert("Account", {"Name": "wants it"})
        world.start({"Account": {**ACCOUNT["Account"], "fields": [*ACCOUNT["Account"]["fields"], "Code__c"]}})
        world.db.rows("UPDATE salesforce.account SET code__c = 'TAKEN' WHERE sfid = $1", sfid)
        with world.visitor("operator") as visitor:
            visitor.goto("/issues")
            visitor.page.get_by_role("listitem").first.get_by_role("link").click()
            expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Code__c")
            world.org.update("Account", {"Id": taken, "Code__c": "FREED"})
            wait.equal("the code is free", "FREED", lambda: world.row("account", taken)["code__c"])
            visitor.button("Retry").click()
            wait.equal("the code in the org", "TAKEN", lambda: world.org.record("Account", sfid)["Code__c"])
            expect(visitor.page.get_by_text("Open", exact=True)).to_have_count(0)
        world.settle()
        same(world, "Account")


def test_a_stale_issue_writes_nothing_and_says_so():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})
        issue, = wait.until("the decision", lambda: world.issues("state=decided"))
        world.settle()
        with world.visitor("operator", expected_errors=("409",)) as visitor:
            visitor.goto(f"/issues/{issue['id']}?state=decided")
            expect(visitor.button("Revert")).to_be_visible()
            world.org.update("Account", {"Id": sfid, "Phone": "newer"})
            wait.equal("the newer value", "newer", lambda: world.row("account", sfid)["phone"])
            world.settle()
            visitor.button("Revert").click()
            expect(visitor.page.get_by_text(re.compile("stale|moved on|superseded", re.I)).first).to_be_visible()
        world.settle()
        assert world.both(sfid, "Phone") == ("newer", "newer")


def test_journal_and_record_tell_what_happened():
    with Dashboard(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})
        wait.until("the decision", lambda: world.issues("state=decided"))
        world.settle()
        with world.visitor("viewer") as visitor:
            page = visitor.page
            visitor.goto("/journal")
            row = page.get_by_role("row", name=re.compile("Phone"))
            expect(row).to_contain_text("sql")
            expect(row).to_contain_text("org")
            row.get_by_role("link").click()
            expect(page.get_by_role("heading", name="Weber", level=1)).to_be_visible()
            expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
            expect(page.locator("main ol > li").first).to_be_visible()
