"""A PostgreSQL session that stays open: psql behind a pipe. About 0.1 ms a statement."""

import subprocess

END = "--end--"


class SqlPipe:
    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.communicate("\\q\n", timeout=10)
        except (subprocess.TimeoutExpired, ValueError, BrokenPipeError):
            self.process.kill()
            self.process.wait()

    def rows(self, sql):
        """Runs one statement; its rows as lists of texts. Returns when the server has answered, so after its commit."""
        self.process.stdin.write(f"{sql};\n\\echo {END}\n")
        self.process.stdin.flush()
        rows = []
        for line in self.process.stdout:
            if line == END + "\n":
                return rows
            rows.append(line.rstrip("\n").split("\x1f"))
        raise RuntimeError(f"psql ended: {self.process.stderr.read().strip()}")
