"""Previews of selected clips: animations, and a contact sheet. Nothing is rendered."""

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
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from stages.known_video import verified_video
from storage.analysis_folder import AnalysisFolder
from storage.clip_store import ClipStore


@dataclass(frozen=True, slots=True)
class PreviewOutcome:
    """The outcome of a clip's preview: a file or an error."""

    path: Path
    error: AutoclipError | None = None


def export_previews(
    video: Video,
    clips: Sequence[Clip],
    target: Path,
    animation: AnimationFormat = "webp",
    on_progress: ProgressListener = ignore_progress,
    *,
    name: str = "",
) -> tuple[PreviewOutcome, ...]:
    """Make a moving preview of each clip in the folder `target`. One failure does not stop the others.

    Parameters
    ----------
    video : Video
        The video, probed.
    clips : sequence of Clip
        The clips, in the order of their numbers.
    target : Path
        Output folder; existing previews are replaced.
    animation : str
        ``webp`` or ``gif``.
    on_progress : ProgressListener
        Called with the progress of the stage ``previews``.
    name : str
        Name of the project, for the file names; empty for the video's name.
    """
    outcomes = []
    for index, clip in enumerate(clips, 1):
        fields = NameFields.of_clip(name or video.path.stem, clip, index, datetime.now(UTC).date())
        path = confined(target, file_name(ExportSettings().name_template, fields, f".{animation}"))
        try:
            outcomes.append(PreviewOutcome(make_preview(video, clip.interval, path, animation=animation)))
        except AutoclipError as error:
            outcomes.append(PreviewOutcome(path, error))
        on_progress(Progress("previews", index / len(clips), f"{index} of {len(clips)}"))
    return tuple(outcomes)


def export_contact_sheet(store: ClipStore, clips: Sequence[Clip], target: Path, *, columns: int = 4) -> Path:
    """Write one page with a thumbnail of each clip; missing thumbnails are made first.

    Parameters
    ----------
    store : ClipStore
        The store of the clips, whose name is the page's title.
    clips : sequence of Clip
        The clips, in the order of the page.
    target : Path
        The JPEG file; an existing one is replaced.
    columns : int
        Thumbnails per row.

    Raises
    ------
    ParameterError, ExportError
        As in `make_contact_sheet`.
    MediaError, ConflictError
        If a thumbnail is missing, and the video can no longer be read or another one is in its place.
    """
    folder = store.folder
    missing = [clip for clip in clips if not _thumbnail(folder, clip).exists()]
    if missing:
        make_thumbnails(verified_video(store), missing, folder.thumbnails)
    pictures = [(clip, _thumbnail(folder, clip)) for clip in clips]
    tiles = [Tile(clip, path if path.exists() else None) for clip, path in pictures]
    return make_contact_sheet(tiles, target, columns=columns, title=store.name)


def _thumbnail(folder: AnalysisFolder, clip: Clip) -> Path:
    return folder.thumbnails / f"{clip.id}.jpg"
