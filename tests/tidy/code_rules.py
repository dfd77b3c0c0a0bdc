"""Rules about C++ sources: who may include what, and what the pure folders may not touch."""

import re
from collections import defaultdict
from typing import Iterator

from layers import ADAPTER, ARROWS, COMPILER, PORTS_ONLY, POSIX, PURE, THIRD_PARTY, THREAD_HEADERS, WORLD_HEADERS, reachable
from tree import Finding, Source, Tree

WORLD_WORDS = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|gettimeofday|clock_gettime|getenv|random_device|mt19937(_64)?"
    r"|this_thread|std::rand|fopen)\b"
)
LIBRARY = re.compile(r"\bduet_([a-z]+)\b")


def src_folder(path: str) -> str | None:
    """`merge.h` in src/rules -> `rules`; None outside src/."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def included_folder(path: str) -> str | None:
    first = path.removeprefix("src/").split("/")[0]
    return first if "/" in path and first in ARROWS else None


def include_arrows(tree: Tree) -> Iterator[Finding]:
    """A folder of src/ includes only itself and what stands above it in the list; CMake links no more than that."""
    for source in tree.sources:
        folder = src_folder(source.path)
        if folder is None:
            continue
        if folder not in ARROWS:
            yield Finding(source.path, 1, "include-arrows", f"src/{folder} is not in the list of folders (tests/tidy/layers.py)")
            continue
        allowed = reachable(folder)
        for line, target in arrows_of(source):
            if target in ARROWS and target not in allowed:
                message = f"src/{folder} may use only {', '.join(sorted(allowed))}; move the shared part up, or pass it through a port"
                yield Finding(source.path, line, "include-arrows", f"{target} is not above {folder}: {message}")


def arrows_of(source: Source) -> Iterator[tuple[int, str]]:
    if source.is_cpp:
        for include in source.includes():
            folder = included_folder(include.path)
            if folder:
                yield include.line, folder
    elif source.name == "CMakeLists.txt":
        for number, line in enumerate(source.lines, 1):
            for match in LIBRARY.finditer(line.split("#")[0]):
                yield number, match[1]


def simulator_apart(tree: Tree) -> Iterator[Finding]:
    """The simulator shares no code with the product; only the adapter of the simulation includes both."""
    for source in tree.cpp():
        product = [include for include in source.includes() if include.quoted and included_folder(include.path)]
        simulator = [include for include in source.includes() if include.path.startswith("orgsim/")]
        if source.within("orgsim") and product:
            message = f"orgsim must not include {product[0].path}: a shared bug would cancel itself; write it again from the specification"
            yield Finding(source.path, product[0].line, "simulator-apart", message)
        elif source.within("src") and simulator:
            message = f"src must not include {simulator[0].path}; only {ADAPTER}* knows both"
            yield Finding(source.path, simulator[0].line, "simulator-apart", message)
        elif product and simulator and not source.path.startswith(ADAPTER):
            message = f"includes both the product and the simulator; only {ADAPTER}* may: go through it"
            yield Finding(source.path, simulator[0].line, "simulator-apart", message)


def pure_core(tree: Tree) -> Iterator[Finding]:
    """No I/O, clock or random source in the pure folders and in the engine; no threads in the pure folders."""
    for source in tree.cpp():
        folder = src_folder(source.path)
        if folder not in PURE + PORTS_ONLY or source.is_unit_test:
            continue
        where = f"src/{folder} takes time, randomness and I/O as arguments" if folder in PURE else f"src/{folder} goes through its ports"
        forbidden = WORLD_HEADERS | THREAD_HEADERS if folder in PURE else WORLD_HEADERS
        for include in source.includes():
            if include.path in forbidden or (not include.quoted and include.path.startswith(POSIX)):
                yield Finding(source.path, include.line, "pure-core", f"<{include.path}>: {where}")
        for number, line in source.code_lines():
            match = WORLD_WORDS.search(line)
            if match:
                yield Finding(source.path, number, "pure-core", f"{match[0]}: {where}")


def third_party_confined(tree: Tree) -> Iterator[Finding]:
    """A third-party header is included in few files of few folders (headers are slow, and libraries get replaced)."""
    users: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for source in tree.cpp():
        if not (source.within("src") or source.within("orgsim")) or source.is_unit_test:
            continue
        for include in source.includes():
            header = next((prefix for prefix in THIRD_PARTY if include.path.startswith(prefix)), None)
            if header is None:
                if not include.quoted and ("." in include.path or "/" in include.path) and not include.path.startswith(POSIX + COMPILER):
                    message = f"<{include.path}> is not in the table of tests/tidy/layers.py: the list of libraries is the design's"
                    yield Finding(source.path, include.line, "third-party-confined", message)
                continue
            folder = next((f for f in THIRD_PARTY[header] if source.within(f)), None)
            if folder is None:
                places = ", ".join(THIRD_PARTY[header]) or "unit tests, tests/ and bench/"
                message = f"<{include.path}> belongs in {places}: hide it behind what stands there"
                yield Finding(source.path, include.line, "third-party-confined", message)
            else:
                users[(header, folder)].append((source.path, include.line))
    for (header, folder), places in sorted(users.items()):
        limit = THIRD_PARTY[header][folder]
        files = dict(reversed(places))
        for path in sorted(files)[limit:]:
            message = f"{header} is in {len(files)} files of {folder}, at most {limit}: include it in a .cpp that others call"
            yield Finding(path, files[path], "third-party-confined", message)


def tests_beside(tree: Tree) -> Iterator[Finding]:
    """Every folder of sources has unit tests beside them."""
    folders: dict[str, list[Source]] = defaultdict(list)
    for source in tree.cpp():
        if source.suffix == ".cpp" and (source.within("src") or source.within("orgsim")):
            folders[source.path.rsplit("/", 1)[0]].append(source)
    for folder, sources in sorted(folders.items()):
        if not any(source.is_unit_test for source in sources):
            yield Finding(sources[0].path, 1, "tests-beside", f"{folder} has no *_test.cpp: put a test beside what it tests")


def pragma_once(tree: Tree) -> Iterator[Finding]:
    """The first line of a header that is not a comment is #pragma once."""
    for source in tree.cpp():
        if source.suffix != ".h":
            continue
        first = next(((n, line) for n, line in enumerate(source.lines, 1) if line.strip() and not line.startswith("//")), (1, ""))
        if first[1].strip() != "#pragma once":
            yield Finding(source.path, first[0], "pragma-once", "a header starts with #pragma once")


RULES = [include_arrows, simulator_apart, pure_core, third_party_confined, tests_beside, pragma_once]
