"""Write clips as a timeline for an editing program, a table or a description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from autoclip.clips import Clip
from autoclip.export.interchange.edit_list import EditOptions
from autoclip.export.interchange.formats import TimelineFormat
from autoclip.export.interchange.timelines import write_timeline
from stages.export_compound import item_intervals
from stages.known_video import known_video
from storage.catalog import CompoundItem
from storage.clip_store import ClipStore


def export_timeline(
    store: ClipStore,
    clips: Sequence[Clip],
    target: Path,
    wanted: TimelineFormat,
    options: EditOptions = EditOptions(),  # noqa: B008 - frozen
) -> Path:
    """Write clips of a store to the file `target`, without opening the video.

    Raises
    ------
    NotFoundError, MediaError
        As in `known_video`.
    ParameterError, ExportError
        As in `write_timeline`.
    """
    return write_timeline(known_video(store), clips, target, wanted, title=store.name, options=options)


def compound_clips(items: Sequence[CompoundItem], known: Mapping[str, Clip]) -> tuple[Clip, ...]:
    """Return the items of a compound clip as clips, each with the times of the item.

    Raises
    ------
    NotFoundError
        If a clip it uses is not among `known`.
    """
    intervals = item_intervals(items, known)
    return tuple(
        known[item.clip_id].model_copy(update={"start": interval.start, "end": interval.end})
        if item.clip_id in known
        else Clip(id=item.clip_id, name=f"Item {number}", start=interval.start, end=interval.end)
        for number, (item, interval) in enumerate(zip(items, intervals, strict=True), 1)
    )
