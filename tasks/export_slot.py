"""What the tasks that render begin with: the project, a free slot to render, and whose work it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.runtime import flow_run

from autoclip.progress import Progress, ProgressListener
from autoclip.settings import ExportSettings
from stages.export_job import ExportJob
from storage.environment import read_environment
from tasks.machine_limits import rendering
from tasks.places import catalog, project_folder
from tasks.source_video import source_video


@contextmanager
def export_slot(project_id: str, settings: ExportSettings, on_progress: ProgressListener) -> Iterator[ExportJob]:
    """Wait until this machine has a slot to render, and hold it while the block runs.

    Yields
    ------
    ExportJob
        This run's job on the project.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    on_progress(Progress("export", 0.0, "waiting for a free slot to render"))
    environment = read_environment()
    with source_video(project), rendering(on_progress):
        yield ExportJob(
            catalog=catalog(),
            project=project,
            folder=project_folder(project_id).exports,
            settings=settings,
            job_id=str(flow_run.get_id()),
            ffmpeg=environment.ffmpeg,
            roots=environment.writable_roots,
        )
