"""Screenshots of a small company's sync: they show that the pages hold what they should, and are what the documents show."""

import datetime
import os
import time

import wait
from browser import expect
from dashboard import Dashboard
from sample_org import fill

OBJECTS = {
    "Account": {"fields": ["Name", "Phone", "Website", "BillingStreet", "BillingCity", "BillingPostalCode", "Industry", "Description", "NumberOfEmployees",
                           "AnnualRevenue", "CreatedDate", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c", "conflict": "hold"},
    "Contact": {"fields": ["FirstName", "LastName", "Email", "Phone", "Title", "AccountId", "CreatedDate", "Duet_Key__c"],
                "access": "read_write", "upsert": "Duet_Key__c", "conflict": "newest"},
    "Opportunity": {"fields": ["Name", "StageName", "Amount", "CloseDate", "AccountId", "CreatedDate", "Duet_Key__c"],
                    "access": "read_write", "upsert": "Duet_Key__c", "conflict": "hold"},
}
FOLDER = os.environ.get("DUET_SHOTS") or os.path.join("build", "ui-shots")

BASE = "Visited the plant in Graz on Tuesday. They run two lines and plan a third one for the spring; the budget is agreed, the contract is with legal."
ORG = "Visited the plant in Graz on Wednesday. They run two lines and plan a third one for the summer; the budget is agreed, the contract is with legal."
SQL = "Visited the plant in Graz on Tuesday. They run three lines now; the budget is agreed and the contract is signed."


def shoot(visitor, name, whole=False):
    os.makedirs(FOLDER, exist_ok=True)
    visitor.page.wait_for_timeout(700)
    visitor.page.screenshot(path=os.path.join(FOLDER, f"{name}.png"), full_page=whole)


def some_conflicts(world):
    """Held ones on Accounts and Opportunities, decided ones on Contacts, and refused writes. The Account whose conflict is the richest."""
    accounts = [row["sfid"] for row in world.db.rows("SELECT sfid FROM salesforce.account ORDER BY id LIMIT 24")]
    contacts = [row["sfid"] for row in world.db.rows("SELECT sfid FROM salesforce.contact ORDER BY id LIMIT 30")]
    deals = [row["sfid"] for row in world.db.rows("SELECT sfid FROM salesforce.opportunity ORDER BY id LIMIT 12")]
    rich = accounts[0]
    address = {"BillingStreet": "Hauptplatz 1", "BillingCity": "Graz", "BillingPostalCode": "8010", "Description": BASE}
    world.org.update("Account", {"Id": rich, **address})
    wait.equal("the address", "Graz", lambda: world.row("account", rich)["billingcity"])
    world.settle()
    world.pause()
    world.db.rows("UPDATE salesforce.account SET billingstreet = 'Sporgasse 4', billingcity = 'Wien', billingpostalcode = '1010', phone = '+43 1 555 0042', "
                  "description = $2 WHERE sfid = $1", rich, SQL)
    for number, sfid in enumerate(accounts[1:]):
        world.db.rows("UPDATE salesforce.account SET phone = $2 WHERE sfid = $1", sfid, f"+43 316 555 {number:04}")
    for number, sfid in enumerate(contacts):
        world.db.rows("UPDATE salesforce.contact SET title = $2 WHERE sfid = $1", sfid, ["Head of Purchasing", "Buyer", "Director"][number % 3])
    for number, sfid in enumerate(deals):
        world.db.rows("UPDATE salesforce.opportunity SET amount = $2, stagename = 'Closed Won' WHERE sfid = $1", sfid, str(12_000 + number * 750))
    time.sleep(2.1)
    world.org.update("Account", {"Id": rich, "BillingStreet": "Herrengasse 12", "Phone": "+43 316 555 0199", "Description": ORG})
    world.org.update("Account", *({"Id": sfid, "Phone": f"+43 1 600 {number:04}"} for number, sfid in enumerate(accounts[1:])))
    world.org.update("Contact", *({"Id": sfid, "Title": "Chief Executive"} for sfid in contacts))
    world.org.update("Opportunity", *({"Id": sfid, "Amount": 14_500 + number * 500, "StageName": "Negotiation/Review"} for number, sfid in enumerate(deals)))
    world.resume()
    world.db.rows("UPDATE salesforce.contact SET lastname = NULL WHERE id % 50 = 0")
    wait.until("issues", lambda: world.duet.api("/api/v1/issues?state=open&limit=1")["total"] >= 30, 60)
    return rich


def busy(world, seconds):
    """What people and programs do meanwhile, so that the charts have something to show."""
    until = time.monotonic() + seconds
    contacts = [row["sfid"] for row in world.db.rows("SELECT sfid FROM salesforce.contact ORDER BY id DESC LIMIT 200")]
    turn = 0
    while time.monotonic() < until:
        turn += 1
        some = contacts[turn % 10 * 20:][:4 + turn % 13]
        world.org.update("Contact", *({"Id": sfid, "Phone": f"+1 555 {turn:04}"} for sfid in some))
        world.db.rows("UPDATE salesforce.contact SET email = 'n' || $1::text || '@example.com' WHERE sfid = ANY(string_to_array($2, ','))", str(turn), ",".join(some[:5]))
        time.sleep(0.25)


def test_screens():
    with Dashboard(keys=tuple(OBJECTS)) as world:
        fill(world.org, datetime.date.today())
        world.start(OBJECTS)
        rich = some_conflicts(world)
        issue = next(each for each in world.issues() if each["sfid"] == rich and len(each["fields"]) > 1)
        with world.visitor("admin") as visitor, world.visitor("admin", scheme="dark") as night:
            expect(visitor.page.get_by_text("Live", exact=True)).to_be_visible()
            busy(world, 62 if os.environ.get("DUET_SHOTS") else 3)
            shoot(visitor, "overview-light")
            shoot(night, "overview-dark")
            for each, scheme in ((visitor, "light"), (night, "dark")):
                each.goto("/issues")
                expect(each.page.get_by_role("listitem").first).to_be_visible()
                shoot(each, f"issues-{scheme}")
                each.goto("/issues?grouped=true")
                expect(each.button("Act on all").first).to_be_visible()
                shoot(each, f"causes-{scheme}")
                each.goto(f"/issues/{issue['id']}")
                for name, choice in (("BillingCity", "PostgreSQL"), ("BillingStreet", "Salesforce"), ("Phone", "PostgreSQL")):
                    radio = each.page.get_by_role("radio", name=f"{name}: {choice}")
                    if radio.count():
                        radio.check(force=True)
                shoot(each, f"issue-{scheme}")
                each.goto(f"/records/Account/{rich}")
                expect(each.page.get_by_role("heading", name="Timeline")).to_be_visible()
                shoot(each, f"record-{scheme}")
                each.goto("/journal")
                expect(each.page.get_by_role("row").nth(1)).to_be_visible()
                shoot(each, f"journal-{scheme}")
        with world.visitor("admin", size="phone", scheme="dark") as phone:
            phone.goto(f"/issues/{issue['id']}")
            expect(phone.button("Use Salesforce")).to_be_visible()
            shoot(phone, "issue-phone")
            phone.goto("/")
            shoot(phone, "overview-phone")
