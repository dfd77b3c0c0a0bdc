"""A private PostgreSQL cluster in a temporary folder: a socket, no TCP port, durable as in production."""

import os
import pwd
import shutil
import subprocess
import tempfile

SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "60",
    "timezone": "UTC",
    "log_min_messages": "warning",
}

START_SECONDS = 60


def _bindir():
    config = shutil.which("pg_config")
    folders = [subprocess.check_output([config, "--bindir"], text=True).strip()] if config else []
    folders += [f"/usr/lib/postgresql/{version}/bin" for version in (17, 16, 15)]
    for folder in folders:
        if os.path.exists(os.path.join(folder, "initdb")):
            return folder
    raise RuntimeError("no initdb found: install postgresql-15")


class Cluster:
    """Use as a context manager. `url` reaches the database `app`, owned by the superuser that runs the cluster."""

    def __init__(self, settings=None):
        self.bindir = _bindir()
        self.folder = tempfile.mkdtemp(prefix="duet-bench-pg-")
        self.settings = {**SETTINGS, "unix_socket_directories": self.folder, **(settings or {})}
        self.owner = {}
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam("postgres")
            self.owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            self.user = account.pw_name
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.server = None

    @property
    def url(self):
        return self.url_of("app")

    def url_of(self, database):
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def _run(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.owner)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")

    def __enter__(self):
        try:
            self._run(os.path.join(self.bindir, "initdb"), "-D", self.data, "-U", self.user, "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
            with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as conf:
                for name, value in self.settings.items():
                    conf.write(f"{name} = '{value}'\n")
            self._run(os.path.join(self.bindir, "pg_ctl"), "-D", self.data, "-w", "-t", str(START_SECONDS), "-l",
                      os.path.join(self.folder, "server.log"), "start")
            self.server = True
            self._run(os.path.join(self.bindir, "createdb"), "-h", self.folder, "-U", self.user, "app")
        except Exception:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            subprocess.run([os.path.join(self.bindir, "pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop"], cwd="/",
                           capture_output=True, check=False, **self.owner)
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, sql, *, url=None):
        """Runs SQL, one statement or several; the rows as lists of texts."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", url or self.url],
                              input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def value(self, sql):
        """The only value of a query's only row."""
        return self.psql(sql)[0][0]
