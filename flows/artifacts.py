"""Links and images on a run's page in Prefect: the report, and the thumbnails of the best clips."""

from __future__ import annotations

from prefect.artifacts import acreate_image_artifact, acreate_link_artifact

from autoclip.clips import ClipsFile
from storage.catalog import Project
from storage.environment import read_environment
from tasks.markdown import escape_markdown
from tasks.server_access import await_until_reachable

MAX_THUMBNAILS = 3


async def publish_report_and_thumbnails(project: Project, clips_file: ClipsFile) -> None:
    """Add a link to the report and the best clips' thumbnails to the run, served by this machine's API."""
    environment = read_environment()
    address = f"{environment.page_url}api/projects/{project.id}"
    about = f"Report of {escape_markdown(project.name)}"
    await await_until_reachable(
        lambda: acreate_link_artifact(
            link=f"{address}/report", link_text="Report", key=f"report-{project.id}", description=about
        )
    )
    shown = [clip for clip in clips_file.clips if clip.thumbnail is not None]
    for clip in sorted(shown, key=lambda clip: -clip.quality_score)[:MAX_THUMBNAILS]:
        image, name = f"{address}/thumbnails/{clip.id}", escape_markdown(clip.name)
        await await_until_reachable(
            lambda image=image, name=name, clip=clip: acreate_image_artifact(  # type: ignore[misc]
                image_url=image, key=f"thumbnail-{clip.id}", description=name
            )
        )
