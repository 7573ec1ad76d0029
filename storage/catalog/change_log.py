"""The changes of one unit of work to clips, compound clips and analyses, collected until it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from storage.catalog.records import Change, Entity, OperationKind

UNLOGGED = frozenset({"revision", "updated_at", "thumbnail", "analyzed_at"})
"""Fields whose change alone nobody would want to undo."""

_KIND_OF_FIELDS: dict[frozenset[str], OperationKind] = {
    frozenset({"verdict"}): "verdict",
    frozenset({"name", "renamed"}): "rename",
    frozenset({"name"}): "rename",
}
_TRIM = frozenset({"start", "end", "trimmed"})


@dataclass(slots=True)
class ChangeLog:
    """The changes of one unit of work, by project; later changes of the same record are merged into earlier ones."""

    _pairs: dict[str, dict[tuple[Entity, str], _Pair]] = field(default_factory=dict)
    _kinds: dict[str, OperationKind] = field(default_factory=dict)

    def note(
        self, project_id: str, entity: Entity, identity: str, before: BaseModel | None, after: BaseModel | None
    ) -> None:
        """Record that a record was created (`before` is None), changed, or removed (`after` is None)."""
        pairs = self._pairs.setdefault(project_id, {})
        known = pairs.get((entity, identity))
        pairs[entity, identity] = (known[0] if known else before, after)

    def label(self, project_id: str, kind: OperationKind) -> None:
        """Set the kind of this unit's changes to a project if the changes alone don't determine it."""
        self._kinds.setdefault(project_id, kind)

    def take(self) -> dict[str, tuple[OperationKind, tuple[Change, ...]]]:
        """Return the kind and the changes of each changed project, and clear them."""
        found = {project_id: _changes(pairs) for project_id, pairs in self._pairs.items()}
        kinds, self._pairs, self._kinds = self._kinds, {}, {}
        return {
            project_id: (kinds.get(project_id) or kind_of(changes), changes)
            for project_id, changes in found.items()
            if changes
        }


_Pair = tuple[BaseModel | None, BaseModel | None]


def kind_of(changes: Sequence[Change]) -> OperationKind:
    """Return the kind of an operation from its changes."""
    if len(changes) > 1:
        return "bulk"
    (change,) = changes
    if change.entity != "clip":
        return "compound" if change.entity == "compound" else "retune"
    if change.before is None or change.after is None:
        return "create" if change.before is None else "delete"
    names = frozenset(change.after)
    return "trim" if names <= _TRIM else _KIND_OF_FIELDS.get(names, "edit")


def fields_of(record: BaseModel) -> dict[str, Any]:
    """Return the fields of a record as in JSON."""
    return record.model_dump(mode="json", include=set(type(record).model_fields))


def _changes(pairs: dict[tuple[Entity, str], _Pair]) -> tuple[Change, ...]:
    return tuple(
        change
        for (entity, identity), (before, after) in pairs.items()
        for change in _differing(entity, identity, before, after)
    )


def _differing(
    entity: Literal["clip", "compound", "analysis"], identity: str, before: BaseModel | None, after: BaseModel | None
) -> Iterable[Change]:
    """Return the change between two states of a record; None if it is not worth logging."""
    old = None if before is None else fields_of(before)
    new = None if after is None else fields_of(after)
    if old is not None and new is not None:
        names = [name for name in new if name not in UNLOGGED and old[name] != new[name]]
        old, new = {name: old[name] for name in names}, {name: new[name] for name in names}
    if old or new:
        yield Change(entity=entity, id=identity, before=old, after=new)
