"""The task that writes timelines for editing programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autoclip.export.interchange.formats import TimelineFormat
from autoclip.settings import SegmentationMode
from stages.known_video import known_video
from stages.write_timelines import WrittenTimeline
from stages.write_timelines import write_timelines as write
from storage.clip_store import CatalogClips
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task


@stage_task("write-timelines", "Write the clips down for editing programs")
def write_timelines(
    project_id: str,
    mode: SegmentationMode,
    formats: Sequence[TimelineFormat],
    folder: Path | None = None,
    handles_sec: float = 0.0,
) -> tuple[WrittenTimeline, ...]:
    """Write a project's clips of `mode`, without rejected ones, beside its exports; without clips, write nothing.

    Formats for editing programs get `handles_sec` of video before and after each clip. In a `folder` that projects
    share, file names include the project's id if another project has the same name.
    """
    with catalog().reading() as view:
        project = view.projects.get(project_id)
        clips = view.clips.page(project_id, mode=mode, sort="start", without_verdict="rejected").items
        namesakes = [found for found in view.projects.page(search=project.name).items if found.name == project.name]
    if project.path is None or not clips:
        return ()
    name = f"{project.name} {project.id}" if folder is not None and len(namesakes) > 1 else project.name
    store = CatalogClips(catalog(), project, project_folder(project_id))
    folder = folder or store.exports_folder
    return write(known_video(store), clips, folder, name, formats, handles_sec=handles_sec)
