"""Programs that a benchmark starts, and ends again by their id."""

import os
import signal
import subprocess
import threading

STOP_SECONDS = 20
TAIL_LINES = 30

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build_dir():
    return os.environ.get("DUET_BUILD_DIR", os.path.join(ROOT, "build", "release"))


def find_program(name):
    """A program of the build, wherever CMake put it."""
    for folder, _, files in os.walk(build_dir()):
        if name in files and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    raise RuntimeError(f"{name} is not in {build_dir()}: build it first (./dev build release {name})")


class Program:
    """A running program. Its standard error is kept for messages; its standard output is read line by line."""

    def __init__(self, command, *, cwd=None, env=None):
        self.command = command
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.tail = []
        self.reader = threading.Thread(target=self._read_errors, daemon=True)
        self.reader.start()

    def _read_errors(self):
        for line in self.process.stderr:
            self.tail.append(line.rstrip())
            del self.tail[:-TAIL_LINES]

    def fail(self, what):
        said = "\n  ".join(self.tail)
        raise RuntimeError(f"{os.path.basename(self.command[0])}: {what}\n  {said}")

    def check(self):
        if self.process.poll() is not None:
            self.fail(f"ended with status {self.process.returncode}")

    def peak_rss_mb(self):
        """The largest resident memory so far, as the kernel counts it (VmHWM)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        raise RuntimeError("no VmHWM in /proc")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(STOP_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()
