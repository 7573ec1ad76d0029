"""The tables of a catalog in PostgreSQL, within one unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.catalog.home import Home
from storage.catalog.postgresql_session import PostgreSQLSession
from storage.catalog.project_index import SORTABLE
from storage.catalog.projects import record_of
from storage.catalog.records import Page, Project
from storage.catalog.statements import AMONG, Row, Statements, listed, order_by, page, require_text
from storage.catalog.tables import KnownBy, ProjectQuery
from storage.catalog.unit_of_work import OpenUnit, UnitOfWork
from storage.keys import FileIdentity

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || ?, 0))"
"""Waits for a lock that ends with the transaction. Catalogs in different schemas have separate locks."""


class PostgreSQLUnit(OpenUnit):
    """One unit of work on a connection whose transaction has begun.

    A unit that may change things takes a project's lock before its first statement on it, and keeps it until the end.
    It therefore changes the state that it has read, and units on other projects don't wait.

    Parameters
    ----------
    session : PostgreSQLSession
        The connection.
    read_only : bool
        Whether changes are forbidden.
    home : Home
        The location of the projects' files on this machine.
    """

    def __init__(self, session: PostgreSQLSession, *, read_only: bool, home: Home) -> None:
        super().__init__(read_only=read_only)
        self._session = session
        self._locked: set[str] = set()
        self.index = PostgreSQLIndex(self)
        self.unit = UnitOfWork.over(self, home)

    def of_project(self, project_id: str) -> Statements:
        """Return the tables of a project; see `Tables`."""
        return _ProjectTables(self, project_id)

    def drop(self, project_id: str) -> None:
        """Remove a project; see `Tables`. The rows that refer to it are removed as well."""
        self.lock(f"project {project_id}")
        self.rows("DELETE FROM projects WHERE id = ?", [project_id])

    def lock(self, name: str) -> None:
        """Exclude other writing units from the named thing until the end of this unit."""
        if not self.read_only and name not in self._locked:
            self.rows(LOCK, [name])
            self._locked.add(name)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement; after a failed one nothing can be committed."""
        self._require_own_process()
        bound = [require_text(value) if isinstance(value, str) else value for value in parameters]
        with self.joined():
            return self._session.execute(sql, bound)

    def insert(self, table: str, columns: Sequence[str], records: str) -> None:
        """Add rows; see `Statements.insert`."""
        self.rows(json_insert(table, columns), [records])

    def _commit(self) -> None:
        if self.read_only:
            self._session.rollback()
        else:
            self._session.commit()

    def _roll_back(self) -> None:
        self._session.rollback()


@dataclass(frozen=True, slots=True)
class _ProjectTables:
    """The tables of one project in a unit, which are the tables of all projects."""

    unit: PostgreSQLUnit
    project_id: str

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement."""
        if self.project_id:
            self.unit.lock(f"project {self.project_id}")
        return self.unit.rows(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], records: str) -> None:
        """Add rows."""
        self.unit.lock(f"project {self.project_id}")
        self.unit.insert(table, columns, records)


def json_insert(table: str, columns: Sequence[str]) -> str:
    """Return the SQL that inserts rows, given as one JSON array of objects, into a table."""
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, ?)"  # noqa: S608


@dataclass(frozen=True, slots=True)
class PostgreSQLIndex:
    """Queries across projects. In one database they use the tables themselves, so there is no index to update."""

    tables: PostgreSQLUnit

    def page(self, query: ProjectQuery) -> Page[Project]:
        """List projects; see `ProjectIndex.page`."""
        listed_ones = f"(SELECT * FROM projects WHERE deleted_at IS {'NOT ' if query.deleted else ''}NULL) AS listed"  # noqa: S608
        conditions = {"state = ?": query.state, "contains(lower(name), lower(?))": query.search}
        order, limit, offset = order_by(query.sort, SORTABLE), query.limit, query.offset
        rows, total = page(self.tables, listed_ones, conditions, order=order, limit=limit, offset=offset)
        return Page(self._projects(rows), total, limit, offset)

    def where(self, column: KnownBy, value: str) -> tuple[Project, ...]:
        """See `ProjectIndex.where`. A unit that writes locks the value, so that no other process adds it meanwhile."""
        self.tables.lock(f"{column} {value}")
        sql = (
            "SELECT p.* FROM projects AS p JOIN sources AS s ON s.project_id = p.id "  # noqa: S608
            f"WHERE {column} = ? AND deleted_at IS NULL ORDER BY created_at, id"
        )
        return self._projects(self.tables.rows(sql, [value]))

    def _projects(self, rows: Sequence[Row]) -> tuple[Project, ...]:
        """Read projects, with their sources, from their rows."""
        sql = f"SELECT * FROM sources WHERE project_id {AMONG}"  # noqa: S608
        sources = {row["project_id"]: row for row in self.tables.rows(sql, [listed(row["id"] for row in rows)])}
        return tuple(record_of({**row, "source": sources[row["id"]]}) for row in rows)

    def put(self, project: Project) -> None:
        """Do nothing: the project is in the tables."""

    def claim(self, project_id: str, ids: Iterable[str]) -> None:
        """Do nothing: the records are in the tables."""

    def owners(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the project of each existing id."""
        tables = ("clips", "compound_clips", "exports")
        sql = " UNION ALL ".join(f"SELECT id, project_id FROM {table} WHERE id {AMONG}" for table in tables)  # noqa: S608
        return {row["id"]: row["project_id"] for row in self.tables.rows(sql, [listed(ids)] * len(tables))}

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the remembered fingerprint of exactly this file."""
        facts = "path = ? AND size = ? AND device = ? AND inode = ? AND mtime_ns = ? AND ctime_ns = ?"
        rows = self.tables.rows(f"SELECT fingerprint FROM fingerprints WHERE {facts}", _facts(identity))  # noqa: S608
        return str(rows[0]["fingerprint"]) if rows else None

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Remember a fingerprint in place of an older one of the path."""
        columns = ("size", "device", "inode", "mtime_ns", "ctime_ns", "fingerprint")
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        sql = f"INSERT INTO fingerprints VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET {changes}"  # noqa: S608
        self.tables.rows(sql, [*_facts(identity), fingerprint])


def _facts(identity: FileIdentity) -> list[object]:
    return [identity.path, identity.size, identity.device, identity.inode, identity.mtime_ns, identity.ctime_ns]
