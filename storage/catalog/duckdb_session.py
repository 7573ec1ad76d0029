"""DuckDB with attached files; translates its errors."""

from __future__ import annotations

import ctypes
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import duckdb

from autoclip.errors import CatalogBusyError, NoRoomError, StorageError
from storage.catalog.foreign_wait import ForeignWait
from storage.catalog.statements import Row
from storage.duckdb_interrupts import interruptible
from storage.migrations import is_current, known_migrations, migrate

logger = logging.getLogger(__name__)

_CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # the tables are small, and a DuckDB without its own threads survives a fork of the process
    "force_compression": "uncompressed",  # choosing one takes 7 of the 14 ms of a checkpoint with 4,000 rows
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")
_OPEN_ELSEWHERE = "Could not set lock on file"


class Access(Enum):
    """How a file is attached, in the syntax of ATTACH."""

    READ = "READ_ONLY"
    WRITE = "RECOVERY_MODE no_wal_writes"
    """Without a write-ahead log: a written file is a copy that counts only when it is complete."""
    MAKE = "RECOVERY_MODE no_wal_writes, BLOCK_SIZE 16384"
    """With the smallest blocks, because the whole file is copied for each change: an empty file has 0.4 to 0.7 MB, not
    3.
    """
    RECOVER = "READ_WRITE"
    """With the write-ahead log that another program left."""


class DuckDBSession:
    """A private in-memory DuckDB to which files are attached; for one thread at a time.

    Attaching takes 0.4 to 2 ms, connecting 14 ms (docs/decisions/0004-catalog-in-duckdb.md).
    """

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._types: dict[str, dict[str, str]] = {}
        self._attached: dict[str, Path] = {}
        self._used = ""

    def attach(self, path: Path, alias: str, access: Access, deadline: float) -> None:
        """Attach a file.

        Raises
        ------
        CatalogBusyError
            If a program that ignores our lock keeps the file open past the deadline.
        StorageError
            If it is damaged or not a database.
        """
        quoted = str(path.absolute()).replace("'", "''")
        wait = ForeignWait(path, deadline)
        while True:
            try:
                with self._connection_for(path) as connection:
                    connection.execute(f"ATTACH '{quoted}' AS {alias} (TYPE duckdb, {access.value})")
            except CatalogBusyError as error:
                wait.again(error)
            else:
                self._attached[alias] = path
                return

    def detach(self, alias: str) -> None:
        """Detach a file. Its data is already written, so a failure here loses nothing."""
        path = self._attached.pop(alias, None)
        if path is None or self._connection is None:
            return
        try:
            with self._connection_for(path) as connection:
                if self._used == alias:
                    connection.execute("USE memory")
                    self._used = ""
                connection.execute(f"DETACH {alias}")
        except StorageError as error:
            logger.warning("%s: could not be detached, so DuckDB starts over: %s", path, error)
            self.close()

    def holds(self, alias: str) -> bool:
        """Whether a file is attached under this name."""
        return alias in self._attached

    def use(self, alias: str) -> None:
        """Make the following statements use the tables of one file."""
        if self._used != alias:
            with self._connection_for(self._attached[alias]) as connection:
                connection.execute(f"USE {alias}")
            self._used = alias

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run SQL and fetch every row.

        Raises
        ------
        StorageError
            If DuckDB refuses.
        """
        with self._connection_for(self._attached.get(self._used, Path("catalog"))) as connection:
            cursor = connection.execute(sql, list(parameters)) if parameters else connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def types(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types, cached until `bring_up_to_date` changes them."""
        if table not in self._types:
            rows = self.execute(f"DESCRIBE {table}")
            self._types[table] = {row["column_name"]: row["column_type"] for row in rows}
        return self._types[table]

    def bring_up_to_date(self) -> bool:
        """Migrate the tables of the file in use; return whether they were of another version."""
        if is_current(self.execute, known_migrations()):
            return False
        migrate(self.execute, known_migrations())
        self._types = {}
        return True

    def rolled_back(self) -> None:
        """Roll back the transaction; if DuckDB can't, discard it altogether."""
        try:
            self.execute("ROLLBACK")
        except StorageError as error:
            logger.warning("could not roll back, so DuckDB starts over: %s", error)
            self.close()

    def abandon_after_fork(self) -> None:
        """Leave the parent's DuckDB open in a forked child: even closing it could write to the parent's file."""
        if self._connection is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
            self._connection = None
        self._attached, self._used = {}, ""

    @contextmanager
    def _connection_for(self, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield the connection, whose errors are about a file; translate them."""
        with _translated(path):
            connection = self._private()
            with interruptible(connection):
                yield connection

    def _private(self) -> duckdb.DuckDBPyConnection:
        """Return this process's in-memory DuckDB."""
        if self._connection is None:
            self._connection = duckdb.connect(":memory:", config=_CONFIGURATION)
        return self._connection

    def close(self) -> None:
        """Close DuckDB, and with it all files; the next call starts it again."""
        connection, self._connection = self._connection, None
        self._attached, self._used = {}, ""
        if connection is not None:
            with _translated(Path("catalog")):
                connection.close()


def json_insert(table: str, types: Mapping[str, str]) -> str:
    """Return the SQL that inserts rows, given as one JSON array of objects, into a table of these types."""
    shape = json.dumps([dict(types)]).replace("'", "''")
    return f"INSERT INTO {table} BY NAME SELECT unnest(from_json(?, '{shape}'), max_depth := 2)"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Translate DuckDB's errors."""
    try:
        yield
    except duckdb.Error as error:
        raise _our_error(path, error) from error


def _our_error(path: Path, error: duckdb.Error) -> StorageError:
    """Return our error for a DuckDB error, with the way out."""
    text = str(error)
    reason = text.splitlines()[0] if text else type(error).__name__
    if _OPEN_ELSEWHERE in text:
        return CatalogBusyError(f"{path}: another program has it open; close it, or try again later ({reason})")
    if any(sign in text for sign in _NO_ROOM):
        written = path.parent if path.name.startswith(".") else path  # nobody knows the names of temporary files
        return NoRoomError(f"{written}: no room is left to write the catalog; free space there ({reason})")
    if "not a valid DuckDB database file" in text or isinstance(error, duckdb.SerializationException):
        return StorageError(f"{path}: is damaged or not a catalog; move it away and restore a backup ({reason})")
    if "version number" in text or "newer version" in text:
        return StorageError(f"{path}: was written by a newer DuckDB; update autoclip ({reason})")
    return StorageError(f"{path}: {reason}")
