"""The task that makes the thumbnails."""

from __future__ import annotations

from stages.make_thumbnails import make_thumbnails as make
from stages.results import SelectedClips
from tasks.progress_reporter import report_progress
from tasks.source_video import registered_video
from tasks.stage_task import mark_as_cached, run_logger, stage_task


@stage_task("make-thumbnails", "Make the thumbnails that are missing")
def make_thumbnails(selection: SelectedClips) -> SelectedClips:
    """Make the missing thumbnails of selected clips; the returned clips refer to them."""
    missing = sum(clip.thumbnail is None for clip in selection.clips_file.clips)
    if not missing:
        mark_as_cached()
    with registered_video(selection.features.source):
        made = make(selection, report_progress)
    run_logger().info("%s: %d thumbnails made", selection.features.source.name, missing - len(made.warnings))
    for warning in made.warnings:
        run_logger().warning("%s: %s", selection.features.source.name, warning)
    return made
