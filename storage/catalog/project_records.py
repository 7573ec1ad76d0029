"""How records of one kind are read and listed, whichever project they belong to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from storage.catalog.records import CompoundClip, Export, Page, StoredClip
from storage.catalog.statements import AMONG, Row, Statements, find, listed, order_by, page, require_revision
from storage.catalog.tables import Tables

Kept = TypeVar("Kept", StoredClip, CompoundClip, Export)


@dataclass(frozen=True, slots=True)
class ProjectRecords(ABC, Generic[Kept]):
    """The part of a repository that is the same for clips, compound clips and exports."""

    tables: Tables

    table: ClassVar[str]
    noun: ClassVar[str]
    """What error messages call a record."""
    sortable: ClassVar[tuple[str, ...]]

    def get(self, identity: str, *, revision: int | None = None) -> Kept:
        """Return a record; raise `NotFoundError`, or `RevisionError` if its revision is not `revision`."""
        statements = self.tables.holding(identity)
        row = find(statements, f"SELECT * FROM {self.table} WHERE id = ?", self.noun, identity)  # noqa: S608
        require_revision(self.noun, identity, row["revision"], revision)
        return self._records(statements, [row])[0]

    def stored(self, project_id: str, ids: Sequence[str]) -> Mapping[str, Kept]:
        """Return the project's records with `ids`, by id."""
        statements = self.tables.of_project(project_id)
        sql = f"SELECT * FROM {self.table} WHERE project_id = ? AND id {AMONG}"  # noqa: S608
        rows = statements.rows(sql, [project_id, listed(ids)])
        return {record.id: record for record in self._records(statements, rows)}

    @abstractmethod
    def _records(self, statements: Statements, rows: list[Row]) -> list[Kept]:
        """Return the records of rows of the table."""

    def _order(self, sort: str) -> str:
        return order_by(sort, self.sortable)

    def _page(
        self, project_id: str, conditions: Mapping[str, object], *, sort: str, limit: int | None, offset: int
    ) -> Page[Kept]:
        """List the records that meet `conditions`, as `statements.page` takes them; raises as `Clips.page` does."""
        statements = self.tables.existing(project_id)
        met = {"project_id = ?": project_id, **conditions}
        rows, total = page(statements, self.table, met, order=self._order(sort), limit=limit, offset=offset)
        return Page(tuple(self._records(statements, rows)), total, limit, offset)
