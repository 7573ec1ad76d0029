"""The catalog in PostgreSQL, for processes on many machines (the extra ``postgres``).

Each unit is one transaction. A unit that may change things runs at READ COMMITTED and holds the lock of each project
that it accesses, so it sees the project's latest state and nobody changes it meanwhile. A read-only unit runs at
REPEATABLE READ: one consistent state of everything, without a lock. docs/decisions/0014-catalog-in-postgresql.md has
the reasons.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import StorageError
from storage.atomic import replacing
from storage.catalog.home import Home
from storage.catalog.interface import Catalog
from storage.catalog.postgresql_connections import IDLE_IN_UNIT_SEC, Connections
from storage.catalog.postgresql_session import PostgreSQLSession, lasting_session
from storage.catalog.postgresql_tables import PostgreSQLUnit
from storage.catalog.postgresql_transfer import dump, load
from storage.catalog.statements import Row
from storage.catalog.unit_of_work import UnitOfWork
from storage.migrations import Execute, is_current, known_migrations, migrate

_WHOLE = "hashtextextended(current_schema(), 0)"
"""The lock of the whole catalog: shared by writing units, exclusive for changes of everything."""

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ' ' || ?, 0)) AS taken"
LOCK_POLL_SEC = 1.0

_ALONE = f"SELECT pg_advisory_xact_lock({_WHOLE});"
_STEPS = "SELECT number FROM migrations"

_SAVEPOINTS = {"BEGIN": "SAVEPOINT step", "COMMIT": "RELEASE SAVEPOINT step", "ROLLBACK": "ROLLBACK TO SAVEPOINT step"}


class PostgreSQLCatalog(Catalog):
    """The catalog in a PostgreSQL database; its tables are created on first use.

    Parameters
    ----------
    url : str
        A libpq URL, such as ``postgresql://user:password@host:5432/autoclip``.
    busy_deadline_sec : float
        How long to wait for others before raising `CatalogBusyError`.
    home : Home
        The location of the projects' files on this machine.
    """

    def __init__(self, url: str, *, busy_deadline_sec: float, home: Home = Home()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self._url, self._home = url, home
        self._connections = Connections(url, busy_deadline_sec)
        self._busy_deadline_sec = busy_deadline_sec
        self._migrations = known_migrations("postgresql")
        self._steps = {step.number for step in self._migrations}
        self._up_to_date = False

    @property
    def name(self) -> str:
        """Return the database and its host."""
        return self._connections.name

    @contextmanager
    def sole_writer(self, project_id: str, while_waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the lock for writing a project's files; see `Catalog.sole_writer`.

        The lock belongs to a separate connection, so it ends with the process or the machine that holds it.
        """
        name = f"files of {project_id}"
        with lasting_session(self._url, self._connections.name) as session:
            while not session.execute(TRY_LOCK, [name])[0]["taken"]:
                while_waiting()
                time.sleep(LOCK_POLL_SEC)
            yield

    def backup(self, target: Path) -> None:
        """Write the whole catalog to one DuckDB file; see `Catalog.backup`."""
        with replacing(target) as partial:
            self._write_all(partial)

    @contextmanager
    def files(self) -> Iterator[tuple[Path, ...]]:
        """Write the whole catalog to one DuckDB file while the block runs; see `Catalog.files`."""
        with tempfile.TemporaryDirectory(prefix="autoclip-catalog-") as folder:
            path = Path(folder) / "catalog.duckdb"
            self._write_all(path)
            yield (path,)

    def restore(self, source: Path) -> None:
        """Replace everything with the content of a backup; see `Catalog.restore`."""
        if not source.is_file():
            raise StorageError(f"{source}: is not a file; name a backup of the catalog")
        with self._started(_ALONE) as session:
            try:
                load(session, source, time.monotonic() + self._busy_deadline_sec)
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def _write_all(self, path: Path) -> None:
        with self._started("", read_only=True) as session:
            try:
                dump(session, path, time.monotonic() + self._busy_deadline_sec)
            finally:
                session.rollback()

    def start_over(self) -> None:
        """Start without the resources of a parent process."""
        super().start_over()
        self._connections.start_over()

    @contextmanager
    def _begun(self, *, read_only: bool) -> Iterator[UnitOfWork]:
        lock = "" if read_only else f"SELECT pg_advisory_xact_lock_shared({_WHOLE});"
        with (
            self._started(lock, read_only=read_only) as session,
            self._current.begun(PostgreSQLUnit(session, read_only=read_only, home=self._home)) as unit,
        ):
            yield unit

    @contextmanager
    def _started(self, lock: str, *, read_only: bool = False) -> Iterator[PostgreSQLSession]:
        """Begin a transaction and take `lock`, after a check that the tables are of this version: one round trip."""
        self._bring_up_to_date()
        mode = "ISOLATION LEVEL REPEATABLE READ, READ ONLY" if read_only else "ISOLATION LEVEL READ COMMITTED"
        with self._connections.session(f"BEGIN {mode}; {self._limits()} {lock} {_STEPS}") as session:
            if {row["number"] for row in session.begun_with} != self._steps:
                session.rollback()
                self._up_to_date = False
                raise StorageError(
                    f"{self._connections.name}: another version of autoclip changed the tables; "
                    "use one version everywhere, and start again"
                )
            yield session

    def _bring_up_to_date(self) -> None:
        """Create or migrate the tables when this process first needs them."""
        if self._up_to_date:
            return
        with self._connections.session("") as session:
            current = is_current(session.execute, self._migrations)
        if not current:
            with self._connections.session(f"BEGIN; {self._limits()} {_ALONE}") as session:
                try:
                    migrate(_in_savepoints(session), self._migrations)
                    session.commit()
                except BaseException:
                    session.rollback()
                    raise
        self._up_to_date = True

    def _limits(self) -> str:
        """Limit the waits of a transaction, and of PostgreSQL for us; transaction-local, as a pooler requires."""
        wait_ms = max(1, round(self._busy_deadline_sec * 1000))
        return (
            f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL TimeZone = 'UTC'; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_UNIT_SEC}s';"
        )


def _in_savepoints(session: PostgreSQLSession) -> Execute:
    """Return a function that runs the steps of a migration within the current transaction."""

    def execute(sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        if parameters:
            return session.execute(sql, parameters)
        return session.execute_all(_SAVEPOINTS.get(sql, sql))

    return execute
