"""Compound clips and their ordered items."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.errors import ParameterError
from autoclip.timeline import Interval
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
    """The room of the compound clips."""

    statements: Statements

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
        find(self.statements, "SELECT id FROM projects WHERE id = ?", "project", compound.project_id)
        self._require_usable_items(compound)
        insert_new(self.statements, "compound_clips", "compound clip", _columns(compound))
        self._add_items(compound)
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
        find(self.statements, "SELECT id FROM projects WHERE id = ?", "project", project_id)
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
            self._add_items(saved)
        return saved

    def delete(self, compound_id: str, *, revision: int | None = None) -> None:
        """Remove a compound clip with its items; its clips stay. Raises as `get`."""
        self.get(compound_id, revision=revision)
        delete(self.statements, "compound_items", "compound_id", [compound_id])
        delete(self.statements, "compound_clips", "id", [compound_id])

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

    def _add_items(self, compound: CompoundClip) -> None:
        rows = [
            {
                "compound_id": compound.id,
                "position": position,
                **{f: getattr(item, f) for f in CompoundItem.model_fields},
            }
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


def _columns(compound: CompoundClip) -> Row:
    """Return the fields that are columns of the table."""
    return {name: getattr(compound, name) for name in CompoundClip.model_fields if name != "items"}
