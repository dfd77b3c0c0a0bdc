"""PostgreSQL through libpq, which every machine that builds Duet has: a session that stays open, values as texts."""

import ctypes
import ctypes.util

_COMMAND_OK, _TUPLES_OK = 1, 2


def _load():
    pq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in [
            ("PQconnectdb", pointer, [text]), ("PQstatus", number, [pointer]), ("PQfinish", None, [pointer]),
            ("PQerrorMessage", text, [pointer]), ("PQclear", None, [pointer]), ("PQresultStatus", number, [pointer]),
            ("PQresultErrorMessage", text, [pointer]), ("PQntuples", number, [pointer]), ("PQnfields", number, [pointer]),
            ("PQfname", text, [pointer, number]), ("PQgetvalue", text, [pointer, number, number]),
            ("PQgetisnull", number, [pointer, number, number]), ("PQexec", pointer, [pointer, text]),
            ("PQexecParams", pointer, [pointer, text, number, pointer, ctypes.POINTER(text), pointer, pointer, number])]:
        function = getattr(pq, name)
        function.restype, function.argtypes = result, arguments
    return pq


_PQ = _load()


class SqlError(RuntimeError):
    """What the server said."""


class Session:
    """One connection; one thread at a time. Every call has ended on the server when it returns."""

    def __init__(self, url):
        self._connection = _PQ.PQconnectdb(url.encode())
        if _PQ.PQstatus(self._connection) != 0:
            message = _PQ.PQerrorMessage(self._connection).decode(errors="replace").strip()
            self.close()
            raise SqlError(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._connection:
            _PQ.PQfinish(self._connection)
            self._connection = None

    def run(self, sql):
        """Several statements without parameters; no rows."""
        self._take(_PQ.PQexec(self._connection, sql.encode()))

    def rows(self, sql, *parameters):
        """One statement with $1, $2…; its rows as dicts of text or None. UPDATE … RETURNING counts as a query."""
        values = [None if one is None else str(one).encode() for one in parameters]
        array = (ctypes.c_char_p * len(values))(*values)
        return self._take(_PQ.PQexecParams(self._connection, sql.encode(), len(values), None, array, None, None, 0))

    def row(self, sql, *parameters):
        """The first row, or None."""
        found = self.rows(sql, *parameters)
        return found[0] if found else None

    def value(self, sql, *parameters):
        """The first column of the first row, or None."""
        row = self.row(sql, *parameters)
        return next(iter(row.values())) if row else None

    def _take(self, result):
        try:
            if _PQ.PQresultStatus(result) not in (_COMMAND_OK, _TUPLES_OK):
                raise SqlError(_PQ.PQresultErrorMessage(result).decode(errors="replace").strip()
                               or _PQ.PQerrorMessage(self._connection).decode(errors="replace").strip())
            names = [_PQ.PQfname(result, column).decode() for column in range(_PQ.PQnfields(result))]
            return [{name: None if _PQ.PQgetisnull(result, row, column) else _PQ.PQgetvalue(result, row, column).decode()
                     for column, name in enumerate(names)} for row in range(_PQ.PQntuples(result))]
        finally:
            _PQ.PQclear(result)
