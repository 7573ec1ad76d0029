"""Changes of clips beyond single fields: creating, splitting, merging, duplicating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import ValidationError

from autoclip.errors import NotFoundError, ParameterError
from autoclip.timeline import Interval
from stages.rate_clips import ClipRater
from storage.catalog import StoredClip, UnitOfWork, Verdict, new_id

MIN_SEC = 0.04
"""Minimum length of a clip in seconds: less than one frame at 25 frames per second is a mistake."""


def new_clip(project_id: str, start: float, end: float, name: str) -> StoredClip:
    """Return a clip made by hand.

    Raises
    ------
    ParameterError
        If it doesn't end after it starts, or is shorter than a frame.
    """
    try:
        clip = StoredClip(id=new_id(), project_id=project_id, name=name, start=start, end=end, created_by="manual")
    except ValidationError as error:
        raise ParameterError(f"a clip must end after it starts, got {start:g} to {end:g}") from error
    return long_enough(clip)


def long_enough(clip: StoredClip) -> StoredClip:
    """Return a clip that shows at least one frame; raise `ParameterError` for a shorter one."""
    if clip.end - clip.start < MIN_SEC - 1e-6:
        raise ParameterError(
            f"a clip can't be {clip.end - clip.start:.3g} s long: that is less than a frame; "
            f"give it {MIN_SEC:g} s or more"
        )
    return clip


def changed_clip(clip: StoredClip, changes: Mapping[str, object], rater: ClipRater) -> StoredClip:
    """Return a clip with some fields changed, and the rating of its new span.

    Raises
    ------
    ParameterError
        If it would be shorter than a frame.
    """
    changed = clip.changed(**changes)
    return changed if changed.interval == clip.interval else rater.rated(long_enough(changed), clip)


def split_clip(unit: UnitOfWork, clip_id: str, at: float, rater: ClipRater) -> tuple[StoredClip, StoredClip]:
    """End a clip at an instant, and create a new one from the rest.

    Raises
    ------
    NotFoundError
        If there is no such clip.
    ParameterError
        If the instant does not lie within it.
    """
    clip = unit.clips.get(clip_id)
    if not clip.start + MIN_SEC <= at <= clip.end - MIN_SEC:
        raise ParameterError(f"{at:g} s does not lie within the clip, which goes from {clip.start:g} to {clip.end:g} s")
    rest = new_clip(clip.project_id, at, clip.end, _second(clip.name)).changed(verdict=clip.verdict, mode=clip.mode)
    rest = unit.clips.add(rater.rated(rest, clip).changed(thumbnail=None))
    unit.operations.label(clip.project_id, "split")
    return unit.clips.save(rater.rated(clip.changed(end=at), clip)), rest


def exclude_part(unit: UnitOfWork, clip_id: str, part: Interval, rater: ClipRater) -> tuple[StoredClip, ...]:
    """Remove a part of a clip, which keeps what comes before it; a new clip gets what comes after it.

    A part that extends to within a frame of the clip's edge only trims it.

    Raises
    ------
    NotFoundError
        If there is no such clip.
    ParameterError
        If the part does not lie within it, or is all of it.
    """
    clip = unit.clips.get(clip_id)
    if part.start >= clip.end or part.end <= clip.start:
        raise ParameterError(
            f"{part.start:g} to {part.end:g} s does not lie within the clip, which goes from {clip.start:g} "
            f"to {clip.end:g} s"
        )
    before, after = part.start - clip.start >= MIN_SEC, clip.end - part.end >= MIN_SEC
    if not before and not after:
        raise ParameterError("that is all of the clip; delete or reject the clip instead")
    if before and after:
        first, rest = split_clip(unit, clip_id, part.end, rater)
        return unit.clips.save(rater.rated(first.changed(end=part.start), first)), rest
    edge = {"end": part.start} if before else {"start": part.end}
    return (unit.clips.save(changed_clip(clip, edge, rater)),)


def merge_clips(
    unit: UnitOfWork,
    project_id: str,
    clip_ids: Sequence[str],
    rater: ClipRater,
    *,
    name: str | None = None,
    keep: bool = False,
) -> StoredClip:
    """Make one clip from the first start to the last end of several.

    Parameters
    ----------
    unit : UnitOfWork
        The transaction.
    project_id : str
        The project that must own the clips.
    clip_ids : sequence of str
        At least two of them, in any order.
    rater : ClipRater
        Rates the new span.
    name : str, optional
        Name of the merged clip; by default that of the earliest one.
    keep : bool
        Whether to keep the original clips.

    Raises
    ------
    NotFoundError
        If a clip does not exist.
    ParameterError
        If one belongs to another project, or there are fewer than two different ones.
    ConflictError
        If a compound clip uses one that would be removed.
    """
    clips = sorted((unit.clips.get(clip_id) for clip_id in dict.fromkeys(clip_ids)), key=lambda clip: clip.start)
    if len(clips) < 2:  # noqa: PLR2004 - one has nothing to merge with
        raise ParameterError("merging takes two different clips or more")
    for clip in clips:
        if clip.project_id != project_id:
            raise ParameterError(f"the clip {clip.id} belongs to another project")
    merged = new_clip(project_id, clips[0].start, max(clip.end for clip in clips), name or clips[0].name)
    if not keep:
        for clip in clips:
            unit.clips.delete(clip.id)
    unit.operations.label(project_id, "merge")
    return unit.clips.add(rater.rated(merged.changed(verdict=_common_verdict(clips))))


def neighbor_of(unit: UnitOfWork, clip: StoredClip, side: Literal["previous", "next"]) -> StoredClip:
    """Return the clip of the same project that starts next before or after a clip, skipping rejected ones.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    clips = unit.clips.page(clip.project_id, sort="start", without_verdict="rejected").items
    others = [other for other in clips if other.id != clip.id]
    before = [other for other in others if (other.start, other.id) < (clip.start, clip.id)]
    found = before[-1:] if side == "previous" else others[len(before) : len(before) + 1]
    if not found:
        raise NotFoundError(f"the clip {clip.id} has no {side} clip to be merged with")
    return found[0]


def duplicate_clip(unit: UnitOfWork, clip_id: str) -> StoredClip:
    """Add a copy of a clip, as a manual clip.

    Raises
    ------
    NotFoundError
        If there is no such clip.
    """
    clip = unit.clips.get(clip_id)
    fresh = new_clip(clip.project_id, clip.start, clip.end, f"{clip.name[:490]} (copy)")
    facts = {name: getattr(clip, name) for name in ("quality_score", "anchor_time_sec", "anchor_reason", "reason")}
    unit.operations.label(clip.project_id, "duplicate")
    return unit.clips.add(fresh.changed(**facts, scores=clip.scores))


def _common_verdict(clips: Sequence[StoredClip]) -> Verdict:
    """Return the common verdict of several clips; undecided if they differ."""
    verdicts = {clip.verdict for clip in clips}
    return verdicts.pop() if len(verdicts) == 1 else "undecided"


def _second(name: str) -> str:
    """Return a name for the second half of a clip."""
    return f"{name[:490]} (2)"
