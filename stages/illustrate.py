"""Make the thumbnails of the chosen clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from autoclip.export.previews.thumbnails import ThumbnailReport, make_thumbnails
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages.choose import Choice, with_pictures
from storage.analysis_folder import AnalysisFolder


@dataclass(frozen=True, slots=True)
class Illustration:
    """A choice whose clips file names its thumbnails, and what became of each one that was missing."""

    choice: Choice
    thumbnails: ThumbnailReport


def illustrate(folder: AnalysisFolder, choice: Choice, on_progress: ProgressListener = ignore_progress) -> Illustration:
    """Make the missing thumbnails, and name all of them in the clips file.

    Parameters
    ----------
    folder : AnalysisFolder
        Where they go.
    choice : Choice
        The clips.
    on_progress : ProgressListener
        Told about the stage ``thumbnails``.

    Returns
    -------
    Illustration
        With the clips file as written.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    """
    clips_file = choice.clips_file
    missing = [clip for clip in clips_file.clips if clip.thumbnail is None]
    made = make_thumbnails(Video.model_validate(clips_file.video), missing, folder.thumbnails, on_progress)
    on_progress(Progress("thumbnails", 1.0, f"{len(made.made)} made"))
    clips_file = with_pictures(folder, clips_file)
    folder.write_clips(clips_file)
    return Illustration(Choice(choice.features, choice.selection, clips_file), made)


def drop_orphans(folder: AnalysisFolder, used: Collection[str] = ()) -> None:
    """Remove thumbnails of clips that no clips file of this folder lists any more.

    Parameters
    ----------
    folder : AnalysisFolder
        Where they are.
    used : collection of str
        Ids of further clips whose thumbnails stay: a catalog keeps what people changed and what compound clips use.
    """
    listed = {clip.id for mode in folder.modes() for clip in folder.read_clips(mode).clips}
    for path in folder.thumbnails.glob("*.jpg"):
        if path.stem not in listed and path.stem not in used:
            path.unlink(missing_ok=True)
