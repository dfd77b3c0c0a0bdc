"""A thousand issues, decided at once."""

import re

import wait
from browser import expect
from compare import same
from dashboard import Dashboard
from mappings import account

ISSUES = 1_000
BATCH = 200


def conflicts(world, count):
    """That many Accounts whose Phone both sides changed, all held."""
    ids = []
    for start in range(0, count, BATCH):
        ids += world.org.insert("Account", *({"Name": f"account {n}", "Phone": "p0"} for n in range(start, start + BATCH)))
    world.start(account(conflict="hold"))
    world.pause()
    world.db.rows("UPDATE salesforce.account SET phone = 'sql ' || name")
    for start in range(0, count, BATCH):
        world.org.update("Account", *({"Id": sfid, "Phone": f"org {n}"} for n, sfid in enumerate(ids[start:start + BATCH], start)))
    world.resume()
    wait.equal("open issues", count, lambda: world.duet.api("/api/v1/issues?state=open&limit=1")["total"], 120)
    return ids


def test_resolve_a_thousand():
    with Dashboard(keys=("Account",)) as world:
        ids = conflicts(world, ISSUES)
        with world.visitor("operator") as visitor:
            page = visitor.page
            visitor.goto("/issues")
            expect(page.get_by_text("1,000 issues")).to_be_visible()
            # However long the list, only what is in sight exists.
            assert page.get_by_role("listitem").count() < 80
            page.get_by_label("Select all loaded issues").check()
            visitor.button("Select all 1,000").click()
            expect(page.get_by_text("1,000 selected")).to_be_visible()
            visitor.button("Use Salesforce").click()
            dialog = page.get_by_role("dialog", name=re.compile("Resolve 1,000"))
            expect(dialog.locator("dl")).to_contain_text("1,000can be resolved")
            assert world.duet.api("/api/v1/issues?state=open&limit=1")["total"] == ISSUES, "counting changes nothing"
            dialog.get_by_role("button", name="Resolve 1,000").click()
            expect(dialog.get_by_text("1,000 issues resolved")).to_be_visible(timeout=120_000)
            dialog.get_by_role("button", name="Close").last.click()
            expect(page.get_by_text("No open issues")).to_be_visible()
        world.settle(120)
        phones = world.db.rows("SELECT sfid, phone FROM salesforce.account")
        assert {row["sfid"]: row["phone"] for row in phones} == {sfid: f"org {n}" for n, sfid in enumerate(ids)}
        same(world, "Account")


def test_resolve_a_group_by_its_cause():
    with Dashboard(keys=("Account",)) as world:
        conflicts(world, BATCH)
        with world.visitor("operator") as visitor:
            page = visitor.page
            visitor.goto("/issues?grouped=true")
            expect(page.get_by_text("200 issues, 1 cause")).to_be_visible()
            visitor.button("Act on all").click()
            visitor.button("Use PostgreSQL").click()
            visitor.button("Resolve 200").click()
            expect(page.get_by_text("200 issues resolved")).to_be_visible(timeout=60_000)
        wait.equal("accounts of the org that have the table's value", BATCH,
                   lambda: sum(record["Phone"] == f"sql {record['Name']}" for record in world.org.living("Account").values()), 60)
        world.settle(60)
        same(world, "Account")


def test_ten_thousand_issues():
    with Dashboard(keys=("Account",)) as world:
        world.start(account(conflict="hold"))
        # What no workload makes within a test's time: the list, its counts and its causes must cope.
        world.db.rows("""
            INSERT INTO duet.issue (connection_id, mapping_id, kind, state, object, table_name, record_id, sfid, message, code, rule, fields)
            SELECT m.connection_id, m.id, 'rejected', 'open', 'Account', 'account', n, '001' || lpad(n::text, 15, '0'), 'Refused number ' || n,
                   'CODE_' || n % 7, NULL, json_build_array(json_build_object('name', 'Phone', 'salesforce', 'org ' || n, 'postgres', 'sql ' || n))
              FROM duet.mapping AS m, generate_series(1, 10000) AS n""")
        with world.visitor("operator") as visitor:
            page = visitor.page
            visitor.goto("/issues")
            expect(page.get_by_text("10,000 issues")).to_be_visible()
            rows = page.get_by_role("listitem")
            expect(rows.first).to_contain_text("org 10000")
            assert rows.count() < 80
            loaded = page.get_by_text("of 10,000 loaded")
            for _ in range(3):
                before = loaded.inner_text()
                page.keyboard.press("End")
                expect(loaded).not_to_have_text(before)
            assert rows.count() < 80, "only what is in sight exists"
            page.get_by_label("Message, Salesforce Id or external id").fill("number 7777")
            expect(page.get_by_text("1 issue", exact=True)).to_be_visible()
            expect(rows.first).to_contain_text("sql 7777")
            visitor.goto("/issues?grouped=true")
            expect(page.get_by_text("10,000 issues, 7 causes")).to_be_visible()


def test_keys_select_a_range_and_open():
    with Dashboard(keys=("Account",)) as world:
        conflicts(world, BATCH)
        with world.visitor("operator") as visitor:
            page = visitor.page
            visitor.goto("/issues")
            expect(page.get_by_text("200 issues")).to_be_visible()
            for key in "jxjjx":
                page.keyboard.press(key)
                page.wait_for_timeout(60)
            expect(page.get_by_text("2 selected")).to_be_visible()
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"/issues/\d+"))
            expect(visitor.button("Next issue")).to_be_enabled()
            before = page.url
            page.keyboard.press("j")
            expect(page).not_to_have_url(before)
            page.keyboard.press("Escape")
            expect(page.get_by_role("heading", name="Issues", level=1)).to_be_visible()
