"""The task that chooses clips from the features."""

from __future__ import annotations

from autoclip.media.probe import probe
from autoclip.settings import Settings
from stages.choose import choose
from tasks.places import catalog, project_folder
from tasks.source_video import source_video
from tasks.stage_task import stage_task


@stage_task("choose-clips", "Anchors, boundaries, windows and filters over what was measured")
def choose_clips(project_id: str, settings: Settings) -> int:
    """Write the clips file and debug document of the settings' mode; return how many clips there are."""
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    with source_video(project) as path:
        video = probe(path)
    return len(choose(project_folder(project_id), video, settings, project_id).clips_file.clips)
