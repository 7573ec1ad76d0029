"""The stages of an analysis in order: what ``analyze`` and ``process-video`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autoclip.clips import ClipsFile
from autoclip.progress import Progress
from autoclip.settings import Settings
from flows.job_flow import introduce, own_run_id
from flows.liveness import project_lock
from storage.catalog import Project
from storage.process_lock import held
from tasks.choose_clips import choose_clips
from tasks.illustrate_clips import illustrate_clips
from tasks.measure_video import measure_video
from tasks.places import catalog, data_folder, project_folder
from tasks.record_clips import record_clips
from tasks.run_report import RunReport
from tasks.write_report import write_report

ANALYSIS_PLAN = {"extract": 80.0, "select": 4.0, "thumbnails": 14.0, "report": 2.0}
"""Share of each stage in the time of an analysis, measured on arena_180s.mp4."""


@dataclass(frozen=True, slots=True)
class Analyzed:
    """A project whose clips are in the catalog, and the list of them as its folder holds it."""

    project: Project
    clips_file: ClipsFile


async def analyze_project(project_id: str, settings: Settings, report: RunReport) -> Analyzed:
    """Take a project through all stages; a stage whose result is there under the same key is passed over.

    A second run of the same project waits here for the first, and then finds its work done.
    """
    mode = settings.segmentation_mode
    with sole_writer(project_id, report):
        extraction_key = measure_video(project_id, settings.extraction, report)
        report(Progress("select", 0.0))
        choose_clips(project_id, settings)
        illustrate_clips(project_id, report)
        report(Progress("report", 0.0))
        record_clips(project_id, mode, extraction_key)
        write_report(project_id)
    return Analyzed(read_project(project_id), project_folder(project_id).read_clips(mode))


async def introduce_project(project_id: str, verb: str) -> Project:
    """Name this run after the project and its video, and tag it with the project."""
    project = read_project(project_id)
    video = project.path.name if project.path else project.source.address
    name = video if project.name in video else f"{project.name}: {video}"
    await introduce(f"project:{project.id}", name=f"{verb} {name}")
    return project


@contextmanager
def sole_writer(project_id: str, report: RunReport, stage: str = "extract") -> Iterator[None]:
    """Be the only run that writes into a project's folder; wait in `stage` for the one that does."""

    def wait(holder: str) -> None:
        report(Progress(stage, 0.0, f"waiting for job {holder} on the same project"))

    with held(project_lock(data_folder().root, project_id), str(own_run_id()), wait):
        yield


def read_project(project_id: str) -> Project:
    """Return a project of the catalog."""
    with catalog().reading() as view:
        return view.projects.get(project_id)
