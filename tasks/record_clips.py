"""The task that puts chosen clips into the catalog."""

from __future__ import annotations

from autoclip.settings import SegmentationMode
from stages.illustrate import drop_orphans
from stages.record import record
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task


@stage_task("record-clips", "Replace the automatic clips in the catalog; manual and changed ones stay")
def record_clips(project_id: str, mode: SegmentationMode, extraction_key: str) -> int:
    """Record what the clips file of `mode` holds; return how many clips the analysis chose.

    Thumbnails go after the clips they belong to: a run that ends in between leaves no clip without its picture.
    """
    folder = project_folder(project_id)
    clips_file = folder.read_clips(mode)
    record(catalog(), project_id, clips_file, extraction_key)
    with catalog().reading() as view:
        used = {clip.id for clip in view.clips.page(project_id).items}
    drop_orphans(folder, used)
    return len(clips_file.clips)
