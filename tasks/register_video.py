"""The first tasks of an analysis: register a file as a project, or open a project's file again."""

from __future__ import annotations

from pathlib import Path

from stages.register_video import Registration, register_file_of, same_file_of
from stages.register_video import register_video as register
from stages.results import RegisteredVideo
from tasks.places import catalog, data_folder, read_project
from tasks.source_video import new_video, source_video
from tasks.stage_task import run_logger, stage_task


@stage_task("register-video", "Probe a file, and find or make its project")
def register_video(path: Path | str, name: str = "") -> RegisteredVideo:
    """Register a video file in the catalog.

    Parameters
    ----------
    path : Path or str
        The file.
    name : str
        Name of a new project; empty for the file's name.

    Raises
    ------
    MediaError, StorageError
        See `stages.register_video.register_video`.
    """
    with new_video(Path(path)) as found:
        return opened(register(catalog(), found, name, is_there=data_folder().has))


@stage_task("open-video", "Probe the file of a project")
def open_video(project_id: str, *, same: bool = False) -> RegisteredVideo:
    """Return the video of a project in its current state.

    Parameters
    ----------
    project_id : str
        The project.
    same : bool
        Whether its file must still have the content that the project's clips come from.

    Raises
    ------
    NotFoundError
        If there is no such project, or its file does not exist.
    MediaError, ConflictError, StorageError
        See `stages.register_video.register_file_of` and `same_file_of`.
    """
    project = read_project(project_id)
    with source_video(project) as path:
        return opened((same_file_of if same else register_file_of)(catalog(), project_id, path))


def opened(registration: Registration) -> RegisteredVideo:
    """Return a registered video with its folder, and log its facts."""
    source = registration.within(data_folder())
    video, log = source.video, run_logger()
    picture = video.video
    log.info(
        "%s: %.1f s, %s %d x %d, project %s",
        video.path,
        video.duration_sec,
        picture.codec,
        picture.display_width,
        picture.display_height,
        source.project_id,
    )
    for warning in video.warnings:
        log.warning("%s: %s", source.name, warning)
    return source
