"""The task that writes selected clips to the catalog."""

from __future__ import annotations

from stages.make_thumbnails import drop_orphans
from stages.record import record
from stages.results import SelectedClips
from storage.catalog import Replacement
from tasks.places import catalog
from tasks.stage_task import run_logger, stage_task


@stage_task("record-clips", "Replace the automatic clips in the catalog; manual and changed ones stay")
def record_clips(selection: SelectedClips) -> Replacement:
    """Record selected clips in the catalog; return what changed there.

    Thumbnails are removed after their clips: a run that ends in between leaves no clip without a thumbnail.
    """
    replacement = record(catalog(), selection)
    with catalog().reading() as view:
        used = {clip.id for clip in view.clips.page(selection.project_id).items}
    drop_orphans(selection.features.source.folder, used)
    run_logger().info(
        "%s: %d clips new, %d found again, %d removed, %d edited ones kept",
        selection.features.source.name,
        len(replacement.added),
        len(replacement.updated),
        len(replacement.removed),
        len(replacement.kept),
    )
    return replacement
