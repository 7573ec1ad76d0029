"""The task that fetches a project's video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoclip.errors import ParameterError
from autoclip.progress import Progress, ProgressListener
from stages.download_settings import DownloadSettings
from stages.join import take_in
from storage.catalog import Project, Source
from storage.environment import read_environment
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task

if TYPE_CHECKING:
    from stages.download import Download, Entry


@stage_task("download-video", "Fetch the video with what its site says of it, unless it is there")
def download_video(project_id: str, settings: DownloadSettings, on_progress: ProgressListener) -> str:
    """Have a project's video in its folder; return its path.

    Raises
    ------
    ParameterError
        If the project does not come from an address and its file is missing.
    DownloadError, MediaError, StorageError
        See `stages.download.download` and `stages.join.take_in`.
    """
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    if project.path is not None and project.path.exists():
        on_progress(Progress("download", 1.0, "fetched before"))
        return str(project.path)
    if project.source.kind != "url":
        raise ParameterError(f"project {project.name!r} has no address to fetch its video from; upload or add the file")
    from stages.download import download  # noqa: PLC0415 - runs that fetch nothing do without yt-dlp

    fetched = download(
        project.source.address,
        project_folder(project_id).source,
        settings,
        on_progress,
        allow_private=read_environment().allow_private_urls,
    )
    _note(project, fetched)  # first, since a project with a file is not asked about again
    take_in(catalog(), project_id, fetched.path)
    return str(fetched.path)


def _note(project: Project, fetched: Download) -> None:
    """Keep what the site says; a project that was called by its address gets the title for a name."""
    with catalog().transaction() as unit:
        now = unit.projects.get(project.id)
        named = now.name != project.source.address
        name = now.name if named else (fetched.source.title or now.name)[:500]
        unit.projects.save(now.changed(source=fetched.source, name=name))


def videos_at(url: str, settings: DownloadSettings) -> tuple[Entry, ...] | None:
    """List the videos of a playlist or channel; None if the address is that of one video.

    Raises
    ------
    DownloadError
        See `stages.download.entries_of`.
    """
    from stages.download import entries_of  # noqa: PLC0415 - as above

    return entries_of(url, settings, allow_private=read_environment().allow_private_urls)


def project_of_address(url: str, name: str = "") -> str:
    """Return the id of the project of an address; make it when there is none."""
    with catalog().transaction() as unit:
        known = unit.projects.from_address(url)
        if known:
            return known[0].id
        return unit.projects.add(Project(name=(name or url)[:500], source=Source(kind="url", address=url))).id
