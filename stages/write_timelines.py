"""Write timelines of a project's clips beside its exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import ExportError, ParameterError
from autoclip.export.interchange.edit_list import EditOptions
from autoclip.export.interchange.formats import EDITING_FORMATS, SUFFIXES, TimelineFormat
from autoclip.export.interchange.timelines import write_timeline
from autoclip.file_names import safe_name
from autoclip.media.video import Video


@dataclass(frozen=True, slots=True)
class WrittenTimeline:
    """The outcome of one timeline: its file, or why there is none."""

    format: TimelineFormat
    path: Path | None
    error: str = ""


def write_timelines(
    video: Video,
    clips: Sequence[Clip],
    folder: Path,
    name: str,
    formats: Sequence[TimelineFormat],
    *,
    handles_sec: float = 0.0,
) -> tuple[WrittenTimeline, ...]:
    """Write clips of a video in several formats into `folder`, each as ``name.SUFFIX``; existing files are replaced.

    Formats for editing programs get handles: `handles_sec` before and after each clip, limited by the video. A format
    that can't represent the clips does not stop the others.
    """
    written = []
    for wanted in dict.fromkeys(formats):
        target = folder / f"{safe_name(name)}{SUFFIXES[wanted]}"
        try:
            options = EditOptions(handles_sec if wanted in EDITING_FORMATS else 0.0)
            path = write_timeline(video, clips, target, wanted, title=name, options=options)
            written.append(WrittenTimeline(wanted, path))
        except (ParameterError, ExportError) as error:
            written.append(WrittenTimeline(wanted, None, str(error)))
    return tuple(written)
