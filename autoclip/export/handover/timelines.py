"""Hand-over to editors: the chosen clips as a timeline, in the formats editing programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from opentimelineio.exceptions import OTIOError

from autoclip.clips import Clip
from autoclip.errors import ExportError, ParameterError
from autoclip.export.handover.chapters import ffmetadata, youtube_chapters
from autoclip.export.handover.formats import TimelineFormat
from autoclip.media.video import Video

_TIMECODE_RATES = (
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)),
    *(Fraction(rate, 1001) for rate in (24_000, 30_000, 60_000)),
)
"""Frame rates that SMPTE timecode is defined for (ST 12-1 and ST 12-3)."""
_REEL_LETTERS = 8


def timeline_text(
    video: Video, clips: Sequence[Clip], wanted: TimelineFormat, *, title: str = "", crossfade_sec: float = 0.0
) -> str:
    """Return the clips as text in one of the formats.

    Parameters
    ----------
    video : Video
        The probed source they are cut from.
    clips : sequence of Clip
        In the order they shall have.
    wanted : str
        ``otio``, ``edl`` (CMX 3600), ``fcpxml`` (Final Cut Pro X) for editors; ``csv`` for tables; ``ffmetadata`` and
        ``youtube`` for chapters: of the clips joined one after the other.
    title : str
        Name of the timeline; the file's when empty.
    crossfade_sec : float
        Seconds by which each clip overlaps the one before; moves chapters. To editors the clips go whole.

    Raises
    ------
    ParameterError
        If there is no clip, or YouTube would not take the chapters.
    ExportError
        If the format can't say it.
    """
    if not clips:
        raise ParameterError("there is no clip to hand over")
    name = title or video.path.stem
    if wanted == "csv":
        return _table(video, clips)
    if wanted == "ffmetadata":
        return ffmetadata(clips, name, crossfade_sec)
    if wanted == "youtube":
        return youtube_chapters(clips, crossfade_sec)
    timeline = build_timeline(video, clips, name)
    try:
        if wanted == "otio":
            return str(otio.adapters.write_to_string(timeline, "otio_json"))
        if wanted == "edl":
            rate = float(_timecode_rate(video))
            return str(otio.adapters.write_to_string(timeline, "cmx_3600", rate=rate, reelname_len=_REEL_LETTERS))
        return str(otio.adapters.write_to_string(timeline, "fcpx_xml"))
    except (OTIOError, ValueError) as error:
        told = f"the clips can't be written as {wanted}: {error}"
        raise ExportError(f"{told}; use otio, which keeps everything") from error


def write_timeline(
    video: Video,
    clips: Sequence[Clip],
    target: Path,
    wanted: TimelineFormat,
    *,
    title: str = "",
    crossfade_sec: float = 0.0,
) -> Path:
    """Write the clips to a file, which is replaced; errors as `timeline_text`."""
    text = timeline_text(video, clips, wanted, title=title, crossfade_sec=crossfade_sec)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ExportError(f"{target} can't be written: {error.strerror}; choose another folder") from error
    return target


def build_timeline(video: Video, clips: Sequence[Clip], name: str) -> otio.schema.Timeline:
    """Return an OpenTimelineIO timeline: a video track with the clips, and an audio track where there is sound.

    Times are counted in frames of the nearest rate that timecode knows; edges go to the nearest frame.
    """
    rate = float(_timecode_rate(video))
    timeline = otio.schema.Timeline(name)
    kinds = [otio.schema.TrackKind.Video, *([otio.schema.TrackKind.Audio] if video.audio else [])]
    for kind in kinds:
        track = otio.schema.Track(kind, kind=kind)
        track.extend(_otio_clip(video, clip, rate) for clip in clips)
        timeline.tracks.append(track)
    return timeline


def _otio_clip(video: Video, clip: Clip, rate: float) -> otio.schema.Clip:
    start, end = round(clip.start * rate), max(round(clip.end * rate), round(clip.start * rate) + 1)
    media = otio.schema.ExternalReference(
        target_url=video.path.absolute().as_uri(),
        available_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, rate), otio.opentime.RationalTime(round(video.duration_sec * rate), rate)
        ),
    )
    media.name = video.path.name
    source = otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(end - start, rate)
    )
    facts = clip.model_dump(include={"id", "start", "end", "quality_score", "reason"})
    return otio.schema.Clip(clip.name, media, source, metadata={"autoclip": facts})


def _timecode_rate(video: Video) -> Fraction:
    """Return the timecode rate nearest to the video's: of a variable rate, its average."""
    rate = video.video.average_rate or video.video.nominal_rate or Fraction(25)
    return min(_TIMECODE_RATES, key=lambda known: abs(known - rate))


def _table(video: Video, clips: Sequence[Clip]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "name", "start_sec", "end_sec", "duration_sec", "quality_score", "reason", "source"])
    for clip in clips:
        times = [f"{clip.start:.6f}", f"{clip.end:.6f}", f"{clip.duration:.6f}", f"{clip.quality_score:.4f}"]
        writer.writerow(
            [clip.id, _no_formula(clip.name), *times, _no_formula(clip.reason), _no_formula(video.path.name)]
        )
    return text.getvalue()


def _no_formula(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
