"""A DuckDB file, attached only while a unit of work runs; the border at which DuckDB's errors become ours."""

from __future__ import annotations

import ctypes
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import duckdb

from autoclip.errors import CatalogBusyError, StorageError
from storage.catalog.statements import Row

logger = logging.getLogger(__name__)

FOREIGN_LOCK_POLL_SEC = 0.05
"""Pause between attempts while a program that doesn't know our lock (DuckDB's own shell) has the file open."""

_CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # the tables are small, and a DuckDB without threads of its own survives a fork of the process
    "force_compression": "uncompressed",  # choosing one takes 7 of the 14 ms of a checkpoint with 4,000 rows
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")
_OPEN_ELSEWHERE = "Could not set lock on file"


class Access(Enum):
    """How a file is attached, as ATTACH spells it."""

    READ = "READ_ONLY"
    WRITE = "RECOVERY_MODE no_wal_writes"
    """Without a log: a file that is written is a copy that counts only when it is whole."""
    MAKE = "RECOVERY_MODE no_wal_writes, BLOCK_SIZE 16384"
    """With the smallest blocks, as the whole file is copied for each change: 0.6 MB when empty, not 3."""
    RECOVER = "READ_WRITE"
    """With the log another program left."""


class DuckDBFile:
    """A database file and this process's private in-memory DuckDB that it is attached to.

    Attaching costs 0.4 to 2 ms, connecting 14 ms (docs/decisions/0004-catalog-in-duckdb.md). For one thread at a time.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._types: dict[str, dict[str, str]] = {}

    @contextmanager
    def attached(self, path: Path, access: Access, deadline: float) -> Iterator[None]:
        """Attach `path` while the block runs.

        Raises
        ------
        CatalogBusyError
            If a program that doesn't know our lock has the file open past the deadline.
        StorageError
            If it is damaged or no database.
        """
        self._attach(path, access, deadline)
        try:
            yield
        finally:
            self._detach()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run SQL and fetch every row.

        Raises
        ------
        StorageError
            If DuckDB refuses.
        """
        with self._translated():
            cursor = self._private().execute(sql, list(parameters)) if parameters else self._private().execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def types(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types; asked once, until `forget_types`."""
        if table not in self._types:
            rows = self.execute(f"DESCRIBE {table}")
            self._types[table] = {row["column_name"]: row["column_type"] for row in rows}
        return self._types[table]

    def forget_types(self) -> None:
        """Ask for the types anew: the tables may have changed."""
        self._types = {}

    def rolled_back(self) -> None:
        """Undo the transaction; if DuckDB can't any more, forget its state altogether."""
        try:
            self.execute("ROLLBACK")
        except StorageError as error:
            logger.warning("%s: could not roll back, so DuckDB starts anew: %s", self._path, error)
            self._discard()

    def abandon_after_fork(self) -> None:
        """Leave the parent's DuckDB alone in a forked child: even destroying it could write to the parent's file."""
        if self._connection is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
            self._connection = None

    def _attach(self, path: Path, access: Access, deadline: float) -> None:
        quoted = str(path).replace("'", "''")
        while True:
            try:
                self.execute(f"ATTACH '{quoted}' AS catalog (TYPE duckdb, {access.value})")
                self.execute("USE catalog")
            except CatalogBusyError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(FOREIGN_LOCK_POLL_SEC)
            else:
                return

    def _detach(self) -> None:
        """Let go of the file. What was to be kept is in it already, so a failure here loses nothing."""
        if self._connection is None:
            return
        try:
            self.execute("USE memory")
            self.execute("DETACH catalog")
        except StorageError as error:
            logger.warning("%s: could not be detached, so DuckDB starts anew: %s", self._path, error)
            self._discard()

    def _private(self) -> duckdb.DuckDBPyConnection:
        """Return this process's in-memory DuckDB."""
        if self._connection is None:
            self._connection = duckdb.connect(":memory:", config=_CONFIGURATION)
        return self._connection

    def _discard(self) -> None:
        """Close DuckDB, and with it the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._translated():
                connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn DuckDB's errors into ours."""
        try:
            yield
        except duckdb.Error as error:
            raise _our_error(self._path, error) from error


def _our_error(path: Path, error: duckdb.Error) -> StorageError:
    """Say what a DuckDB error means for the catalog, and the way out."""
    text = str(error)
    reason = text.splitlines()[0] if text else type(error).__name__
    if _OPEN_ELSEWHERE in text:
        return CatalogBusyError(f"{path}: another program has it open; close it, or try again later ({reason})")
    if any(sign in text for sign in _NO_ROOM):
        return StorageError(f"{path}: no room is left to write it; free space there ({reason})")
    if "not a valid DuckDB database file" in text or isinstance(error, duckdb.SerializationException):
        return StorageError(f"{path}: is damaged or no catalog; move it away and restore a backup ({reason})")
    if "version number" in text or "newer version" in text:
        return StorageError(f"{path}: was written by a newer DuckDB; update autoclip ({reason})")
    return StorageError(f"{path}: {reason}")
