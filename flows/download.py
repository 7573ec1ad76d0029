"""The flow that downloads a video, or all videos of a playlist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from autoclip.errors import AutoclipError, DownloadError, ParameterError
from autoclip.progress import share_of
from flows.analysis import name_after_project, sole_writer
from flows.job_flow import ended, job_flow, note_failures, own_run_id
from flows.parameters import OpenDownloadSettings
from stages.download_settings import DownloadSettings
from tasks.download_video import download_video, project_of_address, videos_at
from tasks.markdown import escape_markdown, escape_rows
from tasks.progress_reporter import ProgressReporter, progress_to

if TYPE_CHECKING:
    from stages.download import Entry

PLAN = {"download": 100.0}


@job_flow("download", "Fetch a video, or all videos of a playlist or channel")
async def download(
    project_id: str = "",
    url: str = "",
    name: str = "",
    settings: OpenDownloadSettings = DownloadSettings(),  # noqa: B008 - frozen
) -> State[tuple[str, ...]]:
    """Download the video of a project, or that of an address into its own project.

    Args:
        project_id: The project whose video to fetch; or else
        url: the address of a video, playlist or channel; each video becomes a project.
        name: What to call a new project; empty: by its title.
        settings: Quality, cookies, limits.
    """
    if bool(project_id) == bool(url):
        raise ParameterError("download: give either project_id or url")
    with ProgressReporter(own_run_id(), PLAN) as report:
        if project_id:
            await name_after_project(project_id, "download")
            return _one(project_id, settings, report)
        entries = videos_at(url, settings)
        if entries is not None:
            return await _all(url, entries, settings, report)
        made = project_of_address(url, name)
        await name_after_project(made, "download")
        return _one(made, settings, report)


def _one(project_id: str, settings: DownloadSettings, report: ProgressReporter) -> State[tuple[str, ...]]:
    with sole_writer(project_id, report, "download"):
        video = download_video(project_id, settings)
    return Completed(message=f"fetched {video.video.path}", data=(project_id,))


async def _all(
    url: str, entries: tuple[Entry, ...], settings: DownloadSettings, report: ProgressReporter
) -> State[tuple[str, ...]]:
    """Download one video after the other; one failure does not stop the others."""
    rows, made = [], []
    for number, entry in enumerate(entries):
        project_id = project_of_address(entry.url, title=entry.title)
        try:
            share = share_of(report, number, 1, len(entries))
            with sole_writer(project_id, share, "download"), progress_to(share):
                download_video(project_id, settings)
        except AutoclipError as error:
            rows.append({"video": entry.title, "state": "failed", "reason": str(error)})
        else:
            made.append(project_id)
            rows.append({"video": entry.title, "state": "fetched", "reason": ""})
    await acreate_table_artifact(escape_rows(rows), key="downloads", description=f"Videos of {escape_markdown(url)}")
    failures = [f"{row['video']}: {row['reason']}" for row in rows if row["state"] == "failed"]
    await note_failures(failures)
    if entries and not made:
        raise DownloadError(url, f"none of its {len(entries)} videos could be fetched; first: {rows[0]['reason']}")
    fact = f"{len(made)} fetched" + (f", {len(failures)} failed" if failures else "")
    return ended([fact], tuple(made), warnings=failures)
