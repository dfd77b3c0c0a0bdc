#!/usr/bin/env python3
"""Breaks one rule of the record protocol at a time and expects the simulation to notice.

Usage: mutants.py BUILD_DIR [--seeds N] [NAME ...]
A mutant is one replacement in one source of the engine. It is compiled with the flags of BUILD_DIR, linked in front of the libraries
into a simulation of its own, and run until a seed fails. A mutant that survives, or whose text is no longer in the source, is an error.
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

MUTANTS = [
    # name, rule of design §5, then (source, text, replacement) once or more: what guards the rule twice is broken twice
    ("forget_pending_on_remote", "1: merge is three-way", "rules/merge.cpp",
     "if (pending == lane.pending.end()) {", "if (pending == lane.pending.end() || turn.record.row) {"),
    ("conflict_not_journalled", "2: the loser is kept", "rules/merge.cpp",
     "  turn.change.journal.push_back(std::move(entry));\n\n  if (reason", "  if (reason"),
    ("forward_write_forgotten", "2: late winners are forward writes", "rules/merge.cpp",
     "  turn.lane().pending[field.schema.name] = PendingField{base, now};\n", ""),
    ("no_hold", "3: remote values are held while an attempt is unsettled", "rules/event.cpp",
     "if (waiting == turn.lane().attempts.end()) {", "if (waiting == turn.lane().attempts.end() || turn.record.row) {"),
    ("settled_by_reply", "3: an attempt is settled by the stream, not by its reply", "rules/outcome.cpp",
     "  attempt->decided_at = turn.context.now;\n  lane.rounds = 0;", "  attempt->decided_at = turn.context.now;\n  attempt->passed = true;\n  lane.rounds = 0;"),
    ("stream_not_awaited", "3: a read-back waits until the stream has passed", "rules/read.cpp",
     "return passed_until > attempt.decided_at;", "return true;",
     "engine/settle.cpp", "const ports::UnsettledQuery query{now, passed,", "const ports::UnsettledQuery query{now, now,"),
    ("late_overwrite_missed", "4: held before our event is a conflict found late", "rules/late.cpp",
     "return !held.own && !equal(field.schema, held.value, sent.base) && !equal(field.schema, held.value, sent.value);", "return held.own && sent.value == field.schema.name;"),
    ("own_event_dropped_whole", "4: whole events are never dropped", "rules/event.cpp",
     "  apply_fields(turn, event, remote, own ? &settled : nullptr, others);", "  if (!own) apply_fields(turn, event, remote, nullptr, others);"),
    ("put_back_not_noticed", "4: what the org put back is a remote change", "rules/settle.cpp",
     "value_before(lane, field, told.sent), told.sent.value))\n    return std::nullopt;", "value_before(lane, field, told.sent), told.sent.value))\n    told.org = told.sent.value;"),
    ("any_read_believed", "6: a read is as old as its start", "rules/read.cpp",
     "  if (lane.revision != revision) return ReadVerdict::again;\n  if (!read.deleted", "  if (!read.deleted"),
    ("old_events_applied", "6: older is history", "rules/event.cpp",
     "bool others = event.stamp >= version && !lane.dirty;", "bool others = !lane.dirty;"),
    ("unknown_resent_blind", "7: unknown is not failed", "rules/outcome.cpp",
     "  attempt->state = AttemptState::unknown;\n", "  return retry_later(turn, token, 0);\n"),
    ("request_limit_not_awaited", "7: the org may still be running it", "rules/read.cpp",
     "return now > over && passed_until > over;", "return passed_until > attempt.decided_at;",
     "engine/settle.cpp", "std::min(now, passed) - settings_.request_limit_ms};", "std::min(now, passed)};"),
    ("held_field_sent", "1: what is held does not go out", "rules/hold.cpp",
     "  drop_pending(turn, field.schema.name, \"waits for a decision: see the issue\");\n", ""),
    ("held_conflict_not_told", "1: a held conflict is an open issue", "rules/hold.cpp",
     "  change.issues.push_back(std::move(issue));\n", ""),
    ("held_value_taken_in", "1: what is held does not come in", "rules/merge.cpp",
     "if (is_frozen(lane, name)) return meet_frozen(turn, field, value, remote);", "(void)meet_frozen;"),
    ("decision_not_journalled", "2: what a decision replaces is kept", "rules/resolve.cpp",
     "  if (!equal(field.schema, held.salesforce, decision.value) && !equal(field.schema, held.salesforce, held.base) &&\n      !equal(field.schema, held.salesforce, row))", "  if (false)"),
    ("stale_decision", "2: actions are checked against current versions", "rules/resolve.cpp",
     "    if (is_stale(turn, decision)) return stale(choice.field);\n", "    (void)is_stale;\n"),
    ("held_delete_sent", "10: a held delete waits", "rules/app_removal.cpp",
     "    lane.frozen_delete->actor = remote.actor;\n    lane.parked = kDeleteHeld;\n", ""),
    ("moved_behind_a_held_delete_forgotten", "10: what a held delete's record moved to is kept", "rules/settle.cpp",
     "  cover_moved(turn, event.fields);\n", ""),
    ("group_decided_apart", "1: field groups win or lose together", "rules/merge.cpp",
     "    const FieldGroup* group = turn.mapping().group_of(field->schema.name);\n    if (!group) {", "    const FieldGroup* group = nullptr;\n    if (!group) {"),
    ("group_sent_apart", "1: a group is written whole", "rules/claim.cpp",
     "  add_groups(turn, attempt);\n", "  (void)add_groups;\n"),
    ("equality_before_merge_function", "1: a merge function comes before equality", "rules/merge.cpp",
     "    if (equal(field.schema, value, pending->second.base)) return;\n    if (merge_values(", "    if (equal(field.schema, value, pending->second.base)) return;\n    if (equal(field.schema, value, row_value(turn, name))) return drop_pending(turn, name);\n    if (merge_values("),
    ("uncounted_believed", "1: add after unknown needs its own event or is held", "rules/settle_read.cpp",
     "  if (freeze_uncounted(turn, told, attempt, all, remote)) return std::nullopt;\n", "  (void)freeze_uncounted;\n"),
    ("covered_count_forgotten", "4: what our write covered is merged", "rules/late.cpp",
     "if (known && merge_late(turn, unit.front(), policy, after)) return Late::merged;", "(void)merge_late;"),
    ("condition_forgotten", "5: without a stream writes are conditional", "rules/claim.cpp",
     "  if (mapping.source == InboundSource::poll) return true;\n", "  if (mapping.source == InboundSource::poll) return false;\n"),
    ("two_in_flight", "8: one lane, one attempt in flight", "rules/claim.cpp",
     "return attempt.state == AttemptState::accepted; });\n}", "return attempt.state != AttemptState::sent; });\n}"),
    ("unchanged_against_base", "8: unchanged compares with the last value sent", "rules/claim.cpp",
     "last->fields.find(field.schema.name)->second.value);", "last->fields.find(field.schema.name)->second.base);"),
    ("key_not_kept", "9: the external id exists before the first send", "engine/claim.cpp",
     "*attempt, record.lane.sfid, record.lane.external_id,\n",
     "*attempt, record.lane.sfid, record.lane.sfid.empty() ? parts.ports.random.uuid() : record.lane.external_id,\n"),
    ("key_not_looked_up", "9: a key that the app chose is looked up first", "rules/claim.cpp",
     "|| record.lane.key_checked) return {};", "|| record.row) return {};"),
    ("no_tombstone", "10: events of a deleted record do not insert", "rules/event.cpp",
     "  if (lane.tombstone && event.kind != EventKind::undelete) return;\n", ""),
    ("delete_wins_unseen", "10: delete against update is decided and journalled", "rules/removal.cpp",
     "  if (local.any) {", "  if (local.any && turn.context.now < 0) {"),
    ("base_moves_with_the_row", "11: base is kept from the first pending change", "rules/capture.cpp",
     "if (!first) pending->second.changed_at = changed_at;",
     "if (!first) pending->second = PendingField{value_of(captured.old_values, field->schema.name), changed_at};"),
    ("refused_record_forgotten", "13: inbound that cannot be applied makes the record dirty", "engine/apply.cpp",
     "rules::hold_event(turn, *meeting.event, duet::name_of(error.kind));", "(void)turn;\n      (void)error;"),
    ("locked_row_forgotten", "13: inbound that cannot be applied makes the record dirty", "rules/event.cpp",
     'if (turn.record.busy) return hold_event(turn, event, "the row is locked by the application");', "if (turn.record.busy) return;"),
    ("in_flight_forgotten", "7: after a restart, what was in flight is unknown", "engine/outbound.cpp",
     "rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));\n      ++", "++"),
]


def compile_command(build, source):
    commands = json.loads((build / "compile_commands.json").read_text())
    for entry in commands:
        if entry["file"] == str(source):
            return shlex.split(entry["command"]), entry["directory"]
    raise SystemExit(f"mutants: {source} is not in {build}/compile_commands.json")


def compile_mutated(build, folder, source, edits):
    path = ROOT / "src" / source
    text = path.read_text()
    for old, new in edits:
        if text.count(old) != 1:
            raise LookupError(f"the text to replace occurs {text.count(old)} times in src/{source}: {old}")
        text = text.replace(old, new)
    mutated = folder / path.name
    mutated.write_text(text)
    command, directory = compile_command(build, path)
    obj = folder / (path.stem + ".o")
    out = [str(mutated) if arg == str(path) else arg for arg in command]
    out[out.index("-o") + 1] = str(obj)
    # Unused names are what a mutation leaves behind.
    subprocess.run(out + ["-Wno-error"], cwd=directory, check=True, capture_output=True, text=True)
    return str(obj)


def build_mutant(build, folder, texts):
    """The objects of the changed sources; `texts` are (source, text, replacement) one after the other."""
    edits = {}
    for source, old, new in zip(texts[::3], texts[1::3], texts[2::3], strict=True):
        edits.setdefault(source, []).append((old, new))
    return [compile_mutated(build, folder, source, changes) for source, changes in edits.items()]


def link(build, folder, objects):
    """The simulation's own link line, with the mutant's objects first: the libraries' objects are then not taken."""
    line = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "-s", "tests/simulation/duet_simulation"], check=True, capture_output=True, text=True).stdout
    command = shlex.split(line.strip().splitlines()[-1].split(" && ")[1])
    program = folder / "duet_simulation_mutant"
    at = command.index("-o")
    command[at + 1] = str(program)
    first = next(i for i, arg in enumerate(command) if arg.endswith(".o"))
    command[first:first] = objects
    subprocess.run(command, cwd=build, check=True, capture_output=True, text=True)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3000)
    parser.add_argument("names", nargs="*", help="only these mutants")
    args = parser.parse_args()
    build = args.build.resolve()
    unknown = set(args.names) - {m[0] for m in MUTANTS}
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")

    passed = failed = 0
    for name, rule, *texts in MUTANTS:
        if args.names and name not in args.names:
            continue
        with tempfile.TemporaryDirectory() as temp:
            folder = pathlib.Path(temp)
            try:
                program = link(build, folder, build_mutant(build, folder, texts))
                run = subprocess.run([str(program), "--seeds", str(args.seeds), "--show", "1", "--stop-at", "1"], capture_output=True, text=True, timeout=900)
                caught = run.returncode == 1 and "failed" in run.stdout
                verdict = run.stdout.splitlines()[0] if caught else "SURVIVED" if run.returncode == 0 else f"died: {run.stderr[-200:]}"
            except LookupError as error:
                caught, verdict = False, f"ERROR {error}"
            except subprocess.CalledProcessError as error:
                caught, verdict = False, f"ERROR does not build: {error.stderr[-600:]}"
        passed += caught
        failed += not caught
        print(f"{'caught  ' if caught else 'NOT CAUGHT'} {name:28} rule {rule}\n           {verdict}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
