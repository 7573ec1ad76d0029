"""One connection to PostgreSQL; translates its errors."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from autoclip.errors import CatalogBusyError, ConflictError, NoRoomError, ParameterError, StorageError
from storage.catalog.statements import Row

Connection = psycopg.Connection[Row]

CONNECT_TIMEOUT_SEC = 10
"""Seconds that one attempt to reach the server may take, unless the URL says otherwise."""


def connect(url: str) -> Connection:
    """Open a connection; raise `psycopg.Error` if that fails."""
    return psycopg.connect(url, **connection_options(url))


def connection_options(url: str) -> dict[str, Any]:
    """Return the options of every connection besides its URL.

    We control transactions ourselves. Statements are not prepared, so that a pooler between us and the server
    (PgBouncer in transaction mode) may use another connection for each transaction.
    """
    options = {
        "autocommit": True,
        "row_factory": dict_row,
        "cursor_factory": psycopg.RawCursor,
        "prepare_threshold": None,
        "application_name": "autoclip",
    }
    return options if "connect_timeout" in url else options | {"connect_timeout": CONNECT_TIMEOUT_SEC}


@contextmanager
def lasting_session(url: str, name: str) -> Iterator[PostgreSQLSession]:
    """Yield a separate connection whose transaction may be idle for hours, for holding a lock.

    In READ COMMITTED such a transaction blocks neither rows nor vacuuming.
    """
    with translated(name):
        connection = connect(url)
    try:
        session = PostgreSQLSession(connection, name)
        session.execute_all(f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; {_KEEPALIVE}")
        yield session
    finally:
        connection.close()


_KEEPALIVE = "".join(
    f"SET LOCAL tcp_keepalives_{name} = {value};" for name, value in {"idle": 30, "interval": 15, "count": 6}.items()
)
"""Makes PostgreSQL detect within 120 s, instead of hours, that a machine is lost."""


class PostgreSQLSession:
    """A connection as repositories use it: SQL with ``?`` in, all rows out; for one thread at a time.

    Parameters
    ----------
    connection : psycopg.Connection
        A connection from `connect`.
    name : str
        Name of the catalog for messages, without its password.

    Attributes
    ----------
    begun_with : list of dict
        The rows of the first statements.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection, self.name = connection, name
        self.begun_with: list[Row] = []

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and fetch every row.

        Raises
        ------
        CatalogBusyError
            If another unit holds a required lock past the deadline.
        ConflictError
            If a record with this id was added meanwhile.
        ParameterError
            If a text contains a null character.
        StorageError
            If PostgreSQL refuses it for another reason, or can no longer be reached.
        """
        with translated(self.name):
            cursor = self.connection.execute(numbered(sql), list(parameters) or None)
            return cursor.fetchall() if cursor.description else []

    def execute_all(self, sql: str) -> list[Row]:
        """Run several statements in one round trip, without parameters; return the rows of the last one."""
        with translated(self.name):
            cursor = self.connection.execute(sql)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def commit(self) -> None:
        """Commit the transaction.

        Raises
        ------
        StorageError
            If nothing was committed, or the connection broke so that the outcome is unknown.
        """
        try:
            with translated(self.name):
                kept = self.connection.execute("COMMIT").statusmessage
        except StorageError as error:
            if not self.connection.broken:
                raise
            raise StorageError(
                f"{error}; it is unknown whether the change was kept: look before you repeat it"
            ) from error
        if kept != "COMMIT":
            raise StorageError(f"{self.name}: nothing was kept, because a statement failed before")

    def rollback(self) -> None:
        """Roll back the transaction; if the connection can't, close it, which has the same effect."""
        try:
            self.connection.execute("ROLLBACK")
        except psycopg.Error:
            self.connection.close()


@functools.lru_cache(maxsize=512)
def numbered(sql: str) -> str:
    """Replace each ``?`` with ``$1``, ``$2``, ... for PostgreSQL; no statement of ours contains one in a text."""
    numbers = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Translate psycopg's errors."""
    try:
        yield
    except psycopg.Error as error:
        raise our_error(name, error) from error


def our_error(name: str, error: psycopg.Error) -> StorageError | ParameterError:
    """Return our error for a psycopg error, with the way out."""
    reason = reason_of(error)
    for kinds, meaning, message in _MEANINGS:
        if isinstance(error, kinds):
            return meaning(message.format(name=name, reason=reason))
    if isinstance(error, errors.UntranslatableCharacter) or (isinstance(error, psycopg.DataError) and "NUL" in reason):
        return ParameterError("PostgreSQL keeps no text with a null character in it; remove it")
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in _CONNECTION_CLASSES:
        return StorageError(f"{name}: the connection broke; nothing of this unit of work was kept ({reason})")
    return StorageError(f"{name}: {reason}")


def reason_of(error: BaseException) -> str:
    """Return the first line of a message."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


_CONNECTION_CLASSES = ("08", "57")
"""Classes of SQLSTATE for a lost connection: connection exception, operator intervention."""

_MEANINGS: tuple[tuple[tuple[type[psycopg.Error], ...], type[StorageError], str], ...] = (
    (
        (errors.LockNotAvailable, errors.QueryCanceled),
        CatalogBusyError,
        "{name}: others kept the record busy past the deadline; try again later ({reason})",
    ),
    (
        (errors.DeadlockDetected, errors.SerializationFailure),
        CatalogBusyError,
        "{name}: two changes waited for each other; try again ({reason})",
    ),
    (
        (errors.UniqueViolation,),
        ConflictError,
        "another process added the same record meanwhile; read it again ({reason})",
    ),
    (
        (errors.ForeignKeyViolation,),
        ConflictError,
        "the project was deleted meanwhile, or does not exist ({reason})",
    ),
    (
        (errors.DiskFull,),
        NoRoomError,
        "{name}: no room is left to write it; free space on the server ({reason})",
    ),
    (
        (errors.InsufficientPrivilege,),
        StorageError,
        "{name}: {reason}; give the user the right, or name another one in AUTOCLIP_DATABASE_URL",
    ),
    (
        (errors.ReadOnlySqlTransaction,),
        StorageError,
        "{name}: can't be changed here, in a unit that only reads or on a standby server ({reason})",
    ),
)
"""psycopg's errors: their classes, our error, its message."""
