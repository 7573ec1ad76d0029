"""Make the thumbnails of the selected clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autoclip.export.previews.thumbnails import make_thumbnails as make
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages.results import SelectedClips
from stages.select_clips import with_thumbnails
from storage.analysis_folder import AnalysisFolder


def make_thumbnails(selection: SelectedClips, on_progress: ProgressListener = ignore_progress) -> SelectedClips:
    """Make the missing thumbnails, and list all of them in the clips file.

    Parameters
    ----------
    selection : SelectedClips
        The clips.
    on_progress : ProgressListener
        Called with the progress of the stage ``thumbnails``.

    Returns
    -------
    SelectedClips
        The selection with the clips file as written, and a warning for each thumbnail that could not be made.

    Raises
    ------
    MediaError
        If the video can no longer be read.
    """
    source, clips_file = selection.features.source, selection.clips_file
    missing = [clip for clip in clips_file.clips if clip.thumbnail is None]
    made = make(source.video, missing, source.folder.thumbnails, on_progress)
    on_progress(Progress("thumbnails", 1.0, f"{len(made.made)} made"))
    clips_file = with_thumbnails(source.folder, clips_file)
    source.folder.write_clips(clips_file)
    failed = tuple(f"no thumbnail of clip {failure.clip_id}: {failure.reason}" for failure in made.failed)
    return replace(selection, clips_file=clips_file, warnings=(*selection.warnings, *failed))


def drop_orphans(folder: AnalysisFolder, used: Collection[str] = ()) -> None:
    """Remove thumbnails of clips that no clips file of this folder lists.

    Parameters
    ----------
    folder : AnalysisFolder
        The analysis folder.
    used : collection of str
        Ids of other clips whose thumbnails are kept: a catalog keeps clips that people changed and that compound clips
        use.
    """
    listed = {clip.id for mode in folder.modes() for clip in folder.read_clips(mode).clips}
    for path in folder.thumbnails.glob("*.jpg"):
        if path.stem not in listed and path.stem not in used:
            path.unlink(missing_ok=True)
