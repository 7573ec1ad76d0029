"""The index over all projects: an SQLite file that can be rebuilt from the projects' own files.

It answers queries that would otherwise read every file: lists of projects, and which project has a file, a content, an
address, or the record with an id. SQLite writes a row without copying the file, so the cost does not depend on the
number of projects. Nothing is stored only here: each row has the identity of the file it was read from, so that a row
that a crash left behind is detected and read again. Commits therefore need no flush to disk (WAL,
``synchronous=NORMAL``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from autoclip.errors import NoRoomError, StorageError
from storage.catalog.records import Page, Project
from storage.catalog.statements import order_by, require_text, where_of
from storage.catalog.tables import KnownBy, ProjectQuery
from storage.keys import FileIdentity
from storage.sqlite_files import open_sqlite

SORTABLE = ("name", "created_at", "updated_at", "duration_sec", "state")

SCHEMA_VERSION = 2
"""Version 1 had no sort index but by_creation; everything else is the same, so it is upgraded to this one."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (
    id TEXT PRIMARY KEY, name TEXT, folded_name TEXT, state TEXT, created_at TEXT, updated_at TEXT, duration_sec REAL,
    path TEXT, fingerprint TEXT, address TEXT, deleted INTEGER, record TEXT, stamp TEXT, successor TEXT
);
CREATE INDEX IF NOT EXISTS by_creation ON projects (deleted, created_at, id);
CREATE INDEX IF NOT EXISTS by_name ON projects (deleted, name, id);
CREATE INDEX IF NOT EXISTS by_change ON projects (deleted, updated_at, id);
CREATE INDEX IF NOT EXISTS by_duration ON projects (deleted, duration_sec, id);
CREATE INDEX IF NOT EXISTS by_state ON projects (deleted, state, id);
CREATE INDEX IF NOT EXISTS by_path ON projects (path);
CREATE INDEX IF NOT EXISTS by_fingerprint ON projects (fingerprint);
CREATE INDEX IF NOT EXISTS by_address ON projects (address);
CREATE INDEX IF NOT EXISTS by_successor ON projects (id) WHERE successor IS NOT NULL;
CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY, project_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_project ON ids (project_id);
CREATE TABLE IF NOT EXISTS fingerprints (path TEXT PRIMARY KEY, facts TEXT, fingerprint TEXT) WITHOUT ROWID;
"""

_abandoned: list[sqlite3.Connection] = []
"""Connections of a parent process, kept so that nothing closes them."""

REMOVED = ""
"""Replaces a successor's name if the project's file is removed."""


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A project whose file is being replaced, or was when a process died.

    Attributes
    ----------
    project_id : str
        The project.
    successor : str
        Name of the file that replaces the current one; `REMOVED` if none does.
    """

    project_id: str
    successor: str


