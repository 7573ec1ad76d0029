"""Export one clip without its silences, as a compound clip of the remaining spans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.export.render import export_clip
from autoclip.media.video import Video
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.speech.tightening import Tightening, tighten
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval


def export_tightened(
    video: Video,
    interval: Interval,
    target: Path,
    settings: ExportSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
    transcript: Transcript | None = None,
) -> ExportResult:
    """Cut one clip from a video as `export_clip` does, without pauses and fillers if the settings say so.

    Video and audio are cut at the same frames. If anything is removed, `actual` runs from 0 to the remaining length, as
    for a compound clip.

    Raises
    ------
    ParameterError
        If something is to be removed and `transcript` is None; also as in `export_clip` and `export_compound`.
    MediaError, ExportError
        As in those functions.
    """
    if not tightens(settings):
        return export_clip(video, interval, target, settings, on_progress, ffmpeg=ffmpeg, transcript=transcript)
    found = tightened(interval, transcript, settings)
    if len(found.kept) == 1:
        result = export_clip(video, found.kept[0], target, settings, on_progress, ffmpeg=ffmpeg, transcript=transcript)
    else:
        items = [SourceSpan(video, kept, transcript) for kept in found.kept]
        hard = settings.model_copy(update={"crossfade_sec": 0.0})
        result = export_compound(items, target, hard, on_progress, ffmpeg=ffmpeg)
    return replace(result, asked=interval, notes=(str(found), *result.notes), removed=found.removed)


def export_tightened_compound(
    items: Sequence[SourceSpan],
    target: Path,
    settings: ExportSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> ExportResult:
    """Export several cuts as one file as `export_compound` does, without pauses and fillers if the settings say so.

    Raises
    ------
    ParameterError
        If something is to be removed from an item without a transcript, or together with a crossfade between items,
        which would dissolve at every cut.
    MediaError, ExportError
        As in `export_compound`.
    """
    if not tightens(settings):
        return export_compound(items, target, settings, on_progress, ffmpeg=ffmpeg)
    if settings.crossfade_sec:
        raise ParameterError(
            "crossfade_sec and tighten_sec exclude one another: each pause would dissolve; set one to 0"
        )
    found = [tightened(item.interval, item.transcript, settings) for item in items]
    parts = [
        SourceSpan(item.video, kept, item.transcript)
        for item, each in zip(items, found, strict=True)
        for kept in each.kept
    ]
    result = export_compound(parts, target, settings, on_progress, ffmpeg=ffmpeg)
    removed = tuple(removal for each in found for removal in each.removed)
    return replace(result, notes=(str(Tightening((), removed)), *result.notes), removed=removed)


def tightens(settings: ExportSettings) -> bool:
    """Whether the settings remove anything."""
    return settings.tighten_sec > 0 or settings.tighten_fillers


def tightened(interval: Interval, transcript: Transcript | None, settings: ExportSettings) -> Tightening:
    """Find what the settings remove from a clip.

    Raises
    ------
    ParameterError
        If there is no transcript.
    """
    if transcript is None:
        raise ParameterError(
            "tighten_fillers, and tighten_sec with captions or without audio, need words, and there is no transcript; "
            "analyze the video with speech = all, or put its subtitles beside it"
        )
    pause_sec = settings.tighten_sec or math.inf
    return tighten(interval, transcript, pause_sec, fillers=settings.tighten_fillers)
