"""Rules about every text file: length, words, white space, and documents that tell the truth about the tree."""

import re
from typing import Iterator

from tree import Finding, Source, Tree

MAX_LINES = 600
COUNTED_SUFFIXES = {".cpp", ".h", ".py", ".sql", ".ts", ".tsx", ".sh", ".cmake", ".css", ""}

# Spelt in two halves, so that this file does not find itself.
BANNED_WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.}$/-])/(work" r"/|tmp/" r"build|tmp/" r"repo|root" r"/)")

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
DEV_COMMAND = re.compile(r"(?<![\w/])\./dev[ \t]+([a-z]+)(?:[ \t]+([a-z]+))?")
NAMED_FILE = re.compile(r"`((?:src|orgsim|tests|bench|sql|proto|docs|cmake|demo|ui)/[\w./-]+\.\w+)`")


def file_length(tree: Tree) -> Iterator[Finding]:
    """One idea, one file: at most 600 lines. Data and documents are not counted."""
    for source in tree.sources:
        lines = source.text.count("\n")
        if source.suffix in COUNTED_SUFFIXES and not source.is_data and lines > MAX_LINES:
            yield Finding(source.path, MAX_LINES + 1, "file-length", f"{lines} lines, at most {MAX_LINES}: this is two ideas, split it")


def banned_words(tree: Tree) -> Iterator[Finding]:
    """What is unfinished is an issue, not a comment."""
    yield from matching(tree, BANNED_WORDS, "banned-words", "do it, or file an issue and delete the mark")


def machine_paths(tree: Tree) -> Iterator[Finding]:
    """Nothing names a path of one machine."""
    yield from matching(tree, MACHINE_PATHS, "machine-paths", "make it relative to the repository or a temporary folder")


def matching(tree: Tree, pattern: re.Pattern, rule: str, advice: str) -> Iterator[Finding]:
    for source in tree.sources:
        if source.is_data:
            continue
        for number, line in enumerate(source.lines, 1):
            match = pattern.search(line)
            if match:
                yield Finding(source.path, number, rule, f"{match[0]}: {advice}")


def whitespace(tree: Tree) -> Iterator[Finding]:
    """No tabs, no trailing spaces, LF, and a newline at the end."""
    for source in tree.sources:
        if source.is_data:
            continue
        for number, line in enumerate(source.lines, 1):
            if "\t" in line:
                yield Finding(source.path, number, "whitespace", "a tab: use spaces (\\t in a literal)")
            if line != line.rstrip():
                yield Finding(source.path, number, "whitespace", "trailing white space: remove it")
        if source.text and not source.text.endswith("\n"):
            yield Finding(source.path, len(source.lines), "whitespace", "no newline at the end of the file: add one")


def dev_commands(tree: Tree) -> Iterator[Finding]:
    """Every `./dev COMMAND [SUITE]` that a document shows is one that ./dev has."""
    script = tree.by_path.get("dev")
    names = set(re.findall(r"^(cmd_\w+|suite_\w+)\(\)", script.text, re.M)) if script else set()
    for source, number, line in document_lines(tree):
        for match in DEV_COMMAND.finditer(line):
            command, suite = match.groups()
            if f"cmd_{command}" not in names:
                yield Finding(source.path, number, "dev-commands", f"./dev has no command '{command}': correct the text or add it")
            elif command == "test" and suite and f"suite_{suite}" not in names:
                yield Finding(source.path, number, "dev-commands", f"./dev test has no suite '{suite}': correct the text or add it")


def doc_links(tree: Tree) -> Iterator[Finding]:
    """Relative links between documents, with their #anchors, and file names in back-ticks lead somewhere."""
    for source, number, line in document_lines(tree):
        for match in LINK.finditer(line):
            target = match[1]
            if not re.match(r"[a-z]+:", target) and not resolves(tree, source, target):
                yield Finding(source.path, number, "doc-links", f"{target} leads nowhere: correct the link")
        for match in NAMED_FILE.finditer(line):
            if not tree.exists(match[1]):
                yield Finding(source.path, number, "doc-links", f"there is no file {match[1]}: correct the name")


def resolves(tree: Tree, source: Source, target: str) -> bool:
    path, _, anchor = target.partition("#")
    folder = (tree.root / source.path).parent
    file = folder / path if path else tree.root / source.path
    if not file.exists():
        return False
    return not anchor or file.suffix != ".md" or anchor in anchors(file.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The #anchors of a document's headings, as forges make them."""
    headings = (HEADING.match(line) for line in text.split("\n"))
    return {re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-") for heading in headings if heading}


def document_lines(tree: Tree) -> Iterator[tuple[Source, int, str]]:
    for source in tree.sources:
        if source.suffix == ".md":
            for number, line in enumerate(source.lines, 1):
                yield source, number, line


RULES = [file_length, banned_words, machine_paths, whitespace, dev_commands, doc_links]
