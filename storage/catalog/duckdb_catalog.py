"""The catalog in a DuckDB file that several processes share.

DuckDB lets one process write a file, and a process that dies while it does can leave a damaged one. So a file that has
the catalog's name is never written. A transaction takes the lock, copies the file, changes the copy and renames it over
the original; readers attach whatever file has the name, and need no lock. docs/decisions/0004-catalog-in-duckdb.md has
the alternatives and the figures.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from autoclip.errors import CatalogBusyError, StorageError
from storage.atomic import PARTIAL, install, replacing, storage_faults
from storage.catalog.duckdb_file import FOREIGN_LOCK_POLL_SEC, Access, DuckDBFile
from storage.catalog.file_system import refuse_network_file_system
from storage.catalog.interface import Catalog, Unit
from storage.catalog.lock import CatalogLock, forget_locks_after_fork
from storage.catalog.statements import Row, require_text
from storage.catalog.thread_turns import ThreadTurns
from storage.migrations import is_current, known_migrations, migrate

BUSY_DEADLINE_SEC = 30.0
"""A write holds the lock for some 20 ms; half a minute of waiting means that something hangs."""


class DuckDBCatalog(Catalog):
    """The catalog in one DuckDB file.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made on first use.
    busy_deadline_sec : float
        How long to wait for others before `CatalogBusyError`.
    """

    def __init__(self, path: Path, *, busy_deadline_sec: float = BUSY_DEADLINE_SEC) -> None:
        self.path = path.expanduser().absolute()
        self._busy_deadline_sec = busy_deadline_sec
        self._lock = CatalogLock(self.path)
        self._log = self.path.with_name(f"{self.path.name}.wal")
        self._successor_path = self.path.with_name(f".{self.path.name}{PARTIAL}")
        self._writer, self._reader = DuckDBFile(self.path), DuckDBFile(self.path)
        self._start_anew()
        _in_this_process.add(self)

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """Begin a unit that may change things, or join the one this thread is in; see `Catalog.transaction`."""
        outer: _Transaction | None = getattr(self._current, "transaction", None)
        if outer is not None:
            with self._joined(outer):
                yield outer.unit
            return
        with (
            self._turn(self._write_turns) as deadline,
            self._locked(deadline),
            self._successor(deadline) as access,
            self._writer.attached(self._successor_path, access, deadline),
        ):
            self._bring_up_to_date()
            with self._begun(self._writer, read_only=False) as transaction:
                yield transaction.unit
            self._writer.execute("CHECKPOINT")

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """Begin a unit that only reads, or be part of the one this thread is in; see `Catalog.reading`."""
        outer: _Transaction | None = getattr(self._current, "transaction", None)
        if outer is not None:
            yield outer.unit
            return
        with self._turn(self._read_turns) as deadline:
            while True:
                with self._ready(deadline) as ready:
                    if ready:
                        with self._begun(self._reader, read_only=True) as transaction:
                            yield transaction.unit
                        return
                with self.transaction():
                    pass

    def backup(self, target: Path) -> None:
        """Copy the file that now has the catalog's name; see `Catalog.backup`."""
        if target.absolute() == self.path:
            raise StorageError(f"{target}: is the catalog itself; name another file for the copy")
        with self.reading():
            pass
        with self._turn(self._read_turns) as deadline, replacing(target) as partial:
            self._copy(partial, deadline)

    def _joined(self, outer: _Transaction) -> AbstractContextManager[None]:
        """Be part of a unit, if it may change things."""
        if outer.read_only:
            raise StorageError("a unit that only reads can't become one that writes; begin a transaction around both")
        return outer.joined()

    @contextmanager
    def _turn(self, turns: ThreadTurns) -> Iterator[float]:
        """Wait for this process's other threads; give the deadline for everything that is still to be waited for."""
        deadline = time.monotonic() + self._busy_deadline_sec
        with turns.turn(self._busy_deadline_sec) as taken:
            if not taken:
                raise CatalogBusyError(f"{self.path}: another thread kept it busy past the deadline; try again later")
            yield deadline

    @contextmanager
    def _locked(self, deadline: float) -> Iterator[None]:
        """Be the only one who changes the catalog."""
        with storage_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        refuse_network_file_system(self.path.parent)
        with self._lock.held(deadline):
            yield

    @contextmanager
    def _successor(self, deadline: float) -> Iterator[Access]:
        """Make a copy to be changed; when the block ends well it becomes the catalog, otherwise it is removed."""
        process = os.getpid()
        self._take_in_foreign_log(deadline)
        new = not self.path.exists()
        try:
            self._successor_path.unlink(missing_ok=True)
            if not new:
                self._copy(self._successor_path, deadline)
            yield Access.MAKE if new else Access.WRITE
            install(self._successor_path, self.path)
        except BaseException:
            if os.getpid() == process:  # a forked child must leave its parent's alone
                self._successor_path.unlink(missing_ok=True)
            raise

    def _copy(self, target: Path, deadline: float) -> None:
        """Copy the catalog, unless a program that doesn't know our lock is writing it."""
        while True:
            with storage_faults(target), self.path.open("rb") as original:
                try:
                    fcntl.lockf(original, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError as error:
                    if time.monotonic() >= deadline:
                        raise CatalogBusyError(
                            f"{self.path}: another program has it open; close it, or try again later"
                        ) from error
                else:
                    with target.open("wb") as copy:
                        shutil.copyfileobj(original, copy, 1 << 20)
                    return
            time.sleep(FOREIGN_LOCK_POLL_SEC)

    def _take_in_foreign_log(self, deadline: float) -> None:
        """Move what another program left in DuckDB's log into the file: we make none, DuckDB's own shell does."""
        if not self._log.exists():
            return
        if not self.path.exists():
            raise StorageError(
                f"{self.path}: is missing, but {self._log.name} holds changes made to it; "
                "put the catalog back, or move that file away"
            )
        with self._writer.attached(self.path, Access.RECOVER, deadline):
            self._writer.execute("CHECKPOINT")

    @contextmanager
    def _ready(self, deadline: float) -> Iterator[bool]:
        """Attach the catalog for reading; give False if it is not there, or its tables are not of this version."""
        if not self.path.exists():
            yield False
            return
        with self._reader.attached(self.path, Access.READ, deadline):
            yield is_current(self._reader.execute, known_migrations())

    def _bring_up_to_date(self) -> None:
        """Migrate the file that is attached for writing."""
        if not is_current(self._writer.execute, known_migrations()):
            migrate(self._writer.execute, known_migrations())
            self._writer.forget_types()

    @contextmanager
    def _begun(self, file: DuckDBFile, *, read_only: bool) -> Iterator[_Transaction]:
        """Run a transaction: kept if the block and every statement in it went well, undone otherwise."""
        transaction = _Transaction(file, read_only=read_only)
        file.execute("BEGIN")
        self._current.transaction = transaction
        try:
            yield transaction
            transaction.keep()
        except BaseException:
            transaction.undo()
            raise
        finally:
            self._current.transaction = None

    def _start_anew(self) -> None:
        """Begin without anything a parent process may have open."""
        self._writer.abandon_after_fork()
        self._reader.abandon_after_fork()
        self._current = threading.local()
        self._write_turns, self._read_turns = ThreadTurns(), ThreadTurns()


class _Transaction:
    """The statements of one unit of work."""

    def __init__(self, file: DuckDBFile, *, read_only: bool) -> None:
        self.read_only = read_only
        self._file = file
        self._process = os.getpid()
        self._failed = False
        self.unit = Unit.over(self)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement; after one that failed nothing can be kept."""
        self._require_own_process()
        for parameter in parameters:
            if isinstance(parameter, str):
                require_text(parameter)
        try:
            return self._file.execute(sql, parameters)
        except BaseException:
            self._failed = True
            raise

    def types(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with their types."""
        self._require_own_process()
        return self._file.types(table)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Run a block as part of this unit: if it fails, the whole unit does."""
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def keep(self) -> None:
        """Commit, unless something failed in between: DuckDB's COMMIT would then silently keep nothing."""
        self._require_own_process()
        if self.read_only:
            self._file.rolled_back()
            return
        if self._failed:
            raise StorageError("nothing of this unit of work was kept, because a part of it failed before")
        self.unit.operations.flush()
        self._file.execute("COMMIT")

    def undo(self) -> None:
        """Roll back, unless this is a forked child, which must not touch its parent's unit."""
        if os.getpid() == self._process:
            self._file.rolled_back()

    def _require_own_process(self) -> None:
        if os.getpid() != self._process:
            raise StorageError("this unit of work belongs to the parent process; begin one of your own")


_in_this_process: weakref.WeakSet[DuckDBCatalog] = weakref.WeakSet()


def _start_anew_after_fork() -> None:
    """Part a forked child from what its parent has open."""
    forget_locks_after_fork()
    for catalog in tuple(_in_this_process):
        catalog._start_anew()  # noqa: SLF001 - the same module


os.register_at_fork(after_in_child=_start_anew_after_fork)
