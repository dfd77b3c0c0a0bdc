"""After a workload: both sides equal, nothing twice, nothing back, nothing lost in silence."""

import collections
import itertools

from compare import differences, duplicate_keys
from versions import Journal, org_steps, reappeared, silent_losses, table_steps
from workload import FIELDS

SHOWN = 10
NOTHING = collections.namedtuple("NoJournal", "lost kept")(frozenset(), frozenset())


def judge(world):
    """Raises with everything that is wrong; returns numbers for people."""
    wrong = []
    note(wrong, "differ between table and org", differences(world, "Account"))
    note(wrong, "have one external id twice", duplicate_keys(world, "Account"))
    note(wrong, "are not SYNCED", [str(row) for row in world.db.rows(
        "SELECT id, sfid, _hc_lastop, _hc_err FROM salesforce.account WHERE _hc_lastop IS DISTINCT FROM 'SYNCED' LIMIT 20")])
    note(wrong, "are open issues", [str(row) for row in world.db.rows(
        "SELECT kind, sfid, record_id, code, message FROM duet.issue WHERE state = 'open' LIMIT 20")])

    table = table_steps(world.db, FIELDS)
    journal = Journal(world.db)
    our_user = world.org.status()["integration_user_id"]
    back, lost, versions, unseen = [], [], 0, 0
    for sfid, fields in table.items():
        back += [f"{sfid}.{field}: {value} in {[step.value for step in steps]}"
                 for field, steps in fields.items() for value in reappeared(steps)]
        if sfid.startswith("row "):
            continue
        org = org_steps(world.org.history("Account", sfid), FIELDS, our_user)
        versions += sum(map(len, org.values()))
        unseen += sum(1 for _ in silent_losses(fields, org, NOTHING))
        lost += [f"{sfid}.{field}: {value} was overwritten unseen in the {side}; table {show(fields[field])}; org {show(org[field])}"
                 + evidence(world, sfid, field) for field, value, side in silent_losses(fields, org, journal)]
    note(wrong, "came back after they were replaced", back)
    note(wrong, "are lost in silence", lost)
    if wrong:
        raise AssertionError("\n".join(wrong))
    return {"records touched": len(table), "versions in the org": versions, "values overwritten unseen": unseen, "values journalled": len(journal.lost)}


def evidence(world, sfid, field):
    """When what was written, captured, sent and journalled of one field: what a person needs to find the rule that failed."""
    lines = [f"{version['commitTimestamp']} org {version['changeType']} {version['client'] or version['user']}: {version['fields'][field]['new']}"
             for version in world.org.history("Account", sfid) if field in version["fields"]]
    for log in ("_trigger_log", "_trigger_log_archive"):
        lines += [f"{row['created_at']} captured, {row['state']} at {row['processed_at']}: {row['value']}" for row in world.db.rows(
            f"SELECT created_at, state, processed_at, (values::hstore)->'{field.lower()}' AS value FROM salesforce.{log} "
            f"WHERE values::hstore ? '{field.lower()}' AND record_id = (SELECT id FROM salesforce.account WHERE sfid = '{sfid}')")]
    lines += [str(row) for row in world.db.rows(f"SELECT * FROM duet.journal WHERE sfid = '{sfid}' AND field = '{field}' ORDER BY id")]
    lines += [str(list(row.values())) for row in world.db.rows(f"SELECT at::time, op, state, mod FROM watch.lane WHERE sfid = '{sfid}' ORDER BY seq")]
    return "".join(f"\n      {line}" for line in lines)


def show(steps):
    """p1* is a value that Duet wrote."""
    return " > ".join(f"{step.value}{'*' if step.by_duet else ''}" for step in steps)


def note(wrong, what, found):
    if found:
        wrong.append(f"{len(found)} {what}:")
        wrong += [f"  {one}" for one in itertools.islice(found, SHOWN)]
