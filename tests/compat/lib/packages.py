"""The clients' packages, at the versions that their files name, in build/compat: one folder a client, kept until the names change."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig

CACHE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build", "compat"))
LIBRARY = os.path.dirname(os.path.abspath(__file__))
NODE_VERSION = "22.23.3"
INSTALL_SECONDS = 900
# What a client may see of this environment: nothing that points it at another org, account or proxy.
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TERM", "TMPDIR")


class InstallError(Exception):
    pass


def prepare(name, path, wants, log):
    """Installs what the file wants; the command that runs it, and its environment."""
    environment = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
    programs = []
    command = [sys.executable, path]
    environment["PYTHONPATH"] = LIBRARY
    if path.endswith(".js") or "npm" in wants:
        node = install("node", [f"node-{node_platform()}@{NODE_VERSION}"], npm_install, log)
        programs.append(os.path.join(node, "node_modules", f"node-{node_platform()}", "bin"))
    if "npm" in wants:
        folder = install(f"{name}-npm", wants["npm"], npm_install, log)
        programs.append(os.path.join(folder, "node_modules", ".bin"))
        environment["NODE_PATH"] = os.path.join(folder, "node_modules") + os.pathsep + LIBRARY
    if path.endswith(".js"):
        command = [os.path.join(programs[0], "node"), path]
        environment.setdefault("NODE_PATH", LIBRARY)
    if "pypi" in wants:
        folder = install(f"{name}-pypi", wants["pypi"], pip_install, log)
        programs.append(os.path.join(folder, "bin"))
        command = [os.path.join(folder, "bin", "python"), path] if path.endswith(".py") else command
    environment["PATH"] = os.pathsep.join([*programs, environment.get("PATH", "")])
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return command, environment


def node_platform():
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sysconfig.get_platform().split('-')[0]}-{machine}"


def install(folder_name, packages, installer, log):
    """The folder that has the packages; made anew when it has others."""
    folder = os.path.join(CACHE, folder_name)
    mark = os.path.join(folder, "installed")
    wanted = "\n".join(packages)
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as file:
            if file.read() == wanted:
                return folder
    print(f"   installing {' '.join(packages)}", file=log, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    installer(folder, packages)
    with open(mark, "w", encoding="utf-8") as file:
        file.write(wanted)
    return folder


def npm_install(folder, packages):
    if shutil.which("npm") is None:
        raise InstallError("npm is not installed")
    with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as file:
        file.write('{"private": true}\n')
    run(["npm", "install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--prefix", folder, *packages], folder)


def pip_install(folder, packages):
    run([sys.executable, "-m", "venv", folder], folder)
    run([os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", *packages], folder)


def run(command, folder):
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{' '.join(command)}: not done after {INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        raise InstallError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")
