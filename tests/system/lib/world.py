"""A private world for one test: a database of its own, an org of its own, and duet between them."""

import contextlib
import itertools
import threading

import wait
from cluster import TestCluster
from org import Org
from pq import Session
from service import Service

# Short, so that nothing waits for what a real org takes minutes for.
ORG_SETTINGS = {"keep_alive_ms": 500, "request_time_limit_ms": 3_000, "daily_api_limit": 10_000_000}
ENGINE_SETTINGS = {"request_limit_ms": 3_000, "horizon_margin_ms": 500, "retry_base_ms": 100, "retry_limit_ms": 2_000,
                   "duplicate_wait_ms": 500}


class Clusters:
    """One cluster serves all tests of a run; each takes a database. Starts when it is first needed."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self._names = itertools.count(1)
        self.cluster = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def database(self):
        """(name, url) of an empty one."""
        if self.cluster is None:
            self.cluster = self._stack.enter_context(TestCluster())
        name = f"test_{next(self._names)}"
        self.cluster.psql(f"CREATE DATABASE {name} TEMPLATE template0")
        return name, self.cluster.url_of(name)


CLUSTERS = Clusters()


class World:
    """Use as a context manager. `db` is a session as an application has it; any other thread takes session()."""

    def __init__(self, *, keys=(), org=None, engine=None, cluster=None):
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()
        try:
            self.database, self.url = ("app", cluster.url) if cluster else CLUSTERS.database()
            self.org = self._stack.enter_context(Org())
            self.org.settings(**{**ORG_SETTINGS, **(org or {})})
            self.org.add_key(*keys)
            self.duet = self._stack.enter_context(Service(self.org, self.url, **{**ENGINE_SETTINGS, **(engine or {})}))
            self.db = self.session()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def session(self):
        with self._lock:
            return self._stack.enter_context(Session(self.url))

    def start(self, objects):
        """serve, import, and everything loaded."""
        self.duet.start()
        self.duet.load(objects)

    def pause(self, outbound=False):
        """As a person does; serve takes it up within a second."""
        done = self.duet.command("pause", *(["--outbound"] if outbound else []))
        assert done.returncode == 0, done.stderr
        wait.equal("paused", "outbound" if outbound else "all", lambda: self.duet.status()["paused"])

    def resume(self):
        done = self.duet.command("resume")
        assert done.returncode == 0, done.stderr
        wait.equal("paused", "none", lambda: self.duet.status()["paused"])

    def row(self, table, sfid):
        return self.db.row(f"SELECT * FROM salesforce.{table} WHERE sfid = $1", sfid)

    def log_rows(self, table="account"):
        """Rows of the trigger log, the archived ones too, oldest first."""
        return self.db.rows("SELECT * FROM (TABLE salesforce._trigger_log UNION ALL TABLE salesforce._trigger_log_archive) log "
                            "WHERE table_name = $1 ORDER BY id", table)

    def log_states(self, table="account"):
        return [row["state"] for row in self.log_rows(table)]

    def busy(self):
        """What is still on its way, as text; empty when both sides rest."""
        return self.db.value("""
            SELECT string_agg(what, ', ') FROM (
                SELECT 'log ' || state || ' ' || count(*) AS what FROM salesforce._trigger_log
                 WHERE state IN ('NEW', 'PENDING') GROUP BY state
                UNION ALL
                SELECT 'lanes ' || count(*) || ' ' || concat_ws(' ', state ->> 'parked', state -> 'dirty' ->> 'reason', settle_by)
                  FROM duet.lane WHERE NOT only_tombstone
                 GROUP BY state ->> 'parked', state -> 'dirty' ->> 'reason', settle_by) busy""") or ""

    def settle(self, seconds=60):
        """Waits until nothing is on its way."""
        wait.equal("what is on its way", "", self.busy, seconds)
