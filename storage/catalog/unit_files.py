"""The files that one unit of work reads and writes, as the tables that its repositories request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autoclip.system.files import flush, replace
from storage.atomic import storage_faults
from storage.catalog.attached_files import AttachedFiles
from storage.catalog.duckdb_session import Access, DuckDBSession, json_insert
from storage.catalog.layout import Layout, stamp_of, successor_of
from storage.catalog.project_index import SqliteIndex
from storage.catalog.statements import Row, Statements, require_text
from storage.catalog.unit_of_work import OpenUnit, UnitOfWork

_READS = ("SELECT", "DESCRIBE", "SHOW")
_ALIAS = "catalog"


@dataclass(slots=True)
class Side:
    """The state that the reading or the writing side of a catalog keeps from unit to unit."""

    read_only: bool
    attached: AttachedFiles = field(default_factory=AttachedFiles)
    sessions: list[DuckDBSession] = field(default_factory=list)
    layout: Layout | None = None
    index: SqliteIndex | None = None
    verified: bool = False

    def session(self, number: int) -> DuckDBSession:
        """Return the session that changes the `number`-th file of a unit: a DuckDB transaction writes only one file."""
        while len(self.sessions) <= number:
            self.sessions.append(DuckDBSession())
        return self.sessions[number]

    def abandon_after_fork(self) -> None:
        """Leave the parent process's resources untouched."""
        self.attached.abandon_after_fork()
        for session in self.sessions:
            session.abandon_after_fork()
        if self.index is not None:
            self.index.abandon_after_fork()

    def enter(self, layout: Layout) -> SqliteIndex:
        """Switch to the files of a layout, and return its index."""
        lost = self.index is not None and not self.index.is_in_place()
        if self.index is None or self.layout != layout or lost:
            if self.index is not None:
                self.index.close()
            with storage_faults(layout.folder):
                layout.folder.mkdir(parents=True, exist_ok=True)
            self.layout, self.index, self.verified = layout, SqliteIndex(layout.index, read_only=self.read_only), False
        return self.index


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of one project in a unit."""

    files: UnitFiles
    project_id: str

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement."""
        return self.files.rows(self.project_id, sql, parameters)

    def insert(self, table: str, columns: Sequence[str], records: str) -> None:  # noqa: ARG002 - JSON names them
        """Add rows."""
        sql = json_insert(table, self.files.types(table))
        self.files.rows(self.project_id, sql, [records])


@dataclass(frozen=True, slots=True)
class _Written:
    """A copy of a file that is being changed."""

    path: Path
    successor: Path
    session: DuckDBSession


