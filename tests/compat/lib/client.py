"""One client of the compatibility tests: what its file asks for, and a run of its cases against an org of its own."""

import json
import os
import re
import subprocess
import tempfile
import threading
import time

import packages
from orgsim import Orgsim

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(HERE, "..", "clients")
DIRECTIVE = re.compile(r"^(?:#|//) compat: (\w+) (.+)$", re.M)
PROTOCOL = re.compile(r'^\{"(cases?)":')
DEFAULT_SECONDS = 300


def clients():
    """The names of all clients."""
    return sorted(name.rsplit(".", 1)[0] for name in os.listdir(CLIENTS) if name.endswith((".js", ".py")))


class Client:
    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.path = next(path for suffix in (".js", ".py") if os.path.exists(path := os.path.join(CLIENTS, name + suffix)))
        self.wants = {}
        with open(self.path, encoding="utf-8") as file:
            for word, value in DIRECTIVE.findall(file.read()):
                self.wants.setdefault(word, []).extend(value.split())
        self.announced = []
        self.results = {}

    def run(self):
        """A list of {"client","case","ok","reason","seconds"}; a client that cannot be installed is one failed case."""
        started = time.monotonic()
        try:
            command, environment = packages.prepare(self.name, self.path, self.wants, self.log)
        except packages.InstallError as error:
            return [self._result("install", False, str(error), time.monotonic() - started)]
        with Orgsim(self.wants.get("orgsim", [])) as org, tempfile.TemporaryDirectory(prefix=f"compat-{self.name}-") as folder:
            environment |= {"ORGSIM": json.dumps(org.ready), "COMPAT_CONTROL": org.http_url, "HOME": folder}
            ending = self._run_file(command, environment, folder)
        for case in self.announced:
            self.results.setdefault(case, self._result(case, False, f"never told of: {ending}", 0))
        if not self.announced:
            self.results["start"] = self._result("start", False, f"no case was announced: {ending}", 0)
        elif ending != "exit status 0":
            self.results["end"] = self._result("end", False, ending, 0)
        return list(self.results.values())

    def _result(self, case, ok, reason, seconds):
        return {"client": self.name, "case": case, "ok": ok, "reason": reason, "seconds": round(seconds, 2)}

    def _run_file(self, command, environment, folder):
        """Runs the file and takes its lines; how it ended."""
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
        seconds = int(self.wants.get("seconds", [DEFAULT_SECONDS])[0])
        too_late = threading.Event()

        def end():
            too_late.set()
            os.killpg(process.pid, 9)

        timer = threading.Timer(seconds, end)
        timer.start()
        last = time.monotonic()
        try:
            for line in process.stdout:
                last = self._take(line, last)
            status = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()
        return f"not done after {seconds} s" if too_late.is_set() else f"exit status {status}"

    def _take(self, line, last):
        now = time.monotonic()
        try:
            message = json.loads(line) if PROTOCOL.match(line) else None
        except ValueError:
            message = None
        if message is None:
            print("   | " + line.rstrip(), file=self.log, flush=True)
            return last
        if "cases" in message:
            self.announced = message["cases"]
            return now
        case, ok = message["case"], message["ok"]
        self.results[case] = self._result(case, ok, message.get("reason", ""), now - last)
        print(f"   {'ok    ' if ok else 'FAILED'} {case} ({now - last:.1f} s)", file=self.log, flush=True)
        if not ok:
            print("          " + message.get("reason", "").replace("\n", "\n          "), file=self.log, flush=True)
        return now
