"""Write the selected clips as a timeline, in the formats editing programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from opentimelineio.exceptions import OTIOError

from autoclip.clips import Clip
from autoclip.csv_fields import no_formula
from autoclip.errors import ExportError, ParameterError, from_system
from autoclip.export.interchange.chapters import ffmetadata, youtube_chapters
from autoclip.export.interchange.edit_list import EditList, EditOptions, build_edit_list, editing_rate
from autoclip.export.interchange.edl import edl_text, timecode_rate
from autoclip.export.interchange.fcpxml import fcpxml_text
from autoclip.export.interchange.formats import EDITING_FORMATS, TimelineFormat
from autoclip.export.interchange.opentimeline import build_timeline, counting_rate
from autoclip.export.interchange.xmeml import xmeml_text
from autoclip.export.names import publish
from autoclip.export.render_context import temporary_path
from autoclip.media.video import Video
from autoclip.output_files import require_replaceable


def timeline_text(
    video: Video,
    clips: Sequence[Clip],
    wanted: TimelineFormat,
    *,
    title: str = "",
    options: EditOptions = EditOptions(),  # noqa: B008 - frozen
) -> str:
    """Return the clips as text in one of the formats.

    Parameters
    ----------
    video : Video
        The probed source of the clips.
    clips : sequence of Clip
        The clips, in the order of the timeline.
    wanted : str
        ``otio``, ``edl`` (CMX 3600), ``fcpxml`` (Final Cut Pro) and ``xmeml`` (Final Cut Pro 7 XML, for Premiere Pro)
        for editing programs; ``csv`` for tables; ``ffmetadata`` and ``youtube`` for chapters of the concatenated clips.
    title : str
        Name of the timeline; empty for the file's name.
    options : EditOptions
        Handles, crossfades and the timeline's start. Tables and chapters describe the clips themselves, without
        handles.

    Raises
    ------
    ParameterError
        If there is no clip, an option is not allowed, or the format can't represent the clips.
    ExportError
        If the format can't be written.
    """
    if not clips:
        raise ParameterError("there is no clip to hand over")
    name = title or video.path.stem
    if wanted not in EDITING_FORMATS and (options.handles_sec or options.record_start):
        raise ParameterError(
            f"handles and a record start are for editing programs, not for {wanted}; leave them out or use otio"
        )
    if wanted == "csv":
        return _table(video, clips)
    if wanted == "ffmetadata":
        return ffmetadata(clips, name, options.crossfade_sec)
    if wanted == "youtube":
        return youtube_chapters(clips, options.crossfade_sec)
    return _for_editors(video, clips, wanted, name, options)


def write_timeline(
    video: Video,
    clips: Sequence[Clip],
    target: Path,
    wanted: TimelineFormat,
    *,
    title: str = "",
    options: EditOptions = EditOptions(),  # noqa: B008 - frozen
) -> Path:
    """Write the clips to a file, which is replaced; raises the same errors as `timeline_text`."""
    text = timeline_text(video, clips, wanted, title=title, options=options)
    require_replaceable(target)
    with temporary_path(target.parent) as part:
        try:
            part.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise ExportError(str(from_system(error, target))) from error
        return publish(part, target, overwrite=True)


def _otio_text(edits: EditList) -> str:
    return str(otio.adapters.write_to_string(build_timeline(edits), "otio_json"))


def _at_timecode_rate(video: Video) -> Fraction:
    return timecode_rate(editing_rate(video))


_EDITORS: dict[str, tuple[Callable[[Video], Fraction], Callable[[EditList], str]]] = {
    "otio": (counting_rate, _otio_text),
    "edl": (_at_timecode_rate, edl_text),
    "fcpxml": (editing_rate, fcpxml_text),
    "xmeml": (_at_timecode_rate, xmeml_text),
}
"""Each format for editing programs: its frame rate function, and its writer."""


def _for_editors(video: Video, clips: Sequence[Clip], wanted: str, name: str, options: EditOptions) -> str:
    rate_of, text_of = _EDITORS[wanted]
    edits = build_edit_list(video, clips, name, rate_of(video), options)
    try:
        return text_of(edits)
    except (OTIOError, ValueError) as error:
        reason = f"the clips can't be written as {wanted}: {error}"
        raise ExportError(f"{reason}; use otio, which keeps everything") from error


def _table(video: Video, clips: Sequence[Clip]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "name", "start_sec", "end_sec", "duration_sec", "quality_score", "reason", "source"])
    for clip in clips:
        times = [f"{clip.start:.6f}", f"{clip.end:.6f}", f"{clip.duration:.6f}", f"{clip.quality_score:.4f}"]
        writer.writerow([clip.id, no_formula(clip.name), *times, no_formula(clip.reason), no_formula(video.path.name)])
    return text.getvalue()
