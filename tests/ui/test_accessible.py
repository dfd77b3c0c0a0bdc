"""axe-core finds nothing serious on any page, in both themes, on a desktop and on a phone; and nothing sticks out of a phone."""

import wait
from browser import SIZES, expect
from dashboard import Dashboard
from mappings import account


def sticking_out(visitor, where):
    width = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{where}: {width} px stick out"] if width > 0 else []


def test_every_page():
    with Dashboard(keys=("Account",)) as world:
        one, two = world.org.insert("Account", {"Name": "one", "Phone": "p0", "Description": "long " * 60}, {"Name": "two", "Phone": "p0"})
        world.start(account(conflict="hold"))
        world.apart(one, {"Phone": "sql", "Description": "long " * 59 + "sql"}, {"Phone": "org", "Description": "long " * 59 + "org"})
        world.apart(two, {"Phone": "sql"}, {"Phone": "org"})
        issues = wait.until("issues", lambda: world.issues() if len(world.issues()) > 1 else None)
        world.api_call("POST", f"/api/v1/issues/{issues[0]['id']}/resolve", {"use": "salesforce"})
        pages = ["/", "/issues", "/issues?grouped=true", "/issues?state=reverted", f"/issues/{issues[-1]['id']}", f"/issues/{issues[0]['id']}",
                 "/journal", "/mappings", "/records", f"/records/Account/{one}", "/actions", "/access", "/password", "/nowhere"]
        found = []
        for scheme in ("light", "dark"):
            with world.visitor("admin", scheme=scheme) as visitor:
                for path in pages:
                    visitor.goto(path)
                    expect(visitor.page.get_by_role("main")).to_be_visible()
                    visitor.loaded()
                    for size in SIZES:
                        visitor.resize(size)
                        found += [f"{path} {size} {scheme}: {each}" for each in visitor.axe()]
                        found += sticking_out(visitor, f"{path} {size}")
        assert not found, "\n".join(found)


def test_sign_in_and_dialogs():
    with Dashboard(keys=("Account",)) as world:
        world.start(account())
        with world.visitor(expected_errors=("401",)) as visitor:
            visitor.goto("/")
            expect(visitor.button("Sign in")).to_be_visible()
            assert visitor.axe() == []
        with world.visitor("admin") as visitor:
            visitor.page.keyboard.press("?")
            expect(visitor.page.get_by_role("dialog")).to_be_visible()
            assert visitor.axe() == []
            visitor.goto("/access")
            visitor.button("Add a user").click()
            expect(visitor.page.get_by_role("dialog")).to_be_visible()
            assert visitor.axe() == []