class SqliteIndex:
    """One connection to the index; for one thread at a time.

    Parameters
    ----------
    path : Path
        The file; created if missing, and rebuilt if it is damaged or of another version.
    read_only : bool
        Whether changes are forbidden.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        with self._translated():
            self._connection = open_sqlite(path, _SCHEMA, SCHEMA_VERSION)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            if read_only:
                self._connection.execute("PRAGMA query_only = ON")
        self._inode = path.stat().st_ino

    def is_in_place(self) -> bool:
        """Whether the open file is the one that currently has the name."""
        try:
            return self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def abandon_after_fork(self) -> None:
        """Leave the parent's connection open in a forked child: closing it could release the parent's locks."""
        _abandoned.append(self._connection)

    def begin(self) -> None:
        """Begin a transaction."""
        self._execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit the transaction."""
        self._execute("COMMIT")

    def rollback(self) -> None:
        """Roll back the transaction, if there is one."""
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def page(self, query: ProjectQuery) -> Page[Project]:
        """List projects; see `ProjectIndex.page`."""
        order = order_by(query.sort, SORTABLE)
        conditions: dict[str, object] = {
            "deleted = ?": int(query.deleted),
            "state = ?": query.state,
            "instr(folded_name, ?) > 0": None if query.search is None else query.search.lower(),
        }
        where, values = where_of(conditions, query.limit, query.offset)
        ((total,),) = self._execute(f"SELECT count(*) FROM projects {where}", values)  # noqa: S608
        sql = f"SELECT record FROM projects {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        rows = self._execute(sql, [*values, -1 if query.limit is None else query.limit, query.offset])
        projects = tuple(Project.model_validate_json(record) for (record,) in rows)
        return Page(projects, total, query.limit, query.offset)

    def where(self, column: KnownBy, value: str) -> tuple[Project, ...]:
        """See `ProjectIndex.where`."""
        sql = f"SELECT record FROM projects WHERE {column} = ? AND NOT deleted ORDER BY created_at, id"  # noqa: S608
        return tuple(Project.model_validate_json(record) for (record,) in self._execute(sql, [value]))

    def put(self, project: Project) -> None:
        """Add a new or changed project."""
        row = _row(project)
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        changes = ", ".join(f"{name} = excluded.{name}" for name in row)
        sql = f"INSERT INTO projects ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608
        self._execute(sql, list(row.values()))

    def remove(self, project_id: str) -> None:
        """Remove a project permanently."""
        self._execute("DELETE FROM projects WHERE id = ?", [project_id])
        self._execute("DELETE FROM ids WHERE project_id = ?", [project_id])

    def retire(self, project_id: str) -> None:
        """Hide a project from lists, and record that its file will be removed."""
        sql = "UPDATE projects SET deleted = 2, successor = ? WHERE id = ?"
        self._execute(sql, [REMOVED, project_id])
        self._execute("DELETE FROM ids WHERE project_id = ?", [project_id])

    def claim(self, project_id: str, ids: Iterable[str]) -> None:
        """Record that records with these ids belong to a project."""
        with self._translated():
            self._connection.executemany(
                "INSERT OR REPLACE INTO ids VALUES (?, ?)", [(each, project_id) for each in ids]
            )

    def owners(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the project of each known id."""
        sql = "SELECT id, project_id FROM ids WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._execute(sql, [to_json(list(ids)).decode()]))

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the remembered fingerprint of exactly this file."""
        sql = "SELECT fingerprint FROM fingerprints WHERE path = ? AND facts = ?"
        rows = self._execute(sql, [identity.path, _facts(identity)])
        return str(rows[0][0]) if rows else None

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Store a fingerprint, replacing an older one of the path."""
        sql = "INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?)"
        self._execute(sql, [identity.path, _facts(identity), fingerprint])

    def stamps(self) -> dict[str, str | None]:
        """Return the stamp of the file that each project was read from."""
        return dict(self._execute("SELECT id, stamp FROM projects WHERE deleted < 2"))

    def mark(self, project_id: str, stamp: str | None, successor: str | None) -> None:
        """Record the stamp of a project's file, and its temporary name until it is put in place."""
        self._execute("UPDATE projects SET stamp = ?, successor = ? WHERE id = ?", [stamp, successor, project_id])

    def pending(self) -> tuple[PendingFile, ...]:
        """Return the projects whose files are being replaced."""
        rows = self._execute("SELECT id, successor FROM projects WHERE successor IS NOT NULL")
        return tuple(PendingFile(project_id, successor) for project_id, successor in rows)

    def _execute(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        bound = [require_text(value) if isinstance(value, str) else value for value in values]
        with self._translated():
            return self._connection.execute(sql, bound).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "full" in str(error) or "disk I/O error" in str(error):
                raise NoRoomError(f"{self.path}: no room is left to write it; free space there ({error})") from error
            raise StorageError(f"{self.path}: {error}") from error


def _row(project: Project) -> dict[str, object]:
    return {
        "id": project.id,
        "name": project.name,
        "folded_name": project.name.lower(),
        "state": project.state,
        "created_at": project.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "updated_at": project.updated_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "duration_sec": project.duration_sec,
        "path": None if project.path is None else str(project.path),
        "fingerprint": project.fingerprint,
        "address": project.source.address,
        "deleted": int(project.deleted_at is not None),
        "record": project.model_dump_json(),
    }


def _facts(identity: FileIdentity) -> str:
    require_text(identity.path)
    return to_json(asdict(identity)).decode()
