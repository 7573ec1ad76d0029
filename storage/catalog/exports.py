"""Exports: what was rendered, how, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.catalog.records import Export, ExportState, Page, now
from storage.catalog.statements import (
    Row,
    Statements,
    delete,
    find,
    insert_new,
    order_by,
    page,
    require_revision,
    update,
)

SORTABLE = ("name", "state", "created_at", "updated_at", "size_bytes", "duration_sec")


@dataclass(frozen=True, slots=True)
class Exports:
    """Repository of exports."""

    statements: Statements

    def add(self, export: Export) -> Export:
        """Add an export; raise `NotFoundError` if its project is not there, `ConflictError` if its id is taken."""
        _require_project(self.statements, export.project_id)
        insert_new(self.statements, "exports", "export", _columns(export))
        return export

    def get(self, export_id: str, *, revision: int | None = None) -> Export:
        """Return an export; raise `NotFoundError`, or `RevisionError` if it is not at `revision`."""
        row = find(self.statements, "SELECT * FROM exports WHERE id = ?", "export", export_id)
        require_revision("export", export_id, row["revision"], revision)
        return Export.model_validate(row)

    def page(
        self,
        project_id: str,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str = "-created_at",
        state: ExportState | None = None,
        job_id: str | None = None,
    ) -> Page[Export]:
        """List a project's exports; raises as `Clips.page`."""
        _require_project(self.statements, project_id)
        conditions = {"project_id = ?": project_id, "state = ?": state, "job_id = ?": job_id}
        rows, total = page(
            self.statements, "exports", conditions, order=order_by(sort, SORTABLE), limit=limit, offset=offset
        )
        return Page(tuple(Export.model_validate(row) for row in rows), total, limit, offset)

    def unfinished(self) -> tuple[Export, ...]:
        """Return the exports of all projects that wait or are being made, the oldest first."""
        sql = "SELECT * FROM exports WHERE state IN ('pending', 'running') ORDER BY created_at, id"
        return tuple(Export.model_validate(row) for row in self.statements.rows(sql, []))

    def save(self, export: Export) -> Export:
        """Store a changed export and return it at its next revision; raises as `get`."""
        before = self.get(export.id, revision=export.revision)
        saved = export.changed(revision=export.revision + 1, updated_at=now())
        update(self.statements, "exports", _columns(before), _columns(saved))
        return saved

    def delete(self, export_id: str) -> None:
        """Remove the record of an export (the file is not the catalog's); raise `NotFoundError` if it is gone."""
        self.get(export_id)
        delete(self.statements, "exports", "id", [export_id])


def _require_project(statements: Statements, project_id: str) -> None:
    find(statements, "SELECT id FROM projects WHERE deleted_at IS NULL AND id = ?", "project", project_id)


def _columns(export: Export) -> Row:
    """Return the fields, which are the columns of the table."""
    return {name: getattr(export, name) for name in Export.model_fields}
