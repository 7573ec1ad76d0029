"""The flow that does everything for one video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from autoclip.settings import ExportSettings, Settings
from flows.analysis import ANALYSIS_PLAN, Analyzed, analyze_project, introduce_project
from flows.analyze import outcome
from flows.clip_table import publish_clip_table
from flows.job_flow import job_flow, label, own_run_id
from flows.parameters import chosen_settings
from storage.catalog import Export
from tasks.export_clips import best_clips, export_clips
from tasks.join_project import join_project
from tasks.places import catalog
from tasks.run_report import RunReport

EXPORT_SHARE = 40.0
"""Share of a few exports in the time of everything, beside the 100 of the analysis; measured on arena_180s.mp4."""


@dataclass(frozen=True, slots=True)
class ProcessedVideo(Analyzed):
    """An analyzed project and what was exported of it, the best first; an export may have failed."""

    exports: tuple[Export, ...]


@job_flow("process-video", "Everything for one video: fetch it, find its highlights, export the best")
async def process_video(
    source: Annotated[str, Field(min_length=1)],
    name: str = "",
    settings: Settings = Settings(),  # noqa: B008 - frozen
    export_top: Annotated[int, Field(ge=0, le=1000)] = 0,
    export: ExportSettings = ExportSettings(),  # noqa: B008 - frozen
) -> State[ProcessedVideo]:
    """Take a video from its file to its clips: into the catalog, analyzed, with thumbnails and a report.

    A file whose content is in the catalog already joins its project.

    Args:
        source: Path of a video file on the worker's machine.
        name: What to call the project; empty: after the file.
        settings: How to measure and choose; what is left alone is as the worker's environment says.
        export_top: Export this many of the best clips; 0 exports none.
        export: How to render and name what is exported.
    """
    chosen = chosen_settings(settings)
    plan = ANALYSIS_PLAN | ({"export": EXPORT_SHARE} if export_top else {})
    with RunReport(own_run_id(), plan) as report:
        project_id = join_project(Path(source), name)
        await introduce_project(project_id, "process")
        analyzed = await analyze_project(project_id, chosen, report)
        exports: tuple[Export, ...] = ()
        if export_top:
            best = best_clips(project_id, chosen.segmentation_mode, export_top)
            exports = _records(export_clips(project_id, best, export, report))
    await publish_clip_table(analyzed.project, analyzed.clips_file, exports)
    made = sum(record.state == "completed" for record in exports)
    await label(clips=len(analyzed.clips_file.clips), exports=made)
    message = outcome(analyzed.clips_file, **({"exported": made} if export_top else {}))
    return Completed(message=message, data=ProcessedVideo(analyzed.project, analyzed.clips_file, exports))


def _records(export_ids: tuple[str, ...]) -> tuple[Export, ...]:
    with catalog().reading() as view:
        return tuple(view.exports.get(export_id) for export_id in export_ids)
