"""The checker of lost values can fail: histories made by hand, with what it must say about each."""

from versions import Step, org_steps, overwritten_unseen, reappeared, silent_losses


class Kept:
    def __init__(self, lost=(), kept=()):
        self.lost, self.kept = set(lost), set(kept)


def steps(text):
    """"a > p1 > s2*": the star marks what Duet wrote, - is a deletion."""
    return [Step(None if word.rstrip("*") == "-" else word.rstrip("*"), word.endswith("*")) for word in text.split(" > ")]


def losses(table, org, **journal):
    return list(silent_losses({"F": steps(table)}, {"F": steps(org)}, Kept(**journal)))


def test_ordinary_changes_are_no_loss():
    assert losses("a > p1 > s2*", "a > p1* > s2") == []
    assert losses("a > s1* > p2", "a > s1 > p2*") == []
    assert losses("a > p1 > p2", "a > p2*") == [], "the application replaces its own value"
    assert losses("a > s2*", "a > s1 > s2") == [], "people replace each other's values in the org"


def test_a_value_of_the_application_that_nobody_saw():
    assert losses("a > p1 > s1*", "a > s1") == [("F", "p1", "table")]
    assert losses("a > p1 > s1*", "a > s1", lost=["p1"]) == []
    assert losses("a > p1 > s1* > p2", "a > s1 > p2*") == [("F", "p1", "table")]
    assert losses("a > p1 > p2 > s1*", "a > s1 > p1* > s1*", lost=["p2"], kept=["s1"]) == [], "the application replaced p1 itself"
    assert losses("a > p1 > p2 > s1*", "a > s1 > p1* > s1*", kept=["s1"]) == [("F", "p2", "table")]


def test_a_value_of_a_person_that_nobody_saw():
    assert losses("a > p1", "a > s1 > p1*") == [("F", "s1", "org")]
    assert losses("a > p1", "a > s1 > p1*", lost=["s1"]) == []
    assert losses("a > p1", "a > s1 > s2 > p1*") == [("F", "s2", "org")], "the person behind s2 saw s1"


def test_a_late_conflict_that_the_org_won():
    table, org = "a > p1 > s1*", "a > s1 > p1* > s1*"
    assert losses(table, org) != []
    assert losses(table, org, lost=["p1"], kept=["s1"]) == []
    assert losses("a > p1", "a > s1 > p1*", kept=["s1"]) == [("F", "s1", "org")], "kept, but it never came back"
    assert losses("a > p1 > s1*", "a > p1* > s1 > p1* > s1*") == [], "p1 was covered by its group only; s1 is there again"
    assert losses("a > p1", "a > p1* > s1 > p1*") == [("F", "s1", "org")]


def test_deletions():
    assert losses("a > p1 > -*", "a > -") == [("F", "p1", "table")]
    assert losses("a > p1 > -*", "a > p1* > -") == []
    assert losses("a > -", "a > s1 > -*") == [("F", "s1", "org")]
    assert losses("a > s1* > -", "a > s1 > -*") == []
    assert losses("a > p1 > -*", "a > -", lost=["p1"]) == []


def test_values_that_come_back():
    assert reappeared(steps("a > p1 > s1* > p1*")) == ["p1"]
    assert reappeared(steps("a > s1* > a*")) == ["a"]
    assert reappeared(steps("a > - > a*")) == [], "a deleted row may be restored as it was"
    assert reappeared(steps("a > p1 > s1* > p2")) == []
    assert reappeared(steps("a > s1* > p1 > s1*"), {"p1"}) == [], "its group took p1 back, and the journal has it"
    assert reappeared(steps("a > s1* > p1 > s1*"), {"p2"}) == ["s1"]


def test_a_value_that_a_rule_of_the_org_set():
    assert losses("a > s1* > rx*", "a > s1 > rx") == [], "the rule saw s1"
    assert losses("a > p1 > rx*", "a > rx") == [("F", "p1", "table")], "the rule never had p1 before it"
    assert losses("a > p1 > rx*", "a > p1* > rx") == []
    assert losses("a > p1", "a > rx > p1*") == [("F", "rx", "org")], "nobody behind p1 saw the rule's value"
    assert losses("a > rx* > p1 > rx*", "a > rx > p1* > rx") == [], "it set the same value again"


def test_a_rule_within_our_own_transaction_is_told_from_us():
    def version(user, **fields):
        return {"changeType": "UPDATE", "user": user, "fields": {name: {"new": value} for name, value in fields.items()}}
    history = [version("u", N="s1", F="rs1"), version("duet", N="p1", F="rp1"), version("duet", F="p2"), version("u", F="s2")]
    assert org_steps(history, ["N", "F"], "duet", [("N", "F")])["F"] == steps("rs1 > rp1 > p2* > s2")


def test_the_wrong_order_is_found():
    assert list(overwritten_unseen(steps("a > s2* > s1*"), steps("a > s1 > s2"), "s")) == ["s2"]
