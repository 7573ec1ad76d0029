"""The catalog in a DuckDB file that several processes share.

DuckDB lets one process write. So a process holds the file only for the length of a unit of work: take the lock, attach,
begin ... commit, detach, release. docs/decisions/0004-catalog-in-duckdb.md has the alternatives and the figures.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from autoclip.errors import CatalogBusyError, StorageError
from storage.atomic import replacing, storage_faults
from storage.catalog.duckdb_file import DuckDBFile
from storage.catalog.file_system import refuse_network_file_system
from storage.catalog.interface import Catalog, Unit
from storage.catalog.lock import CatalogLock, forget_locks_after_fork
from storage.catalog.statements import Row, require_text
from storage.catalog.thread_turns import ThreadTurns
from storage.migrations import known_migrations, migrate

BUSY_DEADLINE_SEC = 30.0
"""A write holds the lock for about 10 ms; half a minute of waiting means that something hangs."""


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
        self._file = DuckDBFile(self.path)
        self._current = threading.local()
        self._threads = ThreadTurns()
        self._prepared: tuple[int, int] | None = None
        _in_this_process.add(self)

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """Begin a unit that may change things; see `Catalog.transaction`."""
        with self._unit(read_only=False) as unit:
            yield unit

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """Begin a unit that only reads; see `Catalog.reading`."""
        with self._unit(read_only=True) as unit:
            yield unit

    def backup(self, target: Path) -> None:
        """Copy the catalog while nobody has it open; see `Catalog.backup`."""
        if target.absolute() == self.path:
            raise StorageError(f"{target}: is the catalog itself; name another file for the copy")
        with self._turn() as deadline, self._held_alone(deadline):
            # Attaching for writing moves what a crashed writer left in the log into the file.
            with self._file.attached(self.path, read_only=False, deadline=deadline):
                self._file.execute("CHECKPOINT")
            with replacing(target) as partial, storage_faults(self.path):
                shutil.copyfile(self.path, partial)

    @contextmanager
    def _unit(self, *, read_only: bool) -> Iterator[Unit]:
        """Begin a unit, or join the one this thread is in."""
        outer: _Transaction | None = getattr(self._current, "transaction", None)
        if outer is None:
            with self._turn() as deadline, self._held(shared=read_only, deadline=deadline):
                attached = self._file.attached(self.path, read_only=read_only, deadline=deadline)
                with attached, self._begun(read_only=read_only) as transaction:
                    yield Unit.over(transaction)
            return
        if outer.read_only and not read_only:
            raise StorageError("a unit that only reads can't become one that writes; begin a transaction around both")
        with nullcontext() if read_only else outer.joined():
            yield Unit.over(outer)

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """Wait for this process's other threads; give the deadline for everything that is still to be waited for."""
        deadline = time.monotonic() + self._busy_deadline_sec
        with self._threads.turn(self._busy_deadline_sec) as taken:
            if not taken:
                raise CatalogBusyError(f"{self.path}: another thread kept it busy past the deadline; try again later")
            yield deadline

    @contextmanager
    def _held(self, *, shared: bool, deadline: float) -> Iterator[None]:
        """Hold the lock on a catalog that is there and up to date."""
        if not shared:
            with self._held_alone(deadline):
                yield
            return
        while True:
            if not self._is_prepared():
                with self._held_alone(deadline):
                    pass
            with self._lock.held(shared=True, deadline=deadline):
                if self._is_prepared():
                    yield
                    return

    @contextmanager
    def _held_alone(self, deadline: float) -> Iterator[None]:
        with storage_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.held(shared=False, deadline=deadline):
            self._prepare(deadline)
            yield

    def _is_prepared(self) -> bool:
        """Whether the file is the one this process saw up to date: a deleted or replaced one is not."""
        return self._prepared is not None and self._prepared == self._identity()

    def _identity(self) -> tuple[int, int] | None:
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return None
        return facts.st_dev, facts.st_ino

    def _prepare(self, deadline: float) -> None:
        """Make the file when missing, and bring its tables up to date; the lock is held exclusively."""
        if self._is_prepared():
            return
        refuse_network_file_system(self.path.parent)
        if self.path.exists():
            self._migrate(self.path, deadline)
        else:
            self._refuse_orphaned_log()
            # Under another name until it is whole: a crash while DuckDB makes a file leaves one it can't open.
            with replacing(self.path) as partial:
                self._migrate(partial, deadline)
        self._prepared = self._identity()

    def _migrate(self, path: Path, deadline: float) -> None:
        with self._file.attached(path, read_only=False, deadline=deadline):
            migrate(self._file.execute, known_migrations())
        self._file.forget_types()

    def _refuse_orphaned_log(self) -> None:
        """Refuse to make a new catalog beside the log of one that is gone: DuckDB would mix them."""
        log = self.path.with_name(f"{self.path.name}.wal")
        if log.exists():
            raise StorageError(
                f"{self.path}: is missing, but {log.name} holds changes made to it; "
                "put the catalog back, or move that file away"
            )

    @contextmanager
    def _begun(self, *, read_only: bool) -> Iterator[_Transaction]:
        """Run a transaction: kept if the block and every statement in it went well, undone otherwise."""
        transaction = _Transaction(self._file, read_only=read_only)
        self._file.execute("BEGIN")
        self._current.transaction = transaction
        try:
            yield transaction
            transaction.keep()
        except BaseException:
            transaction.undo()
            raise
        finally:
            self._current.transaction = None

    def _start_anew_after_fork(self) -> None:
        """Give a forked child its own locks and its own DuckDB."""
        self._file.abandon_after_fork()
        self._current = threading.local()
        self._threads = ThreadTurns()


class _Transaction:
    """The statements of one unit of work."""

    def __init__(self, file: DuckDBFile, *, read_only: bool) -> None:
        self.read_only = read_only
        self._file = file
        self._process = os.getpid()
        self._failed = False

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
        catalog._start_anew_after_fork()  # noqa: SLF001 - the same room


os.register_at_fork(after_in_child=_start_anew_after_fork)
