"""The files that the rules look at, and what a finding is."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, NamedTuple

SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}
TEXT_SUFFIXES = {".cpp", ".h", ".py", ".sql", ".md", ".cmake", ".txt", ".proto", ".sh", ".ts", ".tsx", ".css", ".html", ".toml", ""}
DATA_FOLDERS = {"data", "testdata", "golden"}


class Finding(NamedTuple):
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


class Include(NamedTuple):
    line: int
    path: str
    quoted: bool


INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


@dataclass
class Source:
    """One text file. `path` is relative to the root, with forward slashes."""

    path: str
    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix

    @property
    def is_cpp(self) -> bool:
        return self.suffix in (".cpp", ".h")

    @property
    def is_unit_test(self) -> bool:
        return re.search(r"_test(_\w+)?\.(cpp|h)$", self.name) is not None

    @property
    def is_data(self) -> bool:
        return any(part in DATA_FOLDERS for part in self.path.split("/")[:-1])

    def within(self, folder: str) -> bool:
        return self.path.startswith(folder + "/")

    def includes(self) -> Iterator[Include]:
        for number, line in enumerate(self.lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield Include(number, match[1] or match[2], match[1] is not None)

    def code_lines(self) -> Iterator[tuple[int, str]]:
        """Lines without // comments and without the contents of string literals."""
        for number, line in enumerate(self.lines, 1):
            yield number, re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', line))


class Tree:
    """Every text file of a repository: what git knows or would add, or, outside git, what lies there."""

    def __init__(self, root: Path):
        self.root = root
        self.sources = [self._read(path) for path in self._paths() if self._is_text(path)]
        self.by_path = {source.path: source for source in self.sources}

    def cpp(self) -> Iterator[Source]:
        return (source for source in self.sources if source.is_cpp)

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def _paths(self) -> list[str]:
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-co", "--exclude-standard", "-z"]
            listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        else:
            listed = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return sorted(path for path in set(listed) if path and (self.root / path).is_file())

    @staticmethod
    def _is_text(path: str) -> bool:
        parts = path.split("/")
        return Path(path).suffix in TEXT_SUFFIXES and not SKIPPED_FOLDERS.intersection(parts[:-1]) and parts[-1] != "LICENSE"

    def _read(self, path: str) -> Source:
        return Source(path, (self.root / path).read_bytes().decode("utf-8", errors="replace"))
