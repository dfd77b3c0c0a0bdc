#!/usr/bin/env python3
"""Builds the dashboard with npm and writes it as a C++ source: `build.py OUTPUT`. Does nothing when its inputs are as they were at the
last time, whichever build directory asks."""

import fcntl
import gzip
import hashlib
import mimetypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

UI = Path(__file__).resolve().parent
INPUTS = ["index.html", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "build.py", "src", "public",
          "../src/api/openapi.json"]
LITERAL_BYTES = 4096
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
         ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json"}


def fail(message):
    sys.exit(f"ui: {message}")


def digest(paths):
    """Of the names and contents of files and folders."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path] if path.exists() else []
        for file in files:
            # Written by the build itself.
            if file.name != "schema.gen.ts":
                total.update(f"{file.relative_to(UI.parent)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return total.hexdigest()


def npm(*arguments):
    # ./dev puts one there where the machine has none.
    path = os.environ.get("PATH", os.defpath) + os.pathsep + str(UI.parent / "build" / "node" / "bin")
    program = shutil.which("npm", path=path) or fail("npm is missing: run ./dev build, which installs it, or apt-get install nodejs npm")
    done = subprocess.run([program, "--loglevel=error", *arguments], cwd=UI, env={**os.environ, "PATH": path}, capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return
    print(done.stdout + done.stderr, file=sys.stderr)
    if arguments[0] == "ci":
        fail("npm ci failed, see above. The dashboard is built with npm packages: they come from npm's registry, or the one that "
             "`npm config set registry URL` names. To build Duet without the dashboard: cmake --preset release -DDUET_DASHBOARD=OFF")
    fail(f"npm {' '.join(arguments)} failed, see above")


def install():
    """node_modules as package-lock.json has it."""
    stamp = UI / "node_modules" / ".duet-lock"
    wanted = digest([UI / "package-lock.json", UI / "package.json"])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        npm("ci", "--no-audit", "--no-fund")
        stamp.write_text(wanted, encoding="utf-8")


def literal(content):
    """Bytes as adjacent C++ string literals; three octal digits never swallow what follows."""
    lines = []
    for at in range(0, len(content), LITERAL_BYTES):
        part = content[at:at + LITERAL_BYTES]
        lines.append('"' + "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in part) + '"')
    return "\n     ".join(lines) or '""'


def source_of(folder):
    entries = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()) if folder else []:
        content = file.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        path = "/" + file.relative_to(folder).as_posix()
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        etag = hashlib.sha256(content).hexdigest()[:20]
        entries.append(f'    {{"{path}", "{kind}", "{etag}", {len(content)}, std::string_view(\n     {literal(packed)}, {len(packed)})}},\n')
    return ('#include "api/dashboard_files.h"\n\n#include <array>\n\nnamespace duet::api {\n\n'
            f"std::span<const DashboardFile> dashboard_files() {{\n  static constexpr std::array<DashboardFile, {len(entries)}> kFiles = {{{{\n"
            f"{''.join(entries)}  }}}};\n  return kFiles;\n}}\n\n}}  // namespace duet::api\n")


def write(output, text):
    temporary = output.with_suffix(".new")
    temporary.write_text(text, encoding="ascii")
    os.replace(temporary, output)


def main():
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    if "--empty" in sys.argv:
        write(output, source_of(None))
        return
    stamp = output.with_suffix(".inputs")
    with open(output.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = digest([UI / name for name in INPUTS])
        if output.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            os.utime(output)
            return
        install()
        dist = output.parent / "dist"
        npm("run", "--silent", "build", "--", "--outDir", str(dist.resolve()), "--emptyOutDir")
        write(output, source_of(dist))
        stamp.write_text(wanted, encoding="ascii")


if __name__ == "__main__":
    main()
