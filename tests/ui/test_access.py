"""Roles: what one may not do is neither shown nor possible."""

import re

import wait
from browser import expect
from dashboard import Dashboard
from mappings import account


def held(world):
    sfid, = world.org.insert("Account", {"Name": "a", "Phone": "p0", "Fax": "f0"})
    world.start(account(conflict="hold"))
    world.apart(sfid, {"Phone": "sql"}, {"Phone": "org"})


# What a script in the page could send: the session's cookie goes along.
POST = """async ([path, body, csrf]) => (await fetch(path, {method: 'POST', body: JSON.stringify(body),
  headers: {'Content-Type': 'application/json', ...(csrf ? {'X-Duet-CSRF': csrf} : {})}})).status"""


def csrf_of(page):
    return page.evaluate("async () => (await (await fetch('/api/v1/session')).json()).csrf_token")


def test_a_viewer_only_looks():
    with Dashboard(keys=("Account",)) as world:
        held(world)
        issue, = wait.until("the issue", world.issues)
        with world.visitor("viewer", expected_errors=("403",)) as visitor:
            page = visitor.page
            visitor.goto("/issues")
            expect(page.get_by_role("listitem").first).to_be_visible()
            expect(page.get_by_role("checkbox")).to_have_count(0)
            visitor.goto(f"/issues/{issue['id']}")
            expect(page.get_by_text("PostgreSQL").first).to_be_visible()
            for name in ("Use Salesforce", "Use PostgreSQL", "Ignore", "Retry", "Revert"):
                expect(visitor.button(name)).to_have_count(0)
            page.keyboard.press("s")
            for link in ("Actions", "Access"):
                expect(page.get_by_role("link", name=link, exact=True)).to_have_count(0)
            csrf = csrf_of(page)
            assert page.evaluate(POST, [f"/api/v1/issues/{issue['id']}/resolve", {"use": "salesforce"}, csrf]) == 403
            assert page.evaluate(POST, ["/api/v1/users", {"name": "x", "role": "admin", "password": "x" * 12}, csrf]) == 403
        assert world.issues()[0]["state"] == "open"


def test_an_operator_acts_but_does_not_manage():
    with Dashboard(keys=("Account",)) as world:
        held(world)
        with world.visitor("operator", expected_errors=("403",)) as visitor:
            page = visitor.page
            expect(page.get_by_role("link", name="Actions", exact=True)).to_be_visible()
            expect(page.get_by_role("link", name="Access", exact=True)).to_have_count(0)
            issue = page.get_by_role("navigation", name="Main").first.get_by_role("link", name=re.compile("Issues"))
            issue.click()
            page.get_by_role("listitem").get_by_role("link").first.click()
            expect(visitor.button("Use Salesforce")).to_be_visible()
            expect(page.get_by_text("Always do this")).to_have_count(0)
            identifier = int(page.url.split("/")[-1].split("?")[0])
            # A session's request without the token of its page is another site's.
            assert page.evaluate(POST, [f"/api/v1/issues/{identifier}/resolve", {"use": "salesforce"}, None]) == 403
            visitor.goto("/access")
            expect(page.get_by_role("alert").first).to_be_visible()
        assert [issue["id"] for issue in world.issues()] == [identifier]


def test_an_admin_manages_users_and_tokens():
    with Dashboard(keys=("Account",)) as world:
        world.start(account())
        with world.visitor("admin") as visitor:
            page = visitor.page
            visitor.goto("/access")
            visitor.button("Add a user").click()
            page.get_by_label("Name").fill("newcomer")
            page.get_by_label("Role").select_option("operator")
            page.get_by_label("Password").fill("a long password")
            visitor.button("Add", exact=True).click()
            expect(page.get_by_role("row", name=re.compile("newcomer"))).to_contain_text("operator")
            visitor.button("Make a token").click()
            page.get_by_label("Name").fill("robot")
            visitor.button("Make", exact=True).click()
            token = page.get_by_role("dialog").locator("code").inner_text()
            visitor.button("Done").click()
            expect(page.get_by_role("row", name=re.compile("robot"))).to_be_visible()
            assert world.duet.http("/api/v1/status", token=token)[0] == 200
            visitor.button("Revoke robot").click()
            expect(page.get_by_role("row", name=re.compile("robot"))).to_have_count(0)
            assert world.duet.http("/api/v1/status", token=token)[0] == 401
            visitor.goto("/actions")
            expect(page.get_by_role("row", name=re.compile("newcomer"))).to_be_visible()
        with world.visitor() as visitor:
            visitor.sign_in("newcomer", "a long password")
