"""The task that renders a compound clip."""

from __future__ import annotations

from prefect.runtime import flow_run

from autoclip.progress import Progress, ProgressListener
from autoclip.settings import ExportSettings
from stages.export_compound import export_compound_clip
from storage.environment import read_environment
from tasks.machine_limits import rendering
from tasks.places import catalog, project_folder
from tasks.stage_task import stage_task


@stage_task("export-compound", "Render a compound clip")
def export_compound(project_id: str, compound_id: str, settings: ExportSettings, on_progress: ProgressListener) -> str:
    """Render a compound clip of a project; return the id of the export record, completed or failed."""
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    on_progress(Progress("export", 0.0, "waiting for a free slot to render"))
    with rendering(on_progress):
        record = export_compound_clip(
            catalog(),
            project,
            compound_id,
            folder=project_folder(project_id).exports,
            settings=settings,
            job_id=str(flow_run.get_id()),
            on_progress=on_progress,
            ffmpeg=read_environment().ffmpeg,
        )
    return record.id
