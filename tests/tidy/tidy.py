#!/usr/bin/env python3
"""Checks the rules of the house on the tree: `tidy.py [ROOT]`. Prints `file:line: rule: what to do`, exits 1 if it found something."""

import sys
from pathlib import Path

import code_rules
import text_rules
from tree import Finding, Tree

RULES = code_rules.RULES + text_rules.RULES


def check(root: Path) -> list[Finding]:
    tree = Tree(root)
    return sorted(finding for rule in RULES for finding in rule(tree))


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings = check(root)
    for finding in findings:
        print(finding)
    broken = {finding.rule for finding in findings}
    print(f"{len(RULES) - len(broken)} passed, {len(broken)} failed ({len(findings)} findings, rules of tests/tidy)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
