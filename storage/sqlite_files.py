"""SQLite files that hold nothing but what can be read again elsewhere: an index, a cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path

BUSY_TIMEOUT_SEC = 30.0


def open_sqlite(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open a file in autocommit mode; create it if missing, and replace it if it is damaged or of a newer version.

    Parameters
    ----------
    path : Path
        The file.
    schema : str
        Statements that make the tables of a new file, or those of an older version those of this one.
    version : int
        Version of the schema, at least 1.

    Raises
    ------
    sqlite3.Error
        If the file is busy, can't be opened, or there is no room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _opened(path, schema, version)
    except sqlite3.OperationalError:  # busy, full, can't be opened: not damaged
        raise
    except sqlite3.DatabaseError:
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        return _opened(path, schema, version)


def _opened(path: Path, schema: str, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SEC, isolation_level=None, check_same_thread=False)
    try:
        _bring_up_to_date(connection, schema, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection, schema: str, version: int) -> None:
    found = _version_of(connection)
    if found > version:
        raise sqlite3.DatabaseError("of a newer version")
    if found < version:
        connection.execute("BEGIN IMMEDIATE")
        if _version_of(connection) < version:  # no other process was faster
            for statement in schema.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
