"""The task that renders a compound clip."""

from __future__ import annotations

from autoclip.progress import ProgressListener
from autoclip.settings import ExportSettings
from stages.export_compound import export_compound_clip
from tasks.export_slot import export_slot
from tasks.stage_task import stage_task


@stage_task("export-compound", "Render a compound clip")
def export_compound(project_id: str, compound_id: str, settings: ExportSettings, on_progress: ProgressListener) -> str:
    """Render a compound clip of a project; return the id of the export record, completed or failed."""
    with export_slot(project_id, settings, on_progress) as job:
        return export_compound_clip(job, compound_id, on_progress).id
