"""Compound clips and their ordered items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoclip.errors import ParameterError
from autoclip.timeline import Interval
from storage.catalog.change_log import ChangeLog
from storage.catalog.project_records import ProjectRecords
from storage.catalog.records import CompoundClip, CompoundItem, Page, now
from storage.catalog.statements import AMONG, Row, Statements, columns_of, delete, insert, insert_new, listed, update


@dataclass(frozen=True, slots=True)
class Compounds(ProjectRecords[CompoundClip]):
    """Repository of compound clips."""

    log: ChangeLog

    table, noun = "compound_clips", "compound clip"
    sortable = ("name", "created_at", "updated_at")

    def add(self, compound: CompoundClip) -> CompoundClip:
        """Add a compound clip.

        Raises
        ------
        NotFoundError
            If its project does not exist.
        ParameterError
            If an item's clip is not in the project, or the item would end before it starts.
        ConflictError
            If its id is already used.
        """
        statements = self.tables.existing(compound.project_id)
        _require_usable_items(statements, compound)
        insert_new(statements, "compound_clips", "compound clip", columns_of(compound, "items"))
        _add_items(statements, [compound])
        self.tables.index.claim(compound.project_id, [compound.id])
        self.log.note(compound.project_id, "compound", compound.id, None, compound)
        return compound

    def page(
        self, project_id: str, *, limit: int | None = None, offset: int = 0, sort: str = "created_at"
    ) -> Page[CompoundClip]:
        """List a project's compound clips; raises the same errors as `Clips.page`."""
        return self._page(project_id, {}, sort=sort, limit=limit, offset=offset)

    def save(self, compound: CompoundClip) -> CompoundClip:
        """Store a changed compound clip and return it at its next revision.

        Raises
        ------
        NotFoundError, RevisionError
            If it no longer exists, or was changed since `compound` was read.
        ParameterError
            As in `add`.
        """
        before = self.get(compound.id, revision=compound.revision)
        statements = self.tables.of_project(compound.project_id)
        _require_usable_items(statements, compound)
        saved = compound.changed(revision=compound.revision + 1, updated_at=now())
        update(statements, "compound_clips", columns_of(before, "items"), columns_of(saved, "items"))
        if saved.items != before.items:
            delete(statements, "compound_items", "compound_id", [compound.id])
            _add_items(statements, [saved])
        self.log.note(compound.project_id, "compound", compound.id, before, saved)
        return saved

    def delete(self, compound_id: str) -> None:
        """Remove a compound clip with its items, but not its clips. Raises the same errors as `get`."""
        before = self.get(compound_id)
        _remove(self.tables.of_project(before.project_id), [compound_id])
        self.log.note(before.project_id, "compound", compound_id, before, None)

    def put_back(self, project_id: str, ids: Sequence[str], states: Iterable[Mapping[str, Any]]) -> None:
        """Replace the compound clips with `ids`; see `LoggedTable`."""
        compounds = [CompoundClip.model_validate(state) for state in states]
        statements = self.tables.of_project(project_id)
        _remove(statements, ids)
        insert(statements, "compound_clips", [columns_of(compound, "items") for compound in compounds])
        _add_items(statements, compounds)

    def _records(self, statements: Statements, rows: list[Row]) -> list[CompoundClip]:
        """Combine rows of compound clips with their items."""
        items: dict[str, list[CompoundItem]] = {row["id"]: [] for row in rows}
        sql = f'SELECT * FROM compound_items WHERE compound_id {AMONG} ORDER BY "position"'  # noqa: S608
        for item in statements.rows(sql, [listed(items)]):
            items[item["compound_id"]].append(
                CompoundItem(clip_id=item["clip_id"], start=item["start"], end=item["end"])
            )
        return [CompoundClip.model_validate({**row, "items": tuple(items[row["id"]])}) for row in rows]


def _remove(statements: Statements, ids: Sequence[str]) -> None:
    delete(statements, "compound_items", "compound_id", ids)
    delete(statements, "compound_clips", "id", ids)


def _require_usable_items(statements: Statements, compound: CompoundClip) -> None:
    """Refuse items of other projects, and overrides that leave nothing of the clip."""
    ids = listed({item.clip_id for item in compound.items})
    sql = f'SELECT id, "start", "end" FROM clips WHERE project_id = ? AND id {AMONG}'  # noqa: S608
    clips = {row["id"]: row for row in statements.rows(sql, [compound.project_id, ids])}
    for number, item in enumerate(compound.items, 1):
        clip = clips.get(item.clip_id)
        if clip is None:
            raise ParameterError(f"item {number}: the project has no clip {item.clip_id}")
        shown = item.with_times_of(Interval(clip["start"], clip["end"]))
        if shown.start is not None and shown.end is not None and shown.end <= shown.start:
            times = f"end at {shown.end:g} s, not after its start at {shown.start:g} s"
            raise ParameterError(f"item {number}: would {times}")


def _add_items(statements: Statements, compounds: Iterable[CompoundClip]) -> None:
    rows = [
        {
            "compound_id": compound.id,
            "position": position,
            **columns_of(item),
        }
        for compound in compounds
        for position, item in enumerate(compound.items)
    ]
    insert(statements, "compound_items", rows)
