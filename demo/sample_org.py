"""A small company's org: Accounts with their Contacts and Opportunities, the same on every run."""

import datetime
import random

ACCOUNTS = 300
BATCH = 200

_FIRST = ["Alder", "Amber", "Birch", "Blue Harbor", "Bright", "Cedar", "Clear Creek", "Copper", "Coral", "Crescent", "Delta", "Eastgate",
          "Elm Street", "Evergreen", "Fairview", "Falcon", "Foxglove", "Granite", "Green Valley", "Harbor", "Hazel", "Heron", "High Plains",
          "Iron Bridge", "Juniper", "Kingfisher", "Lakeside", "Lantern", "Lighthouse", "Maple", "Meadow", "Midtown", "Mill Pond", "Northwind",
          "Oak Hill", "Orchard", "Pacific", "Pine Ridge", "Quarry", "Red Rock", "River Bend", "Rosewood", "Sandstone", "Silver Lake",
          "Southgate", "Spruce", "Stonebridge", "Summit", "Sunrise", "Tall Oaks", "Three Rivers", "Union Square", "Vista", "Westbrook",
          "White Pine", "Willow", "Windmill", "Winter Garden"]
_SECOND = ["Analytics", "Bakery", "Books", "Ceramics", "Clinics", "Coffee", "Construction", "Dairy", "Design", "Electric", "Energy",
           "Farms", "Foods", "Freight", "Furniture", "Hotels", "Instruments", "Insurance", "Labs", "Logistics", "Marine", "Media",
           "Motors", "Optics", "Outfitters", "Paper", "Partners", "Pharmacy", "Plastics", "Press", "Robotics", "Software", "Solar",
           "Sports", "Steel", "Systems", "Textiles", "Tools", "Travel", "Water"]
_CITIES = [("Austin", "USA"), ("Boston", "USA"), ("Bristol", "United Kingdom"), ("Chicago", "USA"), ("Copenhagen", "Denmark"),
           ("Dublin", "Ireland"), ("Hamburg", "Germany"), ("Kyoto", "Japan"), ("Lisbon", "Portugal"), ("Lyon", "France"),
           ("Melbourne", "Australia"), ("Montreal", "Canada"), ("Oslo", "Norway"), ("Porto", "Portugal"), ("Seattle", "USA"),
           ("Toronto", "Canada"), ("Turin", "Italy"), ("Utrecht", "Netherlands"), ("Vienna", "Austria"), ("Zurich", "Switzerland")]
_GIVEN = ["Aisha", "Akira", "Ana", "Ben", "Carla", "Chen", "Daniel", "Elena", "Emma", "Femi", "Grace", "Hugo", "Ines", "Ivan", "Jana",
          "Jonas", "Kofi", "Lara", "Leo", "Lucia", "Maya", "Mehmet", "Mia", "Nadia", "Noah", "Olga", "Omar", "Paul", "Priya", "Rosa",
          "Sam", "Sofia", "Tara", "Tom", "Viktor", "Wei", "Yara", "Zoe"]
_FAMILY = ["Adeyemi", "Andersen", "Bauer", "Brown", "Castro", "Cohen", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Haddad", "Hansen",
           "Ito", "Jensen", "Kaya", "Kim", "Kowalski", "Lee", "Lopez", "Martin", "Meyer", "Murphy", "Novak", "Okafor", "Patel", "Perez",
           "Rossi", "Santos", "Sato", "Schmidt", "Silva", "Singh", "Smith", "Tanaka", "Taylor", "Virtanen", "Weber", "Wong", "Yilmaz"]
_TITLES = ["Buyer", "Chief Executive", "Controller", "Director of Operations", "Engineer", "Head of Purchasing", "Office Manager",
           "Plant Manager", "Project Lead", "Sales Manager"]
_INDUSTRIES = ["Agriculture", "Construction", "Education", "Energy", "Healthcare", "Manufacturing", "Media", "Retail", "Technology",
               "Transportation"]
_DEALS = ["annual contract", "first order", "maintenance", "pilot", "renewal", "second site", "spare parts", "training", "upgrade"]
_STAGES = ["Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"]


def fill(org, today):
    """Writes the records as a person would. Counts by object."""
    luck = random.Random(2026)
    names = luck.sample([f"{first} {second}" for first in _FIRST for second in _SECOND], ACCOUNTS)
    accounts = [_account(luck, name) for name in names]
    ids = _insert(org, "Account", accounts)
    contacts, opportunities = [], []
    for sfid, account in zip(ids, accounts):
        contacts += [_contact(luck, sfid, account) for _ in range(luck.randint(1, 4))]
        opportunities += [_opportunity(luck, sfid, account, today) for _ in range(luck.choice([0, 1, 1, 2]))]
    _insert(org, "Contact", contacts)
    _insert(org, "Opportunity", opportunities)
    return {"Account": len(accounts), "Contact": len(contacts), "Opportunity": len(opportunities)}


def _insert(org, object_name, records):
    ids = []
    for start in range(0, len(records), BATCH):
        ids += org.insert(object_name, *records[start:start + BATCH])
    return ids


def _phone(luck):
    return f"+1 555 {luck.randint(100, 999)} {luck.randint(1000, 9999)}"


def _account(luck, name):
    city, country = luck.choice(_CITIES)
    return {"Name": name, "Phone": _phone(luck), "Website": f"https://{name.lower().replace(' ', '-')}.example", "BillingCity": city,
            "BillingCountry": country, "Industry": luck.choice(_INDUSTRIES), "NumberOfEmployees": luck.randint(3, 4000),
            "AnnualRevenue": luck.randint(1, 900) * 100_000}


def _contact(luck, account_id, account):
    given, family = luck.choice(_GIVEN), luck.choice(_FAMILY)
    host = account["Website"].removeprefix("https://")
    return {"FirstName": given, "LastName": family, "Email": f"{given}.{family}@{host}".lower(), "Phone": _phone(luck),
            "Title": luck.choice(_TITLES), "AccountId": account_id}


def _opportunity(luck, account_id, account, today):
    close = today + datetime.timedelta(days=luck.randint(-90, 180))
    return {"Name": f"{account['Name']}: {luck.choice(_DEALS)}", "StageName": luck.choice(_STAGES), "Amount": luck.randint(2, 400) * 500,
            "CloseDate": close.isoformat(), "AccountId": account_id}
