"""Exports: what was rendered, how, and the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

from storage.catalog.home import Home
from storage.catalog.records import Export, ExportState, Page, now
from storage.catalog.statements import (
    columns_of,
    delete,
    find,
    insert_new,
    order_by,
    page,
    require_project,
    require_revision,
    update,
)
from storage.catalog.tables import Tables

SORTABLE = ("name", "state", "created_at", "updated_at", "size_bytes", "duration_sec")


@dataclass(frozen=True, slots=True)
class Exports:
    """Repository of exports."""

    tables: Tables
    home: Home = field(default_factory=Home)

    def add(self, export: Export) -> Export:
        """Add an export; raise `NotFoundError` without its project, `ConflictError` if its id is already used."""
        statements = self.tables.of_project(export.project_id)
        require_project(statements, export.project_id)
        insert_new(statements, "exports", "export", columns_of(export))
        self.tables.index.claim(export.project_id, [export.id])
        return export

    def get(self, export_id: str, *, revision: int | None = None) -> Export:
        """Return an export; raise `NotFoundError`, or `RevisionError` if its revision is not `revision`."""
        row = find(self.tables.holding(export_id), "SELECT * FROM exports WHERE id = ?", "export", export_id)
        require_revision("export", export_id, row["revision"], revision)
        return self.home.export(Export.model_validate(row))

    def page(
        self,
        project_id: str,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str = "-created_at",
        state: ExportState | None = None,
        job_id: str | None = None,
        clip_id: str | None = None,
        compound_id: str | None = None,
    ) -> Page[Export]:
        """List a project's exports; raises the same errors as `Clips.page`."""
        statements = self.tables.of_project(project_id)
        require_project(statements, project_id)
        conditions = {
            "project_id = ?": project_id,
            "state = ?": state,
            "job_id = ?": job_id,
            "clip_id = ?": clip_id,
            "compound_id = ?": compound_id,
        }
        rows, total = page(
            statements, "exports", conditions, order=order_by(sort, SORTABLE), limit=limit, offset=offset
        )
        exports = tuple(self.home.export(Export.model_validate(row)) for row in rows)
        return Page(exports, total, limit, offset)

    def save(self, export: Export) -> Export:
        """Store a changed export and return it at its next revision; raises the same errors as `get`."""
        before = self.get(export.id, revision=export.revision)
        saved = export.changed(revision=export.revision + 1, updated_at=now())
        update(self.tables.of_project(export.project_id), "exports", columns_of(before), columns_of(saved))
        return saved

    def delete(self, export_id: str) -> None:
        """Remove the record of an export, but not its file; raise `NotFoundError` if it does not exist."""
        export = self.get(export_id)
        delete(self.tables.of_project(export.project_id), "exports", "id", [export_id])
