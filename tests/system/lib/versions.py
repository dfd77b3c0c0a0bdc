"""Who saw what: every version of every record on both sides, and the check that nobody's value was lost in silence.

A trigger of the test's own records each version of a row; /orgsim/history has each version of a record. Every written value is
unique and names its author: "s…" a person in the org, "p…" the application, anything else was there at the start.
A value that was overwritten by a writer who could not have seen it must be in the journal:

- Duet put B over A in the table: whoever wrote B in the org could have seen A when A had been in the org before B.
- Duet put B over A in the org: whoever wrote B in the table could have seen A when A had been in the table before B.
- A value that Duet carried back to its author's own side was written by that author at its first appearance there.
- A person or the application who overwrites a value in place could see it, wherever Duet had brought it.
- "r…" is a value that a rule of the org set: it saw what it replaced there, also within a transaction of Duet's. A rule may set the
  same value again, so that any of its times in the org may have been the one that was carried to the table.

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


def org_steps(history, fields, our_user, rules=()):
    """{field: [Step]} of one record's /orgsim/history. `rules` are pairs (cause, field): a trigger of the org sets `field` to "r" and the
    value of `cause` whenever that changes."""
    steps = {field: [] for field in fields}
    known = dict.fromkeys(fields)
    for version in history:
        for field in known.keys() & version["fields"].keys():
            known[field] = version["fields"][field]["new"]
        alive = version["changeType"] not in ("DELETE", "PURGE")
        for field, seen in steps.items():
            value = known[field] if alive else None
            if not seen or seen[-1].value != value:
                by_rule = any(field == target and value == f"r{known[cause]}" and cause in version["fields"] for cause, target in rules)
                seen.append(Step(value, version["user"] == our_user and not by_rule))
    return steps


def reappeared(steps, given_up=frozenset()):
    """Values that came back after they were replaced; a row that was deleted may come back as it was, and so may the value under one of
    `given_up`: a field that its group took back."""
    seen, found, before = set(), [], None
    for step in steps:
        before, replaced = step.value, before
        if step.value is None:
            seen.clear()
        elif step.value in seen and not _is_of(step.value, "r") and replaced not in given_up:
            found.append(step.value)
        else:
            seen.add(step.value)
    return found


def _first(steps):
    positions = {}
    for at, step in enumerate(steps):
        positions.setdefault(step.value, at)
    return positions


def _is_of(value, authors):
    return value is not None and value[:1] in authors


def _until(there, b):
    """Up to where the other side's author of `b` could see: its first place there, or its last when a rule set it."""
    if b is None:
        return len(there)
    places = [at for at, step in enumerate(there) if step.value == b]
    return places[-1 if _is_of(b, "r") else 0] if places else len(there)


def overwritten_unseen(here, there, authors_there):
    """The values A over which Duet put a B on this side although B's author could not have seen A. `authors_there` are the first
    letters of values that are written on the other side."""
    first_here, first_there = _first(here), _first(there)
    for before, after in zip(here, here[1:]):
        a, b = before.value, after.value
        if not after.by_duet or not _is_of(a, "spr"):
            continue
        if b is None or _is_of(b, authors_there):
            where, until = first_there, _until(there, b)
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
        answered = _answered(table[field]) | _answered(org[field])
        for value in overwritten_unseen(table[field], org[field], "sr"):
            if value not in journal.lost | answered:
                yield field, value, "table"
        for value in overwritten_unseen(org[field], table[field], "p"):
            # A late conflict that the org's side won: the value goes out again, and its loser is in the journal, if there was one:
            # what was written with its group only, as it was, has lost nothing.
            known = any(step.value == value for step in table[field])
            came_back = known and (value in journal.kept or _again(org[field], value))
            if value not in journal.lost | answered and not came_back:
                yield field, value, "org"


def _answered(steps):
    """Values that somebody, not Duet, replaced here, and so could see; what became of the new value is another question."""
    return {before.value for before, after in zip(steps, steps[1:]) if not after.by_duet}


def _again(steps, value):
    """Whether Duet wrote a value anew that had been replaced."""
    return any(step.value == value and step.by_duet for step in steps[_first(steps)[value] + 1:])
