"""Decide which clips a new analysis adds, finds again, removes and leaves unchanged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from storage.catalog.records import Replacement, StoredClip

SAME_MOMENT_IOU = 0.5
"""Intersection over union from which two clips show the same moment; the usual threshold of temporal localization
(ActivityNet, THUMOS), above the overlap of any two clips of one selection.
"""


def plan_replacement(present: Iterable[StoredClip], chosen: Iterable[StoredClip], used: Collection[str]) -> Replacement:
    """Decide what happens to the existing clips after a new analysis.

    Parameters
    ----------
    present : iterable of StoredClip
        The automatic clips of the mode, and the manual clips.
    chosen : iterable of StoredClip
        The clips that the analysis selected.
    used : collection of str
        Ids of clips that compound clips use.

    Returns
    -------
    Replacement
        A clip that a person changed, created or judged is kept, and a selected clip of the same moment
        (`SAME_MOMENT_IOU`) is not added beside it: a rejected clip does not come back with other edges.
    """
    there = {clip.id: clip for clip in present}
    wanted = {clip.id: clip for clip in chosen}
    touched = [clip for clip in there.values() if clip.touched]
    kept = [clip.id for clip in there.values() if _stays(clip, used, wanted)]
    removed = [clip for clip in there if clip not in kept and clip not in wanted]
    added = [clip.id for clip in wanted.values() if clip.id not in there and not _same_moment(clip, touched)]
    updated = [clip for clip in wanted if clip in there and clip not in kept]
    gone = [there[clip] for clip in removed]
    moved = [(old[0].id, clip) for clip in added if (old := _same_moment(wanted[clip], gone))]
    mine = [clip for clip in kept if there[clip].created_by == "auto"]
    return Replacement(tuple(added), tuple(updated), tuple(removed), tuple(mine), tuple(moved))


def _stays(clip: StoredClip, used: Collection[str], wanted: Collection[str]) -> bool:
    return clip.touched or (clip.id in used and clip.id not in wanted)


def _same_moment(clip: StoredClip, others: Sequence[StoredClip]) -> list[StoredClip]:
    """Return the clips of the same moment, most similar first."""
    alike = [(clip.interval.iou(other.interval), other) for other in others]
    return [other for iou, other in sorted(alike, key=lambda pair: -pair[0]) if iou >= SAME_MOMENT_IOU]
