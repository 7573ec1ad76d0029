"""The task that downloads a project's video."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from autoclip.errors import ParameterError
from autoclip.progress import Progress
from stages.download_settings import DownloadSettings
from stages.fetch_stored import fetch_stored, key_in_store
from stages.register_video import named, register_file_of
from stages.results import RegisteredVideo
from storage.catalog import Project, Source
from storage.environment import read_environment
from tasks.places import catalog, data_folder, project_folder, read_project
from tasks.progress_reporter import report_progress
from tasks.register_video import opened
from tasks.source_video import source_video
from tasks.stage_task import mark_as_cached, run_logger, stage_task

if TYPE_CHECKING:
    from stages.download import Download, Entry


@stage_task("download-video", "Fetch a video with what its site says of it, unless it is there")
def download_video(address: str, settings: DownloadSettings | None = None, name: str = "") -> RegisteredVideo:
    """Download a project's video into its folder, unless it exists.

    Parameters
    ----------
    address : str
        Its address, or the id of a project that was created from an address.
    settings : DownloadSettings, optional
        Download settings.
    name : str
        Name of a new project; empty for the video's title.

    Raises
    ------
    ParameterError
        If the project does not come from an address and its file is missing.
    DownloadError, MediaError, StorageError
        See `stages.download.download` and `stages.register_video.register_file_of`.
    """
    project_id = project_of_address(address, name) if "://" in address else address
    project = read_project(project_id)
    if project.path is not None and data_folder().fetch(project.path).exists():
        mark_as_cached()
        report_progress(Progress("download", 1.0, "fetched before"))
        run_logger().info("%s: was fetched before", project.path)
        with source_video(project) as path:
            return opened(register_file_of(catalog(), project_id, path))
    if project.source.kind != "url":
        raise ParameterError(f"project {project.name!r} has no address to fetch its video from; upload or add the file")
    fetched = _fetch(project, settings or DownloadSettings())
    _note(project, fetched)  # first, because a project with a file is not resolved again
    return opened(register_file_of(catalog(), project_id, fetched.path))


def _fetch(project: Project, settings: DownloadSettings) -> Download:
    from stages.download import Download, download  # noqa: PLC0415 - runs that fetch nothing do without yt-dlp

    folder, store = project_folder(project.id).source, data_folder().store
    key = key_in_store(project.source.address, store)
    if key is not None and store is not None:
        return Download(fetch_stored(store, key, folder), project.source.changed(title=PurePosixPath(key).stem))
    private = read_environment().allow_private_urls
    fetched = download(project.source.address, folder, settings, report_progress, allow_private=private)
    log = run_logger()
    log.info("%s: %.1f MB fetched", fetched.path, fetched.path.stat().st_size / 1e6)
    for warning in fetched.warnings:
        log.warning("%s: %s", project.source.address, warning)
    return fetched


def _note(project: Project, fetched: Download) -> None:
    """Store the site's metadata; a project named after its address gets the title as its name."""
    with catalog().transaction() as unit:
        now = unit.projects.get(project.id)
        named = now.name != project.source.address
        name = now.name if named else fetched.source.title or now.name
        unit.projects.save(now.changed(source=fetched.source, name=name))


def videos_at(url: str, settings: DownloadSettings) -> tuple[Entry, ...] | None:
    """List the videos of a playlist or channel; return None if the address is that of one video.

    Raises
    ------
    DownloadError
        See `stages.download.entries_of`.
    """
    if key_in_store(url, data_folder().store) is not None:
        return None
    from stages.download import entries_of  # noqa: PLC0415 - as above

    return entries_of(url, settings, allow_private=read_environment().allow_private_urls)


def project_of_address(url: str, name: str = "", title: str = "") -> str:
    """Return the id of the project of an address; create it if there is none.

    Parameters
    ----------
    url : str
        The address.
    name : str
        Name of the project, also for an existing one; empty keeps its name, or uses the title.
    title : str
        Title of the video on the site, if known; an existing project keeps its name.
    """
    with catalog().transaction() as unit:
        known = unit.projects.from_address(url)
        if known:
            return named(unit, known[0], name[:500]).id
        return unit.projects.add(Project(name=(name or title or url)[:500], source=Source(kind="url", address=url))).id
