"""The catalog in DuckDB files that several processes share.

DuckDB lets only one process write a file, and a process that dies while writing can leave it damaged. A file with a
final name is therefore never written. A transaction takes the lock, copies the file of the project it changes, changes
the copy and renames it over the original. Readers attach the current file and need no lock.
docs/decisions/0004-catalog-in-duckdb.md has the alternatives and the figures, `storage.catalog.layout` the files.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from autoclip.errors import CatalogBusyError, StorageError
from autoclip.system.files import is_older, link_or_copy
from autoclip.system.posix_locks import is_written_elsewhere
from storage.atomic import LEFTOVER_AGE_SEC, PARTIAL, install, replacing, storage_faults
from storage.catalog.duckdb_session import Access, DuckDBSession
from storage.catalog.fair_lock import FairLock
from storage.catalog.file_system import refuse_network_file_system
from storage.catalog.foreign_wait import ForeignWait
from storage.catalog.interface import Catalog
from storage.catalog.layout import Layout, successor_of
from storage.catalog.lock import CatalogLock
from storage.catalog.recovery import is_sound, reindex, roll_forward
from storage.catalog.split import make_empty, merge, split
from storage.catalog.unit_files import Side, UnitFiles
from storage.catalog.unit_of_work import UnitOfWork

BUSY_DEADLINE_SEC = 30.0
"""Default deadline in seconds: a write holds the lock for some 20 ms, so waiting for half a minute means that something
hangs.
"""

SAVED = ".before-split"
"""Suffix under which a single-file catalog is kept after it has been split."""


class DuckDBCatalog(Catalog):
    """The catalog in DuckDB files.

    Parameters
    ----------
    path : Path
        The root file; it and its folder are created on first use.
    busy_deadline_sec : float
        How long to wait for others before raising `CatalogBusyError`.
    """

    def __init__(self, path: Path, *, busy_deadline_sec: float = BUSY_DEADLINE_SEC) -> None:
        super().__init__()
        self.path = path.expanduser().absolute()
        self._busy_deadline_sec = busy_deadline_sec
        self._lock = CatalogLock(self.path)
        self._writing, self._reading = Side(read_only=False), Side(read_only=True)
        self._write_turns, self._read_turns = FairLock(), FairLock()

    @property
    def name(self) -> str:
        """Return the path of the root file."""
        return str(self.path)

    def backup(self, target: Path) -> None:
        """Write a consistent copy of all projects to one file; see `Catalog.backup`."""
        if target.absolute() == self.path:
            raise StorageError(f"{target}: is the catalog itself; name another file for the copy")
        with self.files() as files, replacing(target) as partial:
            merge(files, partial, time.monotonic() + self._busy_deadline_sec)

    @contextmanager
    def files(self) -> Iterator[tuple[Path, ...]]:
        """Hard-link the files of all projects; see `Catalog.files`."""
        with self._exclusive() as (layout, _):
            snapshot = layout.generations / f".{secrets.token_hex(4)}{PARTIAL}"
            _clear_abandoned(layout)
            _link_all(layout, snapshot)
        try:
            yield tuple(sorted(snapshot.iterdir()))
        finally:
            shutil.rmtree(snapshot, ignore_errors=True)

    def restore(self, source: Path) -> None:
        """Replace everything with the content of a backup; see `Catalog.restore`."""
        if not source.is_file():
            raise StorageError(f"{source}: is not a file; name a backup of the catalog")
        with self._turn(self._write_turns) as deadline, self._locked(deadline):
            whole = self.path.with_name(f".{self.path.name}.restored{PARTIAL}")
            try:
                with storage_faults(whole):
                    shutil.copyfile(source, whole)
                self._migrate_copy(whole, deadline)
                successor = successor_of(self.path)
                split(whole, self.path, successor, deadline)
                self._writing.attached.forget(self.path)
                install(successor, self.path)
            finally:
                whole.unlink(missing_ok=True)

    @contextmanager
    def _begun(self, *, read_only: bool) -> Iterator[UnitOfWork]:
        with (
            self._files_to_read() if read_only else self._files_to_write() as files,
            self._current.begun(files) as unit,
        ):
            yield unit

    @contextmanager
    def _files_to_write(self) -> Iterator[UnitFiles]:
        with self._exclusive() as (layout, deadline):
            index = self._writing.enter(layout)
            files = UnitFiles(self._writing, layout, deadline, self._copier(deadline), self._upgrade)
            index.begin()
            yield files

    @contextmanager
    def _files_to_read(self) -> Iterator[UnitFiles]:
        with self._turn(self._read_turns) as deadline:
            try:
                layout = self._layout_to_read(deadline)
                yield UnitFiles(self._reading, layout, deadline, None, self._upgrade)
            finally:
                self._reading.attached.end()

    @contextmanager
    def _exclusive(self) -> Iterator[tuple[Layout, float]]:
        """Hold the lock for changing the catalog, and repair its files if needed."""
        with self._turn(self._write_turns) as deadline, self._locked(deadline):
            self._writing.attached.begin()
            try:
                yield self._prepared(deadline), deadline
            finally:
                self._writing.attached.end()

    def _prepared(self, deadline: float) -> Layout:
        """Create or migrate the catalog if needed; finish what a crash interrupted."""
        layout = self._layout(self._writing, deadline)
        if layout is None:
            self._make_or_split(deadline)
            self._writing.attached.begin()
            layout = self._layout(self._writing, deadline)
            assert layout is not None  # noqa: S101 - it has just been made
        index = self._writing.enter(layout)
        if index.pending():
            roll_forward(layout, index)
            self._writing.verified = False
        if not self._writing.verified:
            if not is_sound(layout, index):
                reindex(layout, index, self._writing.attached, deadline)
            self._writing.verified = True
        return layout

    def _layout_to_read(self, deadline: float) -> Layout:
        """Return the layout for a read-only unit, after repairing the files if needed."""
        self._reading.attached.begin()
        layout = self._layout(self._reading, deadline)
        if layout is None or not self._is_fit(layout):
            self._reading.attached.end()
            with self._exclusive():
                pass
            self._reading.attached.begin()
            layout = self._layout(self._reading, deadline)
            assert layout is not None  # noqa: S101 - it is in order now
            self._reading.enter(layout)
        return layout

    def _is_fit(self, layout: Layout) -> bool:
        """Whether the files can be read without repair."""
        index = self._reading.enter(layout)
        if not self._reading.verified:
            if not is_sound(layout, index):
                return False
            self._reading.verified = True
        if index.pending():
            # Either a writer is active right now, or it died, and the lock is free.
            with suppress(CatalogBusyError), self._lock.held(time.monotonic()):
                return False
        return True

    def _layout(self, side: Side, deadline: float) -> Layout | None:
        """Return the layout in the root file; None if it is missing, of another version, or a single-file catalog."""
        if not side.attached.open(self.path, deadline):
            return None
        rows = side.attached.rows(self.path, "SELECT generation FROM layout")
        return Layout(self.path, rows[0]["generation"]) if rows else None

    def _make_or_split(self, deadline: float) -> None:
        """Create the catalog, or convert one of an earlier version."""
        successor = successor_of(self.path)
        self._merge_foreign_log(self.path, deadline)
        self._writing.attached.forget(self.path)
        session = self._writing.session(0)
        try:
            if not self.path.exists():
                make_empty(session, successor, deadline, secrets.token_hex(4))
                install(successor, self.path)
                return
            self._copy(self.path, successor, deadline)
            self._migrate_copy(successor, deadline)
            if not _generations(session, successor, deadline):
                whole = self.path.with_name(f".{self.path.name}.whole{PARTIAL}")
                successor.replace(whole)
                split(whole, self.path, successor, deadline)
                _keep_old(self.path)
                whole.unlink()
            install(successor, self.path)
        finally:
            successor.unlink(missing_ok=True)

    def _migrate_copy(self, path: Path, deadline: float) -> None:
        """Migrate the tables of a file that nobody else uses."""
        session = self._writing.session(0)
        session.attach(path, "copy", Access.WRITE, deadline)
        try:
            session.use("copy")
            if session.bring_up_to_date():
                session.execute("CHECKPOINT")
        finally:
            session.detach("copy")

    def _upgrade(self, project_id: str) -> None:
        """Migrate the file of one project, for a read-only unit."""
        with self._files_to_write() as files:
            try:
                files.rows(project_id, "DELETE FROM layout")
                files.keep()
            except BaseException:
                files.undo()
                raise

    @contextmanager
    def _turn(self, turns: FairLock) -> Iterator[float]:
        """Wait for this process's other threads; yield the deadline for all further waits."""
        deadline = time.monotonic() + self._busy_deadline_sec
        with turns.held(self._busy_deadline_sec) as taken:
            if not taken:
                raise CatalogBusyError(f"{self.path}: another thread kept it busy past the deadline; try again later")
            yield deadline

    @contextmanager
    def _locked(self, deadline: float) -> Iterator[None]:
        """Lock the catalog against changes by other processes."""
        with storage_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        refuse_network_file_system(self.path.parent)
        with self._lock.held(deadline):
            yield

    def _copier(self, deadline: float) -> Callable[[Path, Path], None]:
        """Return the function that copies a file before it is changed."""

        def copy(path: Path, target: Path) -> None:
            self._merge_foreign_log(path, deadline)
            self._copy(path, target, deadline)

        return copy

    def _copy(self, path: Path, target: Path, deadline: float) -> None:
        """Copy a file, unless a program that ignores our lock is writing it."""
        wait = ForeignWait(path, deadline)
        while True:
            with storage_faults(target), path.open("rb") as original:
                if not is_written_elsewhere(original):
                    with target.open("wb") as copy:
                        shutil.copyfileobj(original, copy, 1 << 20)
                    return
            wait.again(CatalogBusyError(f"{path}: another program has it open; close it, or try again later"))

    def _merge_foreign_log(self, path: Path, deadline: float) -> None:
        """Merge the write-ahead log of another program into the file. We write none, but DuckDB's shell does."""
        log = path.with_name(f"{path.name}.wal")
        if not log.exists():
            return
        if not path.exists():
            raise StorageError(
                f"{path}: is missing, but {log.name} holds changes made to it; "
                "put the catalog back, or move that file away"
            )
        self._writing.attached.forget(path)
        with closing(DuckDBSession()) as session:
            session.attach(path, "foreign", Access.RECOVER, deadline)
            session.use("foreign")
            session.execute("CHECKPOINT")

    def start_over(self) -> None:
        """Start without the resources of a parent process."""
        super().start_over()
        self._writing.abandon_after_fork()
        self._reading.abandon_after_fork()
        self._writing, self._reading = Side(read_only=False), Side(read_only=True)
        self._write_turns, self._read_turns = FairLock(), FairLock()