class UnitFiles(OpenUnit):
    """The tables of one unit of work.

    A project's file is read in place until the first statement that changes it; that statement and all later ones use a
    copy, which replaces the file on commit.

    Parameters
    ----------
    side : Side
        The attached files, and the index.
    layout : Layout
        The paths of the files.
    deadline : float
        When to give up waiting for others, on the clock of ``time.monotonic``.
    copier : callable or None
        Copies a file before it is changed; None in a read-only unit.
    upgrade : callable
        Migrates the file of a project, for a read-only unit.
    """

    index: SqliteIndex

    def __init__(
        self,
        side: Side,
        layout: Layout,
        deadline: float,
        copier: Callable[[Path, Path], None] | None,
        upgrade: Callable[[str], None],
    ) -> None:
        assert side.index is not None  # noqa: S101 - the caller has entered the layout
        super().__init__(read_only=copier is None)
        self.index, self.layout = side.index, layout
        self._side, self._attached, self._deadline = side, side.attached, deadline
        self._copier, self._upgrade = copier, upgrade
        self._written: dict[str, _Written] = {}
        self._dirty: set[str] = set()
        self._dropped: set[str] = set()
        self.unit = UnitOfWork.over(self)

    def of_project(self, project_id: str) -> Statements:
        """Return the tables of a project; see `Tables`."""
        return _Tables(self, project_id)

    def drop(self, project_id: str) -> None:
        """Remove a project; see `Tables`."""
        written = self._written.pop(project_id, None)
        if written is not None:
            _forget(written)
        self._dropped.add(project_id)
        self.index.retire(project_id)

    def rows(self, project_id: str, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement on a project's tables; after a failed one nothing can be committed."""
        self._require_own_process()
        for parameter in parameters:
            if isinstance(parameter, str):
                require_text(parameter)
        with self.joined():
            if self._is_changed_by(sql, project_id):
                session = self._changed(project_id)
                if not _only_reads(sql):
                    self._dirty.add(project_id)
                return session.execute(sql, parameters)
            return self._attached.rows(self._readable(project_id), sql, parameters)

    def types(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with their types, which are the same in every file."""
        self._require_own_process()
        return self._attached.types(self.layout.root, table)

    def _commit(self) -> None:
        """Put the changed files in place.

        The commit of the index is decisive: from then on `recover` completes the change after a crash.
        """
        if self.read_only:
            return
        for project_id in self._written.keys() - self._dirty:
            _forget(self._written.pop(project_id))
        for written in self._written.values():
            _finish(written)
        stamps = {project_id: stamp_of(written.successor) for project_id, written in self._written.items()}
        for project_id, written in self._written.items():
            self.index.mark(project_id, stamps[project_id], written.successor.name)
        self.index.commit()
        kept, self._written = self._written, {}
        self._install(kept, stamps)

    def _roll_back(self) -> None:
        if self.read_only:
            return
        self.index.rollback()
        for written in self._written.values():
            _forget(written)

    def _install(self, kept: Mapping[str, _Written], stamps: Mapping[str, str | None]) -> None:
        """Rename the changed files, and remove the files of removed projects."""
        if not kept and not self._dropped:
            return
        with storage_faults(self.layout.folder):
            for written in kept.values():
                self._attached.forget(written.path)
                replace(written.successor, written.path)
            for project_id in self._dropped - set(kept):
                self._attached.forget(self.layout.project(project_id))
                self.layout.project(project_id).unlink(missing_ok=True)
            flush(self.layout.folder)
        for project_id in kept:
            self.index.mark(project_id, stamps[project_id], None)
        for project_id in self._dropped - set(kept):
            self.index.remove(project_id)

    def _readable(self, project_id: str) -> Path:
        """Return the file with a project's tables: the root, whose tables are empty, if it has none."""
        path = self.layout.project(project_id)
        state = None if not project_id or project_id in self._dropped else self._attached.open(path, self._deadline)
        if state is False:
            self._attached.forget(path)
            self._upgrade(project_id)
            state = self._attached.open(path, self._deadline)
        if state:
            return path
        self._attached.open(self.layout.root, self._deadline)
        return self.layout.root

    def _is_changed_by(self, sql: str, project_id: str) -> bool:
        """Whether a statement needs the copy of a file.

        It does in a unit that may change things, unless it only reads a file that is already attached: data that is
        read is mostly changed next, and attaching a file costs as much as copying it.
        """
        if self.read_only or project_id in self._written:
            return not self.read_only
        path = self.layout.project(project_id)
        if not project_id or project_id in self._dropped or not path.exists():
            return not _only_reads(sql)
        return not (_only_reads(sql) and self._attached.is_open(path))

    def _changed(self, project_id: str) -> DuckDBSession:
        """Return the session that changes the copy of a project's file."""
        if project_id not in self._written:
            self._written[project_id] = self._copied(self.layout.project(project_id), project_id in self._dropped)
        return self._written[project_id].session

    def _copied(self, path: Path, fresh: bool) -> _Written:  # noqa: FBT001
        assert self._copier is not None  # noqa: S101 - a unit that only reads comes here never
        written = _Written(path, successor_of(path), self._side.session(self._free_session()))
        new = fresh or not path.exists()
        try:
            self._copier(self.layout.root if new else path, written.successor)
            written.session.attach(written.successor, _ALIAS, Access.WRITE, self._deadline)
            written.session.use(_ALIAS)
            if new:
                written.session.execute("DELETE FROM layout")
            else:
                written.session.bring_up_to_date()
            written.session.execute("BEGIN")
        except BaseException:
            written.session.detach(_ALIAS)
            _remove(written.successor)
            raise
        return written

    def _free_session(self) -> int:
        """Return the number of a session that no file of this unit uses."""
        used = {id(written.session) for written in self._written.values()}
        return next(n for n in range(len(used) + 1) if id(self._side.session(n)) not in used)


def _only_reads(sql: str) -> bool:
    return sql.lstrip().startswith(_READS)


def _forget(written: _Written) -> None:
    """Discard a changed copy."""
    if written.session.holds(_ALIAS):
        written.session.rolled_back()
        written.session.detach(_ALIAS)
    _remove(written.successor)


def _remove(copy: Path) -> None:
    """Remove a copy with its write-ahead log, which DuckDB leaves if it can't merge it."""
    copy.unlink(missing_ok=True)
    copy.with_name(f"{copy.name}.wal").unlink(missing_ok=True)


def _finish(written: _Written) -> None:
    """Flush a changed copy to disk."""
    written.session.execute("COMMIT")
    written.session.execute("CHECKPOINT")
    written.session.detach(_ALIAS)
    with storage_faults(written.path):
        flush(written.successor)
