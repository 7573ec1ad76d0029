"""Clips: listed, changed by people, replaced by analyses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from autoclip.clips import Clip
from autoclip.errors import ConflictError, ParameterError
from autoclip.settings import SegmentationMode
from storage.catalog.change_log import ChangeLog
from storage.catalog.project_records import ProjectRecords
from storage.catalog.records import Page, Replacement, StoredClip, Verdict, now
from storage.catalog.replacement import plan_replacement
from storage.catalog.statements import (
    AMONG,
    Row,
    Statements,
    columns_of,
    delete,
    insert,
    insert_new,
    listed,
    order_by,
    require_project,
    update,
)

BEYOND_END_SEC = 0.05
"""Tolerance in seconds for clips that end after the video: durations are rounded in pages and files."""

FOUND_FIELDS = ("name", "quality_score", "anchor_time_sec", "anchor_reason", "reason", "scores")
"""Fields that an analysis sets. Automatic names number the clips, so they follow the new selection."""


@dataclass(frozen=True, slots=True)
class Clips(ProjectRecords[StoredClip]):
    """Repository of clips."""

    log: ChangeLog

    table, noun = "clips", "clip"
    sortable = ("start", "end", "duration", "quality_score", "name", "created_at", "updated_at")

    def add(self, clip: StoredClip) -> StoredClip:
        """Add a clip, usually one made by hand.

        Raises
        ------
        NotFoundError
            If its project does not exist.
        ParameterError
            If it ends after the video.
        ConflictError
            If its id is already used.
        """
        statements = self.tables.of_project(clip.project_id)
        _require_within_video(statements, clip)
        self._require_not_elsewhere(clip.project_id, [clip.id])
        insert_new(statements, "clips", "clip", columns_of(clip))
        self.tables.index.claim(clip.project_id, [clip.id])
        self.log.note(clip.project_id, "clip", clip.id, None, clip)
        return clip

    def page(
        self,
        project_id: str,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str = "start",
        mode: SegmentationMode | None = None,
        created_by: Literal["auto", "manual"] | None = None,
        min_quality: float | None = None,
        verdict: Verdict | None = None,
        without_verdict: Verdict | None = None,
        search: str | None = None,
    ) -> Page[StoredClip]:
        """List a project's clips; `search` matches a part of the name, case-insensitively.

        `verdict` lists only clips with that verdict, `without_verdict` all others.

        Raises
        ------
        NotFoundError
            If the project does not exist.
        ParameterError
            If `sort` is not one of `sortable` (prefixed with ``-`` for descending order), or a number is negative.
        """
        conditions = {
            "mode = ?": mode,
            "created_by = ?": created_by,
            "quality_score >= ?": min_quality,
            "verdict = ?": verdict,
            "verdict <> ?": without_verdict,
            "contains(lower(name), lower(?))": search,
        }
        return self._page(project_id, conditions, sort=sort, limit=limit, offset=offset)

    def save(self, clip: StoredClip) -> StoredClip:
        """Store a changed clip and return it at its next revision; a new name or span marks it as edited.

        Raises
        ------
        NotFoundError, RevisionError
            If it no longer exists, or was changed since `clip` was read.
        ParameterError
            If it now ends after the video.
        """
        before = self.get(clip.id, revision=clip.revision)
        statements = self.tables.of_project(clip.project_id)
        _require_within_video(statements, clip)
        saved = clip.changed(
            renamed=clip.renamed or clip.name != before.name,
            trimmed=clip.trimmed or clip.interval != before.interval,
            revision=clip.revision + 1,
            updated_at=now(),
        )
        update(statements, "clips", columns_of(before), columns_of(saved))
        self.log.note(saved.project_id, "clip", saved.id, before, saved)
        return saved

    def delete(self, clip_id: str) -> None:
        """Remove a clip.

        Raises
        ------
        NotFoundError
            If it does not exist.
        ConflictError
            If a compound clip uses it.
        """
        before = self.get(clip_id)
        statements = self.tables.of_project(before.project_id)
        users = statements.rows(
            "SELECT DISTINCT name FROM compound_clips JOIN compound_items ON compound_id = id WHERE clip_id = ?",
            [clip_id],
        )
        if users:
            names = ", ".join(repr(row["name"]) for row in users)
            raise ConflictError(f"the clip {clip_id} is used by the compound clip {names}; change or delete that first")
        delete(statements, "clips", "id", [clip_id])
        self.log.note(before.project_id, "clip", clip_id, before, None)

    def replace_auto_clips(self, project_id: str, mode: SegmentationMode, clips: Iterable[Clip]) -> Replacement:
        """Replace the automatic clips of a mode with those that a new analysis selected.

        Clips that people created, renamed, trimmed or judged stay unchanged, and so do clips that a compound clip uses.
        A clip that is found again (same id) keeps its history and gets the new scores and thumbnail. A new clip of the
        same moment as an edited one is not added; see `plan_replacement`.

        Raises
        ------
        NotFoundError
            If the project does not exist.
        ConflictError
            If an id belongs to another project.
        """
        chosen = {clip.id: StoredClip.of(clip, project_id) for clip in clips}
        present = self._replaceable(project_id, mode, tuple(chosen))
        plan = plan_replacement(present.values(), chosen.values(), self._used_by_compounds(project_id))
        updated = {clip: _found_again(present[clip], chosen[clip]) for clip in plan.updated}
        changed = [clip for clip in updated.values() if clip != present[clip.id]]
        added = [chosen[clip] for clip in plan.added]
        statements = self.tables.of_project(project_id)
        delete(statements, "clips", "id", [*plan.removed, *(clip.id for clip in changed)])
        insert(statements, "clips", [columns_of(clip) for clip in (*added, *changed)])
        self.tables.index.claim(project_id, plan.added)
        for before, after in (
            *((present[clip], None) for clip in plan.removed),
            *((present[clip.id], clip) for clip in changed),
            *((None, clip) for clip in added),
        ):
            self.log.note(project_id, "clip", (before or after or added[0]).id, before, after)
        return plan

    def preview_replacement(self, project_id: str, mode: SegmentationMode, clips: Iterable[Clip]) -> Replacement:
        """Return what `replace_auto_clips` would do; raises the same errors."""
        chosen = {clip.id: StoredClip.of(clip, project_id) for clip in clips}
        present = self._replaceable(project_id, mode, tuple(chosen))
        return plan_replacement(present.values(), chosen.values(), self._used_by_compounds(project_id))

    def put_back(self, project_id: str, ids: Sequence[str], states: Iterable[Mapping[str, Any]]) -> None:
        """Replace the clips with `ids`; see `LoggedTable`."""
        clips = [StoredClip.model_validate(state) for state in states]
        statements = self.tables.of_project(project_id)
        delete(statements, "clips", "id", ids)
        insert(statements, "clips", map(columns_of, clips))

    def _records(self, statements: Statements, rows: list[Row]) -> list[StoredClip]:  # noqa: ARG002
        return [StoredClip.model_validate(row) for row in rows]

    def _order(self, sort: str) -> str:
        return order_by(sort, self.sortable).replace('"duration"', '("end" - "start")')

    def _replaceable(self, project_id: str, mode: SegmentationMode, ids: Sequence[str]) -> dict[str, StoredClip]:
        """Return the project's clips of a mode, its manual clips, and any clip that already has one of `ids`."""
        statements = self.tables.existing(project_id)
        self._require_not_elsewhere(project_id, ids)
        rows = statements.rows(
            f"SELECT * FROM clips WHERE project_id = ? AND (mode = ? OR created_by = 'manual' OR id {AMONG})",  # noqa: S608
            [project_id, mode, listed(ids)],
        )
        return {clip.id: clip for clip in self._records(statements, rows)}

    def _require_not_elsewhere(self, project_id: str, ids: Sequence[str]) -> None:
        """Refuse ids of another project's clips."""
        for clip_id, owner in self.tables.index.owners(ids).items():
            if owner != project_id and self.stored(owner, [clip_id]):
                raise ConflictError(f"the clip {clip_id} belongs to another project, {owner}")

    def _used_by_compounds(self, project_id: str) -> set[str]:
        """Return the ids of the clips that compound clips of the project use."""
        sql = "SELECT clip_id FROM compound_items JOIN compound_clips ON id = compound_id WHERE project_id = ?"
        return {row["clip_id"] for row in self.tables.of_project(project_id).rows(sql, [project_id])}


def _require_within_video(statements: Statements, clip: StoredClip) -> None:
    """Refuse a clip that ends after its project's video."""
    duration = require_project(statements, clip.project_id)["duration_sec"]
    if duration is not None and clip.end > duration + BEYOND_END_SEC:
        raise ParameterError(f"a clip can't end at {clip.end:g} s: the video is {duration:g} s long")


def _found_again(before: StoredClip, chosen: StoredClip) -> StoredClip:
    """Give a clip its new scores and thumbnail; the revision changes only if more than the thumbnail differs."""
    found = before.changed(**{name: getattr(chosen, name) for name in FOUND_FIELDS})
    if found != before:
        found = found.changed(revision=before.revision + 1, updated_at=now())
    return found.changed(thumbnail=chosen.thumbnail or before.thumbnail)
