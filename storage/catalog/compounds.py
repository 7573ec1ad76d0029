"""Compound clips and their ordered items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoclip.errors import ParameterError
from autoclip.timeline import Interval
from storage.catalog.change_log import ChangeLog
from storage.catalog.records import CompoundClip, CompoundItem, Page, now
from storage.catalog.statements import (
    AMONG,
    Row,
    Statements,
    delete,
    find,
    insert,
    insert_new,
    listed,
    order_by,
    page,
    require_revision,
    update,
)

SORTABLE = ("name", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Compounds:
    """Repository of compound clips."""

    statements: Statements
    log: ChangeLog

    def add(self, compound: CompoundClip) -> CompoundClip:
        """Add a compound clip.

        Raises
        ------
        NotFoundError
            If its project is not there.
        ParameterError
            If an item's clip is not one of the project's, or the item would end before it starts.
        ConflictError
            If its id is taken.
        """
        _require_project(self.statements, compound.project_id)
        self._require_usable_items(compound)
        insert_new(self.statements, "compound_clips", "compound clip", _columns(compound))
        self._add_items([compound])
        self.log.note(compound.project_id, "compound", compound.id, None, compound)
        return compound

    def get(self, compound_id: str, *, revision: int | None = None) -> CompoundClip:
        """Return a compound clip; raise `NotFoundError`, or `RevisionError` if it is not at `revision`."""
        row = find(self.statements, "SELECT * FROM compound_clips WHERE id = ?", "compound clip", compound_id)
        require_revision("compound clip", compound_id, row["revision"], revision)
        return self._records([row])[0]

    def page(
        self, project_id: str, *, limit: int | None = None, offset: int = 0, sort: str = "created_at"
    ) -> Page[CompoundClip]:
        """List a project's compound clips; raises as `Clips.page`."""
        _require_project(self.statements, project_id)
        conditions = {"project_id = ?": project_id}
        rows, total = page(
            self.statements, "compound_clips", conditions, order=order_by(sort, SORTABLE), limit=limit, offset=offset
        )
        return Page(tuple(self._records(rows)), total, limit, offset)

    def save(self, compound: CompoundClip) -> CompoundClip:
        """Store a changed compound clip and return it at its next revision.

        Raises
        ------
        NotFoundError, RevisionError
            If it is gone, or was changed since `compound` was read.
        ParameterError
            As `add`.
        """
        before = self.get(compound.id, revision=compound.revision)
        self._require_usable_items(compound)
        saved = compound.changed(revision=compound.revision + 1, updated_at=now())
        update(self.statements, "compound_clips", _columns(before), _columns(saved))
        if saved.items != before.items:
            delete(self.statements, "compound_items", "compound_id", [compound.id])
            self._add_items([saved])
        self.log.note(compound.project_id, "compound", compound.id, before, saved)
        return saved

    def delete(self, compound_id: str, *, revision: int | None = None) -> None:
        """Remove a compound clip with its items; its clips stay. Raises as `get`."""
        before = self.get(compound_id, revision=revision)
        self._remove([compound_id])
        self.log.note(before.project_id, "compound", compound_id, before, None)

    def stored(self, project_id: str, ids: Sequence[str]) -> Mapping[str, CompoundClip]:
        """Return the compound clips with `ids`, by id; see `LoggedTable`."""
        sql = f"SELECT * FROM compound_clips WHERE project_id = ? AND id {AMONG}"  # noqa: S608
        return {each.id: each for each in self._records(self.statements.rows(sql, [project_id, listed(ids)]))}

    def put_back(self, project_id: str, ids: Sequence[str], states: Iterable[Mapping[str, Any]]) -> None:  # noqa: ARG002
        """Replace the compound clips with `ids`; see `LoggedTable`."""
        compounds = [CompoundClip.model_validate(state) for state in states]
        self._remove(ids)
        insert(self.statements, "compound_clips", map(_columns, compounds))
        self._add_items(compounds)

    def _remove(self, ids: Sequence[str]) -> None:
        delete(self.statements, "compound_items", "compound_id", ids)
        delete(self.statements, "compound_clips", "id", ids)

    def _require_usable_items(self, compound: CompoundClip) -> None:
        """Refuse items of other projects, and overrides that leave nothing of the clip."""
        ids = listed({item.clip_id for item in compound.items})
        sql = f'SELECT id, "start", "end" FROM clips WHERE project_id = ? AND id {AMONG}'  # noqa: S608
        clips = {row["id"]: row for row in self.statements.rows(sql, [compound.project_id, ids])}
        for number, item in enumerate(compound.items, 1):
            clip = clips.get(item.clip_id)
            if clip is None:
                raise ParameterError(f"item {number}: the project has no clip {item.clip_id}")
            shown = item.with_times_of(Interval(clip["start"], clip["end"]))
            if shown.start is not None and shown.end is not None and shown.end <= shown.start:
                times = f"end at {shown.end:g} s, not after its start at {shown.start:g} s"
                raise ParameterError(f"item {number}: would {times}")

    def _add_items(self, compounds: Iterable[CompoundClip]) -> None:
        rows = [
            {
                "compound_id": compound.id,
                "position": position,
                **{f: getattr(item, f) for f in CompoundItem.model_fields},
            }
            for compound in compounds
            for position, item in enumerate(compound.items)
        ]
        insert(self.statements, "compound_items", rows)

    def _records(self, rows: list[Row]) -> list[CompoundClip]:
        """Join rows of compound clips with their items."""
        ids = [row["id"] for row in rows]
        sql = f'SELECT * FROM compound_items WHERE compound_id {AMONG} ORDER BY compound_id, "position"'  # noqa: S608
        items: dict[str, list[CompoundItem]] = {identity: [] for identity in ids}
        for item in self.statements.rows(sql, [listed(ids)]):
            items[item["compound_id"]].append(
                CompoundItem(clip_id=item["clip_id"], start=item["start"], end=item["end"])
            )
        return [CompoundClip.model_validate({**row, "items": tuple(items[row["id"]])}) for row in rows]


def _require_project(statements: Statements, project_id: str) -> None:
    find(statements, "SELECT id FROM projects WHERE deleted_at IS NULL AND id = ?", "project", project_id)


def _columns(compound: CompoundClip) -> Row:
    """Return the fields that are columns of the table."""
    return {name: getattr(compound, name) for name in CompoundClip.model_fields if name != "items"}