def _generations(session: DuckDBSession, path: Path, deadline: float) -> list[str]:
    """Return the folder in a root file: none for a single-file catalog."""
    session.attach(path, "root", Access.READ, deadline)
    try:
        session.use("root")
        return [row["generation"] for row in session.execute("SELECT generation FROM layout")]
    finally:
        session.detach("root")


def _clear_abandoned(layout: Layout) -> None:
    """Remove, after a day, what a killed backup or restore left, and the projects that a restore replaced."""
    generations = layout.generations
    for folder in (*generations.glob(f".*{PARTIAL}"), *generations.glob("[0-9a-f]" * 8)):
        if folder != layout.folder and is_older(folder, LEFTOVER_AGE_SEC):
            shutil.rmtree(folder, ignore_errors=True)


def _link_all(layout: Layout, folder: Path) -> None:
    """Hard-link the files of all projects, which is a consistent copy, because files never change."""
    with storage_faults(folder):
        folder.mkdir(parents=True)
        for project_id in layout.project_stamps():
            path = layout.project(project_id)
            link_or_copy(path, folder / path.name)


def _keep_old(path: Path) -> None:
    """Keep a single-file catalog beside the split one, for going back to an earlier version."""
    saved = path.with_name(path.name + SAVED)
    with storage_faults(saved):
        saved.unlink(missing_ok=True)
        link_or_copy(path, saved)
