"""Export one clip without its silences: a compound clip of the spans that are kept."""

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
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
    transcript: Transcript | None = None,
) -> ExportResult:
    """Cut one clip out of a video as `export_clip` does, with pauses and fillers taken out if the settings say so.

    Picture and sound are cut at the same frames. Where something is taken out, `actual` runs from 0 to the length that
    is left, as of a compound clip.

    Raises
    ------
    ParameterError
        If something is to be taken out and `transcript` is None, or as `export_clip` and `export_compound`.
    MediaError, ExportError
        As they do.
    """
    chosen = settings or ExportSettings()
    if not tightens(chosen):
        return export_clip(video, interval, target, chosen, on_progress, ffmpeg=ffmpeg, transcript=transcript)
    found = tightened(interval, transcript, chosen)
    if len(found.kept) == 1:
        result = export_clip(video, found.kept[0], target, chosen, on_progress, ffmpeg=ffmpeg, transcript=transcript)
    else:
        items = [SourceSpan(video, kept, transcript) for kept in found.kept]
        hard = chosen.model_copy(update={"crossfade_sec": 0.0})
        result = export_compound(items, target, hard, on_progress, ffmpeg=ffmpeg)
    return replace(result, asked=interval, notes=(str(found), *result.notes), removed=found.removed)


def export_tightened_compound(
    items: Sequence[SourceSpan],
    target: Path,
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> ExportResult:
    """Put several cuts into one file as `export_compound` does, with pauses and fillers of each taken out if wanted.

    Raises
    ------
    ParameterError
        If something is to be taken out of an item of which it is not known what is said, or with a crossfade between
        items, which would dissolve at every cut.
    MediaError, ExportError
        As `export_compound`.
    """
    chosen = settings or ExportSettings()
    if not tightens(chosen):
        return export_compound(items, target, chosen, on_progress, ffmpeg=ffmpeg)
    if chosen.crossfade_sec:
        raise ParameterError(
            "crossfade_sec and tighten_sec exclude one another: each pause would dissolve; set one to 0"
        )
    found = [tightened(item.interval, item.transcript, chosen) for item in items]
    parts = [
        SourceSpan(item.video, kept, item.transcript)
        for item, each in zip(items, found, strict=True)
        for kept in each.kept
    ]
    result = export_compound(parts, target, chosen, on_progress, ffmpeg=ffmpeg)
    removed = tuple(removal for each in found for removal in each.removed)
    return replace(result, notes=(str(Tightening((), removed)), *result.notes), removed=removed)


def tightens(settings: ExportSettings) -> bool:
    """Whether the settings take anything out."""
    return settings.tighten_sec > 0 or settings.tighten_fillers


def tightened(interval: Interval, transcript: Transcript | None, settings: ExportSettings) -> Tightening:
    """Find what the settings take out of a clip.

    Raises
    ------
    ParameterError
        If it is not known what is said.
    """
    if transcript is None:
        raise ParameterError(
            "tighten_fillers, and tighten_sec with captions or without sound, need to know what is said, and there is "
            "no transcript; analyze the video with speech = all, or put its subtitles beside it"
        )
    pause_sec = settings.tighten_sec or math.inf
    return tighten(interval, transcript, pause_sec, fillers=settings.tighten_fillers)
