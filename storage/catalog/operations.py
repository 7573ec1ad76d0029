"""The operations of a project: every change of its clips, with undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from autoclip.errors import ConflictError, NotFoundError
from storage.catalog.change_log import ChangeLog, fields_of
from storage.catalog.records import Change, Entity, Operation, OperationKind, Page, Record, StoredClip, changed, now
from storage.catalog.statements import Statements, columns_of, insert, page
from storage.catalog.tables import Tables

MAX_OPERATIONS = 2000
"""Maximum number of operations per project: ten times the decisions of one long video."""

MAX_LOG_BYTES = 2_000_000
"""Maximum size of the changes per project, as JSON text: some ten retunes of 200 clips, or 10,000 verdicts."""

LoggedRecord = Record | StoredClip


class LoggedTable(Protocol):
    """A repository whose records can be restored."""

    def stored(self, project_id: str, ids: Sequence[str]) -> Mapping[str, LoggedRecord]:
        """Return the existing records of a project, by id."""

    def put_back(self, project_id: str, ids: Sequence[str], states: Iterable[Mapping[str, Any]]) -> None:
        """Replace the records with `ids` by those in `states`, without logging."""


@dataclass(frozen=True, slots=True)
class Operations:
    """Repository of operations."""

    tables: Tables
    log: ChangeLog
    logged: Mapping[Entity, LoggedTable]

    def page(self, project_id: str, *, limit: int | None = None, offset: int = 0) -> Page[Operation]:
        """List the operations of a project, newest first; raise `NotFoundError` if it does not exist."""
        rows, total = page(
            self.tables.existing(project_id),
            "operations",
            {"project_id = ?": project_id},
            order="number DESC",
            limit=limit,
            offset=offset,
        )
        return Page(tuple(map(Operation.model_validate, rows)), total, limit, offset)

    def revision(self, project_id: str) -> int:
        """Return a number that grows with each operation, undo and redo; 0 before the first."""
        return self._highest(project_id, "revision")

    def to_undo(self, project_id: str) -> Operation | None:
        """Return the operation that `undo` would undo: the last one not undone, unless it is a first analysis."""
        found = self._first("project_id = ? AND NOT undone ORDER BY number DESC", project_id)
        return None if found is None or found.kind == "analyze" else found

    def to_redo(self, project_id: str) -> Operation | None:
        """Return the operation that `redo` would repeat."""
        return self._first("project_id = ? AND undone ORDER BY number", project_id)

    def undo(self, project_id: str) -> Operation:
        """Undo the last operation.

        Raises
        ------
        NotFoundError
            If the project does not exist.
        ConflictError
            If there is nothing to undo.
        """
        self.tables.existing(project_id)
        operation = self.to_undo(project_id)
        if operation is None:
            raise ConflictError(f"the project {project_id} has no change to undo")
        return self._played(operation, forward=False)

    def redo(self, project_id: str) -> Operation:
        """Redo the operation that was undone last; raises the same errors as `undo`."""
        self.tables.existing(project_id)
        operation = self.to_redo(project_id)
        if operation is None:
            raise ConflictError(f"the project {project_id} has no change to redo: none was undone, or another followed")
        return self._played(operation, forward=True)

    def deleted_clips(self, project_id: str) -> tuple[StoredClip, ...]:
        """Return the clips that people deleted and that can be restored, the latest deletion first."""
        found: dict[str, StoredClip] = {}
        for operation in self.page(project_id).items:
            if not operation.undone and operation.kind in {"delete", "bulk"}:
                gone = [change for change in operation.changes if change.entity == "clip" and change.after is None]
                found = {**{change.id: StoredClip.model_validate(change.before) for change in gone}, **found}
        present = self.logged["clip"].stored(project_id, tuple(found))
        return tuple(clip for identity, clip in found.items() if identity not in present)

    def label(self, project_id: str, kind: OperationKind) -> None:
        """Set the kind of this unit's changes to a project if the changes alone don't determine it."""
        self.log.label(project_id, kind)

    def flush(self) -> None:
        """Record the changes of this unit as one operation per project.

        Operations that were undone can then no longer be redone.
        """
        for project_id, (kind, changes) in self.log.take().items():
            if self._statements(project_id).rows(
                "SELECT 1 FROM projects WHERE id = ?", [project_id]
            ):  # else removed in this unit
                self._append(project_id, kind, changes)

    def _append(self, project_id: str, kind: OperationKind, changes: tuple[Change, ...]) -> None:
        operation = Operation(
            project_id=project_id,
            number=self._highest(project_id, "number") + 1,
            kind=kind,
            revision=self.revision(project_id) + 1,
            changes=changes,
        )
        statements = self._statements(project_id)
        statements.rows("DELETE FROM operations WHERE project_id = ? AND undone", [project_id])
        insert(statements, "operations", [_columns(operation)])
        self._forget_oldest(project_id)

    def _forget_oldest(self, project_id: str) -> None:
        """Keep the log within its limits; the last operation always stays."""
        sql = (
            "SELECT number, length(CAST(changes AS VARCHAR)) AS size FROM operations "
            "WHERE project_id = ? ORDER BY number DESC"
        )
        statements, total = self._statements(project_id), 0
        for place, row in enumerate(statements.rows(sql, [project_id])):
            total += row["size"]
            if place and (place >= MAX_OPERATIONS or total > MAX_LOG_BYTES):
                sql = "DELETE FROM operations WHERE project_id = ? AND number <= ?"
                statements.rows(sql, [project_id, row["number"]])
                return

    def _played(self, operation: Operation, *, forward: bool) -> Operation:
        """Set the records of an operation to their state after it, or before it."""
        changes: list[Change] = []
        for entity, group in groupby(sorted(operation.changes, key=_by_entity), key=_by_entity):
            changes += self._put(operation.project_id, entity, tuple(group), forward=forward)
        revision = self.revision(operation.project_id) + 1
        after = changed(operation, {"changes": tuple(changes), "undone": not forward, "revision": revision})
        statements = self._statements(operation.project_id)
        statements.rows(
            "DELETE FROM operations WHERE project_id = ? AND number = ?", [operation.project_id, operation.number]
        )
        insert(statements, "operations", [_columns(after)])
        return after

    def _put(self, project_id: str, entity: Entity, changes: Sequence[Change], *, forward: bool) -> list[Change]:
        """Write the states that changes of one kind of record lead to; return the changes with the previous states."""
        table, ids = self.logged[entity], [change.id for change in changes]
        stored = {identity: fields_of(record) for identity, record in table.stored(project_id, ids).items()}
        wanted = {change.id: _state(change, stored.get(change.id), forward=forward) for change in changes}
        table.put_back(project_id, ids, [state for state in wanted.values() if state is not None])
        return [_with_last_seen(change, stored.get(change.id), forward=forward) for change in changes]

    def _first(self, condition: str, project_id: str) -> Operation | None:
        rows = self._statements(project_id).rows(f"SELECT * FROM operations WHERE {condition} LIMIT 1", [project_id])  # noqa: S608
        return Operation.model_validate(rows[0]) if rows else None

    def _highest(self, project_id: str, column: str) -> int:
        sql = f"SELECT coalesce(max({column}), 0) AS highest FROM operations WHERE project_id = ?"  # noqa: S608
        return int(self._statements(project_id).rows(sql, [project_id])[0]["highest"])

    def _statements(self, project_id: str) -> Statements:
        return self.tables.of_project(project_id)


def _by_entity(change: Change) -> Entity:
    return change.entity


def _columns(operation: Operation) -> dict[str, Any]:
    return {
        **columns_of(operation),
        "changes": [change.model_dump(mode="json") for change in operation.changes],
    }


def _state(change: Change, stored: Mapping[str, Any] | None, *, forward: bool) -> dict[str, Any] | None:
    """Return the fields that a record must have after a change, or before it; None if it must not exist.

    The revision always grows, so that a restored state is never mistaken for one that was read earlier.
    """
    target = change.after if forward else change.before
    if target is None:
        return None
    base = stored if stored is not None else target
    if stored is None and (change.before is not None and change.after is not None):
        raise NotFoundError(
            f"the {change.entity} {change.id} no longer exists, so its change can't be undone or redone"
        )
    state = {**base, **{name: value for name, value in target.items() if name != "revision"}}
    if "revision" in state:
        state |= {"revision": int(base["revision"]) + 1, "updated_at": now().isoformat()}
    return state


def _with_last_seen(change: Change, stored: Mapping[str, Any] | None, *, forward: bool) -> Change:
    """Store the last revision of a removed record, in case it is restored."""
    target = change.after if forward else change.before
    if target is not None or stored is None:
        return change
    return changed(change, {"before" if forward else "after": dict(stored)})
