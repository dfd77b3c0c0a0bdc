"""The checker of lost values can fail: histories made by hand, with what it must say about each."""

from versions import Step, overwritten_unseen, reappeared, silent_losses


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


def test_a_value_of_a_person_that_nobody_saw():
    assert losses("a > p1", "a > s1 > p1*") == [("F", "s1", "org")]
    assert losses("a > p1", "a > s1 > p1*", lost=["s1"]) == []
    assert losses("a > p1", "a > s1 > s2 > p1*") == [("F", "s2", "org")], "the person behind s2 saw s1"


def test_a_late_conflict_that_the_org_won():
    table, org = "a > p1 > s1*", "a > s1 > p1* > s1*"
    assert losses(table, org) != []
    assert losses(table, org, lost=["p1"], kept=["s1"]) == []
    assert losses("a > p1", "a > s1 > p1*", kept=["s1"]) == [("F", "s1", "org")], "kept, but it never came back"


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


def test_the_wrong_order_is_found():
    assert list(overwritten_unseen(steps("a > s2* > s1*"), steps("a > s1 > s2"), "s")) == ["s2"]
