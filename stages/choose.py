"""Choose clips from what was measured, and explain the choice."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.clips import ClipsFile
from autoclip.media.video import Video
from autoclip.selection.pipeline import Selection, select
from autoclip.settings import Settings
from autoclip.signals.table import Features
from storage.analysis_folder import AnalysisFolder


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of clips with all that led to it.

    Attributes
    ----------
    features : Features
        What was chosen from.
    selection : Selection
        The way from there to the clips.
    clips_file : ClipsFile
        The clips as they are listed in the folder.
    """

    features: Features
    selection: Selection
    clips_file: ClipsFile


def choose(folder: AnalysisFolder, video: Video, settings: Settings, scope: str) -> Choice:
    """Select clips from the features in `folder`; write the clips file and the debug document of the mode.

    Parameters
    ----------
    folder : AnalysisFolder
        Holds the features.
    video : Video
        What the probe found; goes into the clips file.
    settings : Settings
        How to choose.
    scope : str
        What the clips' ids are unique in: the project's id, or the video's fingerprint outside the catalog.

    Returns
    -------
    Choice
        With the clips file as written. A clip that was listed before keeps its thumbnail.

    Raises
    ------
    NotFoundError
        If the folder holds no features.
    StorageError
        If they are damaged, or the result can't be written.
    """
    features = folder.read_features()
    selection = select(features, settings, scope)
    clips_file = ClipsFile(
        mode=settings.segmentation_mode,
        video=video.model_dump(mode="json"),
        settings=settings.flat(),
        clips=selection.clips,
        message=selection.message,
    )
    clips_file = with_pictures(folder, clips_file)
    folder.write_debug(clips_file.mode, selection.debug_document())
    folder.write_clips(clips_file)
    return Choice(features, selection, clips_file)


def recall(folder: AnalysisFolder) -> Choice:
    """Return the last choice in `folder`: its clips as listed, the way to them made again from the same features.

    Raises
    ------
    NotFoundError
        If the folder holds no analysis.
    """
    clips_file = folder.read_clips()
    features = folder.read_features()
    return Choice(features, select(features, Settings.from_flat(clips_file.settings), scope=""), clips_file)


def with_pictures(folder: AnalysisFolder, clips_file: ClipsFile) -> ClipsFile:
    """Name each clip's thumbnail where the folder holds one; a clip is named by its span, so it is the right one."""
    present = {path.stem: path for path in folder.thumbnails.glob("*.jpg")}
    clips = tuple(
        clip.model_copy(update={"thumbnail": present[clip.id].relative_to(folder.root).as_posix()})
        if clip.id in present
        else clip
        for clip in clips_file.clips
    )
    return clips_file.model_copy(update={"clips": clips})
