"""The stages of an analysis as tasks, shared by ``analyze`` and ``process-video``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from autoclip.clips import ClipsFile
from autoclip.progress import Progress, ProgressListener
from autoclip.settings import Settings
from flows.job_flow import own_run_id, tag_and_name_run
from flows.liveness import project_lock
from stages.analyze import AnalysisStages, analyze_video
from stages.results import RegisteredVideo, SelectedClips
from storage.catalog import Project
from storage.process_lock import held
from tasks.extract_features import extract_features
from tasks.make_thumbnails import make_thumbnails
from tasks.places import catalog, data_folder, read_project
from tasks.progress_reporter import ProgressReporter
from tasks.record_clips import record_clips
from tasks.select_clips import filter_windows, find_anchors, score_boundaries, select_windows
from tasks.transcribe import transcribe
from tasks.write_report import write_report

ANALYSIS_PLAN = {"extract": 80.0, "transcribe": 20.0, "select": 4.0, "thumbnails": 14.0, "report": 2.0}
"""Share of each stage in the time of an analysis, measured with arena_180s.mp4.

Transcribing is estimated: it takes no time with subtitles or without speech, and most of the time if a whole talk is
transcribed.
"""


ANALYSIS_TASKS = AnalysisStages(
    extract_features=extract_features,
    transcribe=transcribe,
    find_anchors=find_anchors,
    score_boundaries=score_boundaries,
    select_windows=select_windows,
    filter_windows=filter_windows,
    make_thumbnails=make_thumbnails,
    record_clips=record_clips,
    write_report=write_report,
)
"""The stages of `stages.analyze` as Prefect tasks."""


@dataclass(frozen=True, slots=True)
class Analyzed:
    """A project whose clips are in the catalog, and the selected clips."""

    project: Project
    selection: SelectedClips

    @property
    def clips_file(self) -> ClipsFile:
        """Return the list of clips in the project's folder."""
        return self.selection.clips_file

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the problems that did not stop the work."""
        return self.selection.all_warnings


def analyze_registered(source: RegisteredVideo, settings: Settings, report: ProgressReporter) -> Analyzed:
    """Run all stages on a registered video. A stage whose result exists under the same key is skipped.

    A second run of the same project waits here for the first, and then reuses its results.
    """
    with sole_writer(source.project_id, report):
        selection = analyze_video(ANALYSIS_TASKS, source, settings)
    return Analyzed(read_project(source.project_id), selection)


async def name_after_project(project_id: str, verb: str) -> Project:
    """Name this run after the project and its video, and tag it with the project."""
    project = read_project(project_id)
    video = project.path.name if project.path else project.source.address
    name = video if project.name in video else f"{project.name}: {video}"
    await tag_and_name_run(f"project:{project.id}", name=f"{verb} {name}")
    return project


@contextmanager
def sole_writer(project_id: str, report: ProgressListener, stage: str = "extract") -> Iterator[None]:
    """Hold the lock for writing into a project's folder; wait in `stage` for the run that holds it."""

    def wait(holder: str = "of another machine") -> None:
        report(Progress(stage, 0.0, f"waiting for job {holder} on the same project"))

    data = data_folder()
    elsewhere = nullcontext() if data.store is None else catalog().sole_writer(project_id, wait)
    with held(project_lock(data.root, project_id), str(own_run_id()), wait), elsewhere:
        yield
