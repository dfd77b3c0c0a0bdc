"""The page itself: how it is served, signed in to and moved through."""

import contextlib
import re

from browser import expect
from dashboard import Dashboard
from mappings import ACCOUNT


def test_served_signed_in_and_out():
    with Dashboard(keys=("Account",)) as world:
        world.org.insert("Account", *({"Name": f"a{n}"} for n in range(3)))
        world.start(ACCOUNT)
        with world.visitor(expected_errors=("401",)) as visitor:
            page = visitor.page
            world.add_user("viewer")
            answer = page.goto("/issues/7")
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy and "unsafe" not in policy, policy
            page.get_by_label("User").fill("viewer")
            page.get_by_label("Password").fill("wrong wrong wrong")
            visitor.button("Sign in").click()
            expect(page.get_by_role("alert")).to_be_visible()
            visitor.sign_in("viewer", "correct horse battery")
            expect(page.get_by_role("heading", name="main", level=1)).to_be_visible()
            row = page.get_by_role("row", name=re.compile("Account"))
            expect(row).to_contain_text("in sync by events")
            expect(row.locator("[data-label=Rows]")).to_have_text("3")
            page.get_by_role("button", name=re.compile("viewer")).click()
            page.get_by_role("menuitem", name="Sign out").click()
            expect(visitor.button("Sign in")).to_be_visible()
            page.reload()
            expect(visitor.button("Sign in")).to_be_visible()


def test_live_numbers_and_charts():
    with Dashboard(keys=("Account",)) as world:
        world.start(ACCOUNT)
        with world.visitor("viewer") as visitor:
            expect(visitor.page.get_by_role("status").filter(has_text="Live")).to_be_visible()
            rows = visitor.page.get_by_role("row", name=re.compile("Account")).locator("[data-label=Rows]")
            expect(rows).to_have_text("0")
            world.org.insert("Account", *({"Name": f"a{n}"} for n in range(5)))
            expect(rows).to_have_text("5")
            expect(visitor.page.get_by_role("img", name=re.compile(r"Lag now: .* into PostgreSQL"))).to_be_visible()


def test_says_when_duet_is_gone_and_comes_back():
    with Dashboard(keys=("Account",)) as world:
        world.start(ACCOUNT)
        with world.visitor("viewer", expected_errors=("ERR_", "401", "503")) as visitor:
            expect(visitor.page.get_by_role("status").filter(has_text="Live")).to_be_visible()
            world.duet.kill9()
            expect(visitor.page.get_by_text("This page is not live")).to_be_visible()
            world.duet.start()
            expect(visitor.page.get_by_text("This page is not live")).to_be_hidden()


def test_keyboard():
    with Dashboard(keys=("Account",)) as world:
        world.start(ACCOUNT)
        with world.visitor("admin") as visitor:
            page = visitor.page
            for keys, heading in (("g i", "Issues"), ("g j", "Journal"), ("g m", "Mappings"), ("g r", "Records"), ("g a", "Actions"), ("g u", "Access")):
                for key in keys.split():
                    page.keyboard.press(key)
                expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
            page.keyboard.press("?")
            expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)


def test_many_people_at_once():
    with Dashboard(keys=("Account",)) as world, contextlib.ExitStack() as stack:
        world.start(ACCOUNT)
        visitors = [stack.enter_context(world.visitor("viewer")) for _ in range(8)]
        world.org.insert("Account", {"Name": "seen by all"})
        for visitor in visitors:
            expect(visitor.page.get_by_role("status").filter(has_text="Live")).to_be_visible()
            expect(visitor.page.get_by_role("row", name=re.compile("Account")).locator("[data-label=Rows]")).to_have_text("1")
