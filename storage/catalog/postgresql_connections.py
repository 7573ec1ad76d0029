"""The connections of one process to the catalog's PostgreSQL: opened on demand, reused, replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from autoclip.errors import CatalogBusyError, ParameterError, StorageError
from storage.catalog.postgresql_session import (
    CONNECT_TIMEOUT_SEC,
    Connection,
    PostgreSQLSession,
    connect,
    connection_options,
    our_error,
    reason_of,
)

MAX_CONNECTIONS = 8
"""Maximum number of connections per process.

PostgreSQL allows 100 in total by default; a unit uses one for some milliseconds.
"""

MAX_IDLE_SEC = 60.0
"""Seconds after which an idle connection is closed: a worker's process mostly decodes."""

IDLE_IN_UNIT_SEC = 120
"""Seconds after which PostgreSQL rolls back an idle unit, such as one of a lost machine."""

_abandoned: list[object] = []
"""Pools of a parent process, kept so that nothing closes their connections."""


class Connections:
    """The connections of this process.

    Parameters
    ----------
    url : str
        A libpq URL (``postgresql://user@host/database``); libpq's variables and files supply what it leaves out.
    busy_deadline_sec : float
        How long to wait for a connection, and for each lock.
    """

    def __init__(self, url: str, busy_deadline_sec: float) -> None:
        self.name = display_name(url)
        self._url, self._busy_deadline_sec = url, busy_deadline_sec
        self.start_over()

    def start_over(self) -> None:
        """Start without the resources of a parent process."""
        if (pool := getattr(self, "_pool", None)) is not None:
            _abandoned.append(pool)
        self._pool: ConnectionPool[Connection] | None = None
        self._opening = threading.Lock()

    @contextmanager
    def session(self, begin: str) -> Iterator[PostgreSQLSession]:
        """Yield a connection on which `begin` has been run.

        A connection that turns out to be broken, because the server was restarted, is replaced, since nothing has been
        done on it yet.

        Raises
        ------
        CatalogBusyError
            If no connection is free or can be opened in time, or a lock is not free in time.
        StorageError
            If the server can't be reached or refuses the connection.
        """
        pool = self._opened()
        deadline = time.monotonic() + max(self._busy_deadline_sec, CONNECT_TIMEOUT_SEC)
        while True:
            connection = self._taken(pool, deadline)
            try:
                session = PostgreSQLSession(connection, self.name)
                try:
                    session.begun_with = session.execute_all(begin) if begin else []
                except StorageError:
                    session.rollback()
                    if not connection.closed or time.monotonic() > deadline:
                        raise
                    continue
                yield session
                return
            finally:
                if pool is self._pool:  # else this is a forked child, and the connection its parent's
                    pool.putconn(connection)

    def _opened(self) -> ConnectionPool[Connection]:
        with self._opening:
            if self._pool is None:
                self._connect_once()
                self._pool = ConnectionPool(
                    self._url,
                    kwargs=connection_options(self._url),
                    min_size=0,
                    max_size=MAX_CONNECTIONS,
                    max_idle=MAX_IDLE_SEC,
                    timeout=self._busy_deadline_sec,
                    num_workers=1,
                    open=True,
                    name="autoclip",
                )
            return self._pool

    def _connect_once(self) -> None:
        """Find out immediately why the server can't be reached: the pool would retry without giving a reason."""
        try:
            connect(self._url).close()
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def _taken(self, pool: ConnectionPool[Connection], deadline: float) -> Connection:
        try:
            return pool.getconn(timeout=max(0.001, deadline - time.monotonic()))
        except PoolTimeout as error:
            self._connect_once()
            raise CatalogBusyError(
                f"{self.name}: all {MAX_CONNECTIONS} connections of this process were in use past the deadline; "
                "try again later"
            ) from error

    def _unreachable(self, error: psycopg.Error) -> StorageError | ParameterError:
        if not isinstance(error, psycopg.OperationalError):
            return our_error(self.name, error)
        return StorageError(
            f"{self.name}: can't be reached; start PostgreSQL, or correct AUTOCLIP_DATABASE_URL ({reason_of(error)})"
        )


def display_name(url: str) -> str:
    """Return the name of a database without its password.

    Raises
    ------
    ParameterError
        If libpq can't parse the URL.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ParameterError(
            "AUTOCLIP_DATABASE_URL is not an address of a PostgreSQL database; "
            "write postgresql://USER@HOST/DATABASE, with special characters as %XX"
        ) from error
    place = f"{parts.get('host') or 'local socket'}{':' + str(parts['port']) if 'port' in parts else ''}"
    return f"PostgreSQL database {parts.get('dbname') or parts.get('user') or 'of this user'} at {place}"
