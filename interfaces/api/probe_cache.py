"""Probes of the videos that are being watched, remembered as long as the file is the same."""

from __future__ import annotations

import functools
from pathlib import Path

from autoclip.errors import MediaError, NotFoundError
from autoclip.media.probe import probe
from autoclip.media.video import Video
from storage.catalog import Project
from storage.keys import FileIdentity

REMEMBERED = 256
"""A player asks for a video some hundred times; the probe of each costs 10 to 100 ms."""


def probed(project: Project) -> Video:
    """Return what the video of a project is, now.

    Only what probes as a video is ever sent as one, so a file that was replaced by something else is not.

    Raises
    ------
    NotFoundError
        If the project has no video, or its file is gone.
    MediaError
        If the file is no video any more.
    """
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; start a download job first")
    try:
        identity = FileIdentity.of(project.path)
    except OSError as error:
        raise NotFoundError(f"the video {project.path.name!r} is gone; put it back where it was") from error
    return _probed(identity, project.path)


@functools.lru_cache(maxsize=REMEMBERED)
def _probed(_identity: FileIdentity, path: Path) -> Video:
    try:
        return probe(path)
    except MediaError as error:
        raise MediaError(path.name, error.reason) from error
