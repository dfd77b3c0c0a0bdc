"""Who saw what: every version of every record on both sides, and the check that nobody's value was lost in silence.

A trigger of the test's own records each version of a row; /orgsim/history has each version of a record. Every written value is
unique and names its author: "s…" a person in the org, "p…" the application, anything else was there at the start.
A value that was overwritten by a writer who could not have seen it must be in the journal:

- Duet put B over A in the table: whoever wrote B in the org could have seen A when A had been in the org before B.
- Duet put B over A in the org: whoever wrote B in the table could have seen A when A had been in the table before B.
- A value that Duet carried back to its author's own side was written by that author at its first appearance there.
- A person or the application who overwrites a value of the own side could see it.

A deletion is a version without value, None.
"""

import collections
import json

WATCH = """
    CREATE SCHEMA IF NOT EXISTS watch;
    CREATE TABLE watch.version (seq bigserial PRIMARY KEY, row_id integer, sfid text, op text, writer text, before jsonb, after jsonb);
    CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
    BEGIN
        INSERT INTO watch.version (row_id, sfid, op, writer, before, after)
        VALUES (COALESCE(NEW.id, OLD.id), COALESCE(NEW.sfid, OLD.sfid), TG_OP, current_setting('xmlbinary'),
                CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
        RETURN NULL;
    END $$;
    CREATE TRIGGER zz_watch AFTER INSERT OR UPDATE OR DELETE ON salesforce.{table} FOR EACH ROW EXECUTE FUNCTION watch.note()"""

ENGINE = "hex"  # xmlbinary of Duet's sessions

Step = collections.namedtuple("Step", "value by_duet")


def watch(session, table):
    """From now on every version of the table's rows is recorded."""
    session.run(WATCH.format(table=table))


def table_steps(session, fields):
    """{Id, or "row N" without one: {field: [Step]}} of the watched table; the first Step is what was there before."""
    rows, names = {}, {}
    for version in session.rows("SELECT row_id, sfid, op, writer, before, after FROM watch.version ORDER BY seq"):
        key = version["row_id"]
        before = json.loads(version["before"]) if version["before"] else {}
        after = json.loads(version["after"]) if version["after"] else {}
        if key not in rows:
            rows[key] = {field: [Step(before.get(field.lower()), False)] for field in fields}
        if version["sfid"]:
            names[key] = version["sfid"]
        for field, steps in rows[key].items():
            value = after.get(field.lower())
            if value != steps[-1].value:
                steps.append(Step(value, version["writer"] == ENGINE))
    return {names.get(key, f"row {key}"): steps for key, steps in rows.items()}


def org_steps(history, fields, our_user):
    """{field: [Step]} of one record's /orgsim/history."""
    steps = {field: [] for field in fields}
    known = dict.fromkeys(fields)
    for version in history:
        for field in known.keys() & version["fields"].keys():
            known[field] = version["fields"][field]["new"]
        alive = version["changeType"] not in ("DELETE", "PURGE")
        for field, seen in steps.items():
            value = known[field] if alive else None
            if not seen or seen[-1].value != value:
                seen.append(Step(value, version["user"] == our_user))
    return steps


def reappeared(steps):
    """Values that came back after they were replaced; a row that was deleted may come back as it was."""
    seen, found = set(), []
    for step in steps:
        if step.value is None:
            seen.clear()
        elif step.value in seen:
            found.append(step.value)
        else:
            seen.add(step.value)
    return found


def _first(steps):
    positions = {}
    for at, step in enumerate(steps):
        positions.setdefault(step.value, at)
    return positions


def _is_new(value):
    return value is not None and value[:1] in ("s", "p")


def overwritten_unseen(here, there, authors_there):
    """The values A over which Duet put a B on this side although B's author could not have seen A. `authors_there` is the first
    letter of values that are written on the other side."""
    first_here, first_there = _first(here), _first(there)
    for before, after in zip(here, here[1:]):
        a, b = before.value, after.value
        if not after.by_duet or not _is_new(a):
            continue
        if b is None or b[:1] == authors_there:
            where, until = first_there, first_there.get(b, len(there)) if b is not None else len(there)
        else:
            where, until = first_here, first_here[b]
        if a not in where or where[a] >= until:
            yield a


class Journal:
    """What the journal keeps, by value: values are unique."""

    def __init__(self, session):
        self.lost, self.kept = set(), set()
        for row in session.rows("SELECT lost, kept, row_before FROM duet.journal"):
            self.lost |= set(_texts(row["lost"])) | set(_texts(row["row_before"]))
            self.kept |= set(_texts(row["kept"]))


def _texts(text):
    """Every text in a JSON value."""
    value = json.loads(text) if text else None
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [found for item in value for found in _texts(json.dumps(item))]
    return [value] if isinstance(value, str) else []


def silent_losses(table, org, journal):
    """(field, value, where) of everything that was overwritten unseen and is not in the journal. `table` and `org`: {field: [Step]}."""
    for field in table:
        for value in overwritten_unseen(table[field], org[field], "s"):
            if value not in journal.lost:
                yield field, value, "table"
        for value in overwritten_unseen(org[field], table[field], "p"):
            # A late conflict that the org's side won: the value goes out again, and its loser is in the journal.
            came_back = value in journal.kept and any(step.value == value for step in table[field])
            if value not in journal.lost and not came_back:
                yield field, value, "org"
