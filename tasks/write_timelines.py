"""The task that writes timelines for editing programs."""

from __future__ import annotations

from collections.abc import Sequence

from autoclip.export.interchange.formats import TimelineFormat
from autoclip.settings import SegmentationMode
from stages.write_timelines import WrittenTimeline
from stages.write_timelines import write_timelines as write
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task


@stage_task("write-timelines", "Write the clips down for editing programs")
def write_timelines(
    project_id: str, mode: SegmentationMode, formats: Sequence[TimelineFormat]
) -> tuple[WrittenTimeline, ...]:
    """Write a project's clips of `mode`, those rejected left out, beside its exports; without clips nothing."""
    with catalog().reading() as view:
        project = view.projects.get(project_id)
        clips = view.clips.page(project_id, mode=mode, sort="start", without_verdict="rejected").items
    if project.path is None or not clips:
        return ()
    folder = project.output_folder or project_folder(project_id).exports
    return write(project.path, clips, folder, project.name, formats)
