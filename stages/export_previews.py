"""Previews of chosen clips: moving pictures, and one page with a picture of each; nothing is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import AutoclipError
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.previews.contact_sheet import Tile, make_contact_sheet
from autoclip.export.previews.preview import AnimationFormat, make_preview
from autoclip.export.previews.thumbnails import make_thumbnails
from autoclip.media.probe import probe
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from storage.analysis_folder import AnalysisFolder


@dataclass(frozen=True, slots=True)
class PreviewOutcome:
    """What became of the preview of a clip: a file or an error."""

    path: Path
    error: AutoclipError | None = None


def export_previews(
    source: Path,
    clips: Sequence[Clip],
    target: Path,
    animation: AnimationFormat = "webp",
    on_progress: ProgressListener = ignore_progress,
    *,
    name: str = "",
) -> tuple[PreviewOutcome, ...]:
    """Make a moving preview of each clip in the folder `target`; one failure never stops the rest.

    Parameters
    ----------
    source : Path
        The video.
    clips : sequence of Clip
        In order of their numbers.
    target : Path
        Where the previews go; one that is there is replaced.
    animation : str
        ``webp`` or ``gif``.
    on_progress : ProgressListener
        Told about the stage ``previews``.
    name : str
        The project's name, for the names of the files; that of the video when empty.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    """
    video = probe(source)
    outcomes = []
    for index, clip in enumerate(clips, 1):
        fields = NameFields.of_clip(name or source.stem, clip, index, datetime.now(UTC).date())
        path = confined(target, file_name(ExportSettings().name_template, fields, f".{animation}"))
        try:
            outcomes.append(PreviewOutcome(make_preview(video, clip.interval, path, animation=animation)))
        except AutoclipError as error:
            outcomes.append(PreviewOutcome(path, error))
        on_progress(Progress("previews", index / len(clips), f"{index} of {len(clips)}"))
    return tuple(outcomes)


def export_contact_sheet(
    source: Path,
    clips: Sequence[Clip],
    folder: AnalysisFolder,
    target: Path,
    *,
    columns: int = 4,
    title: str = "",
) -> Path:
    """Write one page with a picture of each clip; thumbnails that are missing are made first.

    Parameters
    ----------
    source : Path
        The video.
    clips : sequence of Clip
        In the order they shall have.
    folder : AnalysisFolder
        Where the thumbnails are.
    target : Path
        The JPEG file; replaced if it is there.
    columns : int
        Pictures in a row.
    title : str
        A line above them.

    Raises
    ------
    ParameterError, ExportError
        As `make_contact_sheet`.
    MediaError
        If a thumbnail is missing and the video can't be read any more.
    """
    missing = [clip for clip in clips if not _thumbnail(folder, clip).exists()]
    if missing:
        make_thumbnails(probe(source), missing, folder.thumbnails)
    pictures = [(clip, _thumbnail(folder, clip)) for clip in clips]
    tiles = [Tile(clip, path if path.exists() else None) for clip, path in pictures]
    return make_contact_sheet(tiles, target, columns=columns, title=title)


def _thumbnail(folder: AnalysisFolder, clip: Clip) -> Path:
    return folder.thumbnails / f"{clip.id}.jpg"
