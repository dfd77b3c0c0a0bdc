"""Table and org, field by field: the org's truth is /orgsim/records, never Duet's word."""

import datetime
import time

# Columns that name the parent by its external id: (field with its Id, the parent's object, its key).
PARENT_KEYS = {"account__duet_key__c": ("AccountId", "Account", "Duet_Key__c")}

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def _milliseconds(text):
    text = text.replace(" ", "T").replace("+0000", "").rstrip("Z")
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)


def canonical(column_type, value):
    """One spelling for a value of the org's JSON and of PostgreSQL's text."""
    if value is None or value == "":
        return None
    if column_type == "boolean":
        return value in (True, "t")
    if column_type in ("integer", "double precision", "numeric"):
        return float(value)
    if column_type.startswith("timestamp"):
        return _milliseconds(value)
    if column_type.startswith("time"):
        return value.split(".")[0].rstrip("Z")
    return value


def column_types(session, table):
    """Of the columns that hold fields, by column name."""
    rows = session.rows("SELECT column_name, data_type FROM information_schema.columns "
                        "WHERE table_schema = 'salesforce' AND table_name = $1", table)
    return {row["column_name"]: row["data_type"] for row in rows if row["column_name"] not in ("id", "_hc_lastop", "_hc_err")}


def differences(world, object_name, limit=20):
    """What a person would want to see empty: records on one side only, rows without an Id, fields that differ."""
    table = object_name.lower()
    types = column_types(world.db, table)
    records = world.org.living(object_name, lambda name: name.lower() in types or name == "Id")
    for column in types.keys() & PARENT_KEYS.keys():
        reference, parent, key = PARENT_KEYS[column]
        keys = {sfid: record.get(key) for sfid, record in world.org.living(parent, key.__eq__).items()}
        for record in records.values():
            record[column] = keys.get(record.get(reference))
    found = []
    seen = set()
    for row in world.db.rows(f"SELECT {', '.join(types)} FROM salesforce.{table}"):
        sfid = row["sfid"]
        record = records.get(sfid)
        if record is None:
            found.append(f"{table} {sfid}: only in the table")
        elif sfid in seen:
            found.append(f"{table} {sfid}: twice in the table")
        else:
            seen.add(sfid)
            found += _field_differences(table, types, row, record)
        if len(found) >= limit:
            return found
    found += [f"{table} {sfid}: only in the org" for sfid in list(records.keys() - seen)[:limit]]
    return found


def _field_differences(table, types, row, record):
    spelled = {name.lower(): value for name, value in record.items()}
    spelled["sfid"] = record["Id"]
    for column, kind in types.items():
        ours = canonical(kind, row[column])
        theirs = canonical(kind, spelled.get(column))
        if ours != theirs:
            yield f"{table} {record['Id']}.{column}: table {row[column]!r}, org {spelled.get(column)!r}"


def same(world, object_name, seconds=0):
    """Raises unless both sides are equal field by field, and no external id is there twice, within `seconds`."""
    deadline = time.monotonic() + seconds
    while found := differences(world, object_name) + duplicate_keys(world, object_name):
        if time.monotonic() > deadline:
            raise AssertionError(f"{object_name}: the two sides differ\n  " + "\n  ".join(found))
        time.sleep(0.2)


def duplicate_keys(world, object_name, key="Duet_Key__c"):
    """External ids that more than one living record has, on either side; as the org compares them."""
    counts = {}
    if key.lower() not in column_types(world.db, object_name.lower()):
        return []
    for record in world.org.living(object_name, key.__eq__).values():
        if record[key]:
            counts[record[key].lower()] = counts.get(record[key].lower(), 0) + 1
    found = [f"org: {value} {count} times" for value, count in counts.items() if count > 1]
    rows = world.db.rows(f"SELECT lower({key}) AS key, count(*) AS n FROM salesforce.{object_name.lower()} "
                         f"WHERE {key} IS NOT NULL GROUP BY 1 HAVING count(*) > 1")
    return found + [f"table: {row['key']} {row['n']} times" for row in rows]
