"""What is known of the videos of projects: as the catalog holds it, else probed and remembered."""

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
    services.data_folder.fetch(project.path)
    roots, memory = services.environment.readable_roots, CatalogMemory(services.catalog)
    with served_faults(project.path):
        try:
            return open_source(project.path, roots, project.fingerprint, memory)
        except ParameterError as error:
            reason = "leads elsewhere through a link now; put the video back in its place"
            raise MediaError(project.path.name, reason) from error


def probed(services: Services, project: Project, opened: OpenedFile) -> Video:
    """Return what the opened video of a project is, now.

    A file that is known to have the project's content is what the catalog says. Any other is probed: only what probes
    as a video is ever sent as one, so a file that was replaced by something else is not.

    Raises
    ------
    MediaError
        If the file is not a video any more.
    """
    with opened.pinned() as path:
        identity = FileIdentity.of(path)
        if project.video and CatalogMemory(services.catalog).recall(identity) == project.fingerprint:
            return project.video
        return probed_file(identity, path)


def known_video(services: Services, project: Project) -> Video:
    """Return what the video of a project was when it was registered, even if its file is out of reach now.

    The file of a project that an earlier version registered is probed.

    Raises
    ------
    NotFoundError, MediaError, ApiError
        As `open_video`, where it has to be probed; MediaError if it is not a video any more.
    """
    if project.video:
        return project.video
    with closing(open_video(services, project)) as opened:
        return probed(services, project, opened)


@functools.lru_cache(maxsize=REMEMBERED)
def probed_file(_identity: FileIdentity, path: Path) -> Video:
    """Probe a file once, as long as it stays the same; raise `MediaError` if it is not a video."""
    try:
        return probe(path)
    except MediaError as error:
        raise MediaError(path.name, error.reason) from error
