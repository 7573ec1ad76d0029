"""The task that renders a proxy for browsers."""

from __future__ import annotations

from autoclip.progress import Progress, ProgressListener
from stages.make_proxy import make_proxy
from storage.environment import read_environment
from tasks.machine_limits import rendering
from tasks.places import fingerprint_memory, project_folder, read_project
from tasks.source_video import source_video
from tasks.stage_task import stage_task


@stage_task("render-proxy", "Render what browsers can play in place of the video")
def render_proxy(project_id: str, on_progress: ProgressListener) -> str:
    """Render the proxy of a project's video, unless it exists; return its path."""
    project = read_project(project_id)
    on_progress(Progress("export", 0.0, "waiting for a free slot to render"))
    folder = project_folder(project_id)
    folder.fetch(folder.root / "proxy")
    with source_video(project), rendering(on_progress):
        path = make_proxy(
            project,
            folder,
            on_progress,
            memory=fingerprint_memory(),
            ffmpeg=read_environment().ffmpeg,
        )
    return str(path)
