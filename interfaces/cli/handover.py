"""``autoclip handover``: clips as a timeline for an editing program, as a table or as chapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoclip.clips import Clip
from autoclip.errors import ParameterError
from autoclip.export.interchange.edit_list import MAX_HANDLES_SEC, EditOptions
from autoclip.export.interchange.formats import FORMAT_HELP, SUFFIXES, TimelineFormat
from autoclip.settings import ExportSettings
from interfaces.cli.clip_sources import (
    AllClips,
    ClipChoice,
    ClipIds,
    OfMode,
    Source,
    Top,
    find_compound,
    in_order,
    open_clips,
)
from interfaces.cli.file_report import OutputFile, report_files
from interfaces.cli.options import Fillers, Json, Tighten, full_path
from interfaces.cli.terminal import say

if TYPE_CHECKING:
    from storage.clip_store import ClipStore


def handover(
    source: Source,
    *,
    wanted: Annotated[
        TimelineFormat,
        typer.Option("--format", help=FORMAT_HELP),
    ] = "otio",
    top: Top = None,
    clip: ClipIds = None,
    all_clips: AllClips = False,
    compound: Annotated[
        str | None,
        typer.Option("--compound", metavar="COMPOUND", help="Hand over the items of this compound clip instead."),
    ] = None,
    handles: Annotated[
        float,
        typer.Option(
            "--handles",
            min=0.0,
            max=MAX_HANDLES_SEC,
            metavar="SEC",
            help="Seconds added before and after each clip, within the video. For editing programs.",
        ),
    ] = 0.0,
    record_start: Annotated[
        str,
        typer.Option(
            "--record-start",
            metavar="TIMECODE",
            help="Timecode of the timeline's first frame, 00:00:00:00 by default; a semicolon, as in 01:00:00;00, "
            "means drop-frame.",
        ),
    ] = "",
    tighten: Tighten = None,
    fillers: Fillers = False,
    mode: OfMode = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="Output file; by default clips.SUFFIX beside the clips. An existing file is replaced."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write clips as a timeline, a table or chapters: by default all clips, in order of time.

    Nothing is rendered: an editing program finds the clips in the source by timecode, where you can move and trim them.
    """
    from autoclip.export.interchange.timelines import write_timeline
    from stages.export_compound import compound_clips
    from stages.known_video import known_video

    choice = ClipChoice.of(clip, top, all_clips=all_clips, default=None)
    if compound and (clip or top or all_clips):
        raise ParameterError("--compound names its clips itself; leave --top, --clip and --all out")
    store = open_clips(source, mode)
    if compound:
        kept = find_compound(compound, store, source)
        clips, crossfade_sec = compound_clips(kept.items, store.clips_of(kept)), kept.crossfade_sec
        title = kept.name
    else:
        chosen = choice.among(store)
        clips, crossfade_sec = (chosen if clip else in_order(chosen)), 0.0
        title = store.name
    if tighten is not None or fillers:
        clips = _tightened(store, clips, tighten or 0.0, fillers=fillers)
    target = full_path(to or store.folder.root / f"clips{SUFFIXES[wanted]}")
    options = EditOptions(handles_sec=handles, crossfade_sec=crossfade_sec, record_start=record_start)
    written = write_timeline(known_video(store), clips, target, wanted, title=title, options=options)
    report_files([OutputFile.at(written)], as_json=as_json)


def _tightened(store: ClipStore, clips: Sequence[Clip], tighten_sec: float, *, fillers: bool) -> tuple[Clip, ...]:
    """Return the remaining parts of clips without pauses and fillers, each as a clip; print what was removed."""
    from stages.tighten_clips import kept_parts, tightening_of

    settings = ExportSettings(tighten_sec=tighten_sec, tighten_fillers=fillers)
    tightenings = tightening_of(store.folder, [clip.interval for clip in clips], settings)
    for clip, found in zip(clips, tightenings, strict=True):
        say(f"{clip.name}: {found.details()}")
    return kept_parts(clips, tightenings)
