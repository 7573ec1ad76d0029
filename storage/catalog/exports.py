"""Exports: what was rendered, how, and the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field

from storage.catalog.home import Home
from storage.catalog.project_records import ProjectRecords
from storage.catalog.records import Export, ExportState, Page, now
from storage.catalog.statements import Row, Statements, columns_of, delete, insert_new, update


@dataclass(frozen=True, slots=True)
class Exports(ProjectRecords[Export]):
    """Repository of exports."""

    home: Home = field(default_factory=Home)

    table, noun = "exports", "export"
    sortable = ("name", "state", "created_at", "updated_at", "size_bytes", "duration_sec")

    def add(self, export: Export) -> Export:
        """Add an export; raise `NotFoundError` without its project, `ConflictError` if its id is already used."""
        statements = self.tables.existing(export.project_id)
        insert_new(statements, "exports", "export", columns_of(export))
        self.tables.index.claim(export.project_id, [export.id])
        return export

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
        conditions = {"state = ?": state, "job_id = ?": job_id, "clip_id = ?": clip_id, "compound_id = ?": compound_id}
        return self._page(project_id, conditions, sort=sort, limit=limit, offset=offset)

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

    def _records(self, statements: Statements, rows: list[Row]) -> list[Export]:  # noqa: ARG002
        return [self.home.export(Export.model_validate(row)) for row in rows]
