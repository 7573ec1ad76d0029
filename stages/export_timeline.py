"""Write clips down for an editing program, a table or a description."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autoclip.clips import Clip
from autoclip.export.interchange.edit_list import EditOptions
from autoclip.export.interchange.formats import TimelineFormat
from autoclip.export.interchange.timelines import write_timeline
from autoclip.media.probe import probe


def export_timeline(
    source: Path,
    clips: Sequence[Clip],
    target: Path,
    wanted: TimelineFormat,
    *,
    title: str = "",
    options: EditOptions = EditOptions(),  # noqa: B008 - frozen
) -> Path:
    """Write clips of the video `source` to the file `target`; see `write_timeline`.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    ParameterError, ExportError
        As `write_timeline`.
    """
    return write_timeline(probe(source), clips, target, wanted, title=title, options=options)
