"""The task that renders a compound clip."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from autoclip.settings import ExportSettings
from stages.export_compound import export_compound_clip
from stages.results import RegisteredVideo
from storage.catalog import Export
from tasks.export_events import report_export
from tasks.export_job import export_job
from tasks.machine_limits import rendering
from tasks.progress_reporter import report_progress
from tasks.source_video import registered_video
from tasks.stage_task import stage_task


@stage_task("export-compound", "Render a compound clip to a file, unless that file is there")
def export_compound(
    source: RegisteredVideo, compound_id: str, settings: ExportSettings | None = None, folder: Path | None = None
) -> Export:
    """Render a compound clip of a video. A failure is recorded and returned, not raised.

    Parameters
    ----------
    source : RegisteredVideo
        The video.
    compound_id : str
        The compound clip.
    settings : ExportSettings, optional
        How to cut, encode and name it.
    folder : Path, optional
        Output folder, created if missing; by default the project's output folder.

    Raises
    ------
    NotFoundError
        If the project has no such compound clip.
    """
    job = export_job(source.project_id, settings, folder)
    with registered_video(source):
        slot = partial(rendering, report_progress)
        made = export_compound_clip(job, compound_id, report_progress, render_slot=slot)
    report_export(source, made)
    return made.record
