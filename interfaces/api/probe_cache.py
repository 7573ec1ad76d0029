"""Facts of the projects' videos: from the catalog, or else probed and cached."""

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
"""Maximum number of cached probes. A player requests a video some hundred times; each probe takes 10 to 100 ms."""


def open_video(services: Services, project: Project) -> OpenedFile:
    """Open the video of a project at its registered path, without following links to elsewhere.

    Raises
    ------
    NotFoundError
        If the project has no video, or its file no longer exists.
    MediaError
        If it was replaced by a link to something else.
    ApiError
        403 if it is not readable.
    """
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; start a download job first")
    services.data_folder.fetch(project.path)
    roots, memory = services.environment.readable_roots, CatalogMemory(services.catalog)
    with served_faults(project.path):
        try:
            return open_source(project.path, roots, project.fingerprint, memory)
        except ParameterError as error:
            reason = "leads elsewhere through a link now; put the video back in its place"
            raise MediaError(project.path.name, reason) from error


def probed(services: Services, project: Project, opened: OpenedFile) -> Video:
    """Return the current facts of a project's opened video.

    For a file with the project's content, the catalog has them. Any other file is probed: only a file that can be
    probed as a video is ever sent as one, so a file that was replaced by something else is not.

    Raises
    ------
    MediaError
        If the file is no longer a video.
    """
    with opened.pinned() as path:
        identity = FileIdentity.of(path)
        if project.video and CatalogMemory(services.catalog).recall(identity) == project.fingerprint:
            return project.video
        return probed_file(identity, path)


def known_video(services: Services, project: Project) -> Video:
    """Return the facts of a project's video when it was registered, even if its file is inaccessible now.

    The file of a project that an earlier version registered is probed.

    Raises
    ------
    NotFoundError, MediaError, ApiError
        As in `open_video` if it must be probed; MediaError if it is no longer a video.
    """
    if project.video:
        return project.video
    with closing(open_video(services, project)) as opened:
        return probed(services, project, opened)


@functools.lru_cache(maxsize=REMEMBERED)
def probed_file(_identity: FileIdentity, path: Path) -> Video:
    """Probe a file once, until it changes; raise `MediaError` if it is not a video."""
    try:
        return probe(path)
    except MediaError as error:
        raise MediaError(path.name, error.reason) from error
