"""A private PostgreSQL that a test may stop and start again."""

import os

from postgres import START_SECONDS, Cluster

# Small and quick: tests are not benchmarks.
SETTINGS = {"shared_buffers": "64MB", "max_connections": "100", "log_min_messages": "fatal"}


class TestCluster(Cluster):
    def __init__(self):
        super().__init__(SETTINGS)

    def _control(self, *arguments):
        self._run(os.path.join(self.bindir, "pg_ctl"), "-D", self.data, "-w", "-t", str(START_SECONDS), *arguments)

    def stop(self):
        """As when the machine goes down: every session is cut."""
        self._control("-m", "immediate", "stop")

    def start(self):
        self._control("-l", os.path.join(self.folder, "server.log"), "start")
