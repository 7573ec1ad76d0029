"""The task that makes the thumbnails."""

from __future__ import annotations

from autoclip.progress import ProgressListener
from stages.choose import recall
from stages.illustrate import illustrate
from tasks.places import catalog, project_folder
from tasks.source_video import source_video
from tasks.stage_task import stage_task


@stage_task("illustrate-clips", "Make the thumbnails that are missing")
def illustrate_clips(project_id: str, on_progress: ProgressListener) -> int:
    """Make the thumbnails of the clips chosen last; return how many were made."""
    folder = project_folder(project_id)
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    with source_video(project):
        return len(illustrate(folder, recall(folder), on_progress).thumbnails.made)
