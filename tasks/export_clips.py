"""The task that renders clips."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.runtime import flow_run

from autoclip.progress import Progress, ProgressListener
from autoclip.settings import ExportSettings, SegmentationMode
from stages.export_clips import export_clips as export
from storage.environment import read_environment
from tasks.machine_limits import rendering
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task


@stage_task("export-clips", "Render clips, several at once")
def export_clips(
    project_id: str, clip_ids: Sequence[str], settings: ExportSettings, on_progress: ProgressListener
) -> tuple[str, ...]:
    """Render clips of a project; return the ids of the export records, completed or failed."""
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    on_progress(Progress("export", 0.0, "waiting for a free slot to render"))
    with rendering(on_progress):
        records = export(
            catalog(),
            project,
            clip_ids,
            folder=project_folder(project_id).exports,
            settings=settings,
            job_id=str(flow_run.get_id()),
            on_progress=on_progress,
            ffmpeg=read_environment().ffmpeg,
        )
    return tuple(record.id for record in records)


def best_clips(project_id: str, mode: SegmentationMode, count: int) -> tuple[str, ...]:
    """Return the ids of a project's best clips in `mode`, the best first."""
    with catalog().reading() as view:
        clips = view.clips.page(project_id, mode=mode, sort="-quality_score", limit=count)
    return tuple(clip.id for clip in clips.items)
