"""The task that renders clips."""

from __future__ import annotations

from collections.abc import Sequence

from autoclip.progress import ProgressListener
from autoclip.settings import ExportSettings, SegmentationMode
from stages.export_clips import export_clips as export
from tasks.export_slot import export_slot
from tasks.places import catalog
from tasks.stage_task import stage_task


@stage_task("export-clips", "Render clips, several at once")
def export_clips(
    project_id: str, clip_ids: Sequence[str], settings: ExportSettings, on_progress: ProgressListener
) -> tuple[str, ...]:
    """Render clips of a project; return the ids of the export records, completed or failed."""
    with export_slot(project_id, settings, on_progress) as job:
        records = export(job, clip_ids, on_progress)
    return tuple(record.id for record in records)


def best_clips(project_id: str, mode: SegmentationMode, count: int) -> tuple[str, ...]:
    """Return the ids of a project's best clips in `mode`, the best first; rejected ones are left out."""
    with catalog().reading() as view:
        clips = view.clips.page(project_id, mode=mode, sort="-quality_score", limit=count, without_verdict="rejected")
    return tuple(clip.id for clip in clips.items)
