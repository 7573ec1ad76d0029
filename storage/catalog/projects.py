"""Projects and their sources."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from storage.catalog.home import Home
from storage.catalog.records import Page, Project, ProjectState, now
from storage.catalog.statements import (
    Row,
    Statements,
    columns_of,
    delete,
    find,
    insert,
    insert_new,
    require_revision,
    update,
)
from storage.catalog.tables import ProjectQuery, Tables


@dataclass(frozen=True, slots=True)
class Projects:
    """Repository of projects."""

    tables: Tables
    home: Home = field(default_factory=Home)

    def add(self, project: Project) -> Project:
        """Add a new project; raise `ConflictError` if its id is already used."""
        statements = self.tables.of_project(project.id)
        insert_new(statements, "projects", "project", columns_of(project, "source"))
        _add_source(statements, project)
        self.tables.index.put(project)
        return project

    def get(self, project_id: str, *, revision: int | None = None, deleted: bool = False) -> Project:
        """Return a project; raise `NotFoundError`, or `RevisionError` if its revision is not `revision`.

        A discarded project is found only with `deleted`.
        """
        statements = self.tables.of_project(project_id)
        condition = "" if deleted else "deleted_at IS NULL AND "
        row = find(statements, f"SELECT * FROM projects WHERE {condition}id = ?", "project", project_id)  # noqa: S608
        require_revision("project", project_id, row["revision"], revision)
        source = find(statements, "SELECT * FROM sources WHERE project_id = ?", "source of", project_id)
        return self.home.project(record_of({**row, "source": source}))

    def page(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str = "-created_at",
        state: ProjectState | None = None,
        search: str | None = None,
        deleted: bool = False,
    ) -> Page[Project]:
        """List projects, or discarded ones; `search` matches a part of the name, case-insensitively.

        Raises
        ------
        ParameterError
            If `sort` is not one of `storage.catalog.project_index.SORTABLE` (prefixed with ``-`` for descending order),
            or a number is negative.
        """
        found = self.tables.index.page(ProjectQuery(limit, offset, sort, state, search, deleted))
        return replace(found, items=self._here(found.items))

    def with_fingerprint(self, fingerprint: str) -> tuple[Project, ...]:
        """Return the projects of this content, oldest first."""
        return self._here(self.tables.index.where("fingerprint", fingerprint))

    def with_path(self, path: Path) -> tuple[Project, ...]:
        """Return the projects of this file, oldest first."""
        return self._here(self.tables.index.where("path", str(path)))

    def from_address(self, address: str) -> tuple[Project, ...]:
        """Return the projects whose source has this address (a URL, a path, an upload's name), oldest first."""
        return self._here(self.tables.index.where("address", address))

    def save(self, project: Project) -> Project:
        """Store a changed project and return it at its next revision.

        Raises
        ------
        NotFoundError, RevisionError
            If it no longer exists, or was changed since `project` was read.
        """
        before = self.get(project.id, revision=project.revision, deleted=True)
        saved = project.changed(revision=project.revision + 1, updated_at=now())
        statements = self.tables.of_project(project.id)
        update(statements, "projects", columns_of(before, "source"), columns_of(saved, "source"))
        if saved.source != before.source:
            delete(statements, "sources", "project_id", [project.id])
            _add_source(statements, saved)
        self.tables.index.put(saved)
        return saved

    def discard(self, project_id: str) -> Project:
        """Mark a project as deleted: it is not found until `restore`. Raises the same errors as `get`."""
        return self.save(self.get(project_id).changed(deleted_at=now()))

    def restore(self, project_id: str) -> Project:
        """Undo `discard`; a project that was not discarded is unchanged. Raises `NotFoundError`."""
        project = self.get(project_id, deleted=True)
        return project if project.deleted_at is None else self.save(project.changed(deleted_at=None))

    def discarded_before(self, moment: datetime) -> tuple[Project, ...]:
        """Return the projects that were discarded before a given time."""
        discarded = self.page(deleted=True).items
        return tuple(project for project in discarded if project.deleted_at and project.deleted_at < moment)

    def delete(self, project_id: str) -> None:
        """Remove a project and all its records; raise `NotFoundError` if it does not exist.

        This removes no files; see `storage.data_folder.DataFolder.remove_project`.
        """
        self.get(project_id, deleted=True)
        self.tables.drop(project_id)

    def _here(self, projects: tuple[Project, ...]) -> tuple[Project, ...]:
        return tuple(map(self.home.project, projects))


def _add_source(statements: Statements, project: Project) -> None:
    insert(statements, "sources", [{"project_id": project.id, **columns_of(project.source)}])


def record_of(row: Row) -> Project:
    """Read a project from a row joined with its source."""
    source = {name: value for name, value in row["source"].items() if name != "project_id"}
    return Project.model_validate({**row, "source": source})
