"""What a record holds is data: no script from a name ever runs, on any page."""

import wait
from browser import expect
from dashboard import Dashboard
from mappings import account

NAMES = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=\"window.pwned = 1\">",
    "\"><svg/onload=window.pwned=1>",
    "'-window.pwned=1-'",
    "javascript:window.pwned=1",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "</title><script>window.pwned=1</script>",
    "<a href=\"javascript:window.pwned=1\">click</a>",
    "<style>*{display:none}</style><meta http-equiv=refresh content=\"0;url=http://evil.example/\">",
    "\u202egnp.exe",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
]


def test_no_script_of_a_record_runs():
    with Dashboard(keys=("Account",)) as world:
        ids = world.org.insert("Account", *({"Name": name, "Phone": "p0", "Description": name} for name in NAMES))
        world.start(account(conflict="hold"))
        world.pause()
        world.db.rows("UPDATE salesforce.account SET description = description || ' from sql', name = name || ' sql'")
        world.org.update("Account", *({"Id": sfid, "Description": f"{name} from org", "Name": f"{name} org"} for sfid, name in zip(ids, NAMES)))
        world.resume()
        wait.until("an issue of each", lambda: len({issue["sfid"] for issue in world.issues()}) == len(NAMES))
        with world.visitor("admin") as visitor:
            page = visitor.page
            title = page.title()
            for path in ("/", "/issues", "/issues?grouped=true", "/journal", "/actions"):
                visitor.goto(path)
                page.wait_for_timeout(400)
            for issue in world.issues():
                visitor.goto(f"/issues/{issue['id']}")
                name = NAMES[ids.index(issue["sfid"])]
                shown = name.replace("\u202e", "\u2423U+202E\u2423")
                expect(page.get_by_label("Field by field")).to_contain_text(f"{shown} org" if issue["fields"][0]["name"] == "Name" else f"{shown} from org")
            for sfid in ids:
                visitor.goto(f"/records/Account/{sfid}")
                expect(page.get_by_role("heading", name="Values now")).to_be_visible()
            visitor.goto("/issues?text=" + "%3Cscript%3Ewindow.pwned%3D1%3C/script%3E")
            expect(page.get_by_label("Message, Salesforce Id or external id")).to_have_value("<script>window.pwned=1</script>")
            assert page.evaluate("window.pwned") is None
            assert page.title() == title
            visitor.check()


def test_hostile_values_can_be_decided():
    with Dashboard(keys=("Account",)) as world:
        name = NAMES[1]
        sfid, = world.org.insert("Account", {"Name": "a", "Phone": "p0"})
        world.start(account(conflict="hold"))
        world.apart(sfid, {"Name": f"{name} sql"}, {"Name": f"{name} org"})
        issue, = wait.until("the issue", world.issues)
        with world.visitor("operator") as visitor:
            visitor.goto(f"/issues/{issue['id']}")
            visitor.button("Use PostgreSQL").click()
            wait.equal("both", (f"{name} sql", f"{name} sql"), lambda: world.both(sfid, "Name"))
            assert visitor.page.evaluate("window.pwned") is None
