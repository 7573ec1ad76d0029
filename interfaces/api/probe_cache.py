"""Probes of the videos that are being watched, remembered as long as the file is the same."""

from __future__ import annotations

import functools
from contextlib import closing
from pathlib import Path

from autoclip.confinement import OpenedFile
from autoclip.errors import MediaError, NotFoundError, ParameterError
from autoclip.media.probe import probe
from autoclip.media.video import Video
from interfaces.api.file_responses import served_faults
from interfaces.api.services import Services
from storage.catalog import CatalogMemory, Project
from storage.keys import FileIdentity
from storage.source_files import open_source

REMEMBERED = 256
"""A player asks for a video some hundred times; the probe of each costs 10 to 100 ms."""


def open_video(services: Services, project: Project) -> OpenedFile:
    """Open the video of a project, which must be where it was registered, and no link to elsewhere.

    Raises
    ------
    NotFoundError
        If the project has no video, or its file is gone.
    MediaError
        If a link to something else is in its place.
    ApiError
        403 if it may not be read.
    """
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; start a download job first")
    roots, memory = services.environment.readable_roots, CatalogMemory(services.catalog)
    with served_faults(project.path):
        try:
            return open_source(project.path, roots, project.fingerprint, memory)
        except ParameterError as error:
            reason = "leads elsewhere through a link now; put the video back in its place"
            raise MediaError(project.path.name, reason) from error


def probed(opened: OpenedFile) -> Video:
    """Return what the video of a project is, now.

    Only what probes as a video is ever sent as one, so a file that was replaced by something else is not.

    Raises
    ------
    MediaError
        If the file is no video any more.
    """
    with opened.pinned() as path:
        return _probed(FileIdentity.of(path), path)


def probed_video(services: Services, project: Project) -> Video:
    """Return what the video of a project is, now; raises as `open_video` and `probed`."""
    with closing(open_video(services, project)) as opened:
        return probed(opened)


@functools.lru_cache(maxsize=REMEMBERED)
def _probed(_identity: FileIdentity, path: Path) -> Video:
    try:
        return probe(path)
    except MediaError as error:
        raise MediaError(path.name, error.reason) from error
