"""The export job of a task: its project, settings and run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from autoclip.settings import ExportSettings
from stages.export_job import ExportJob, with_layout
from storage.clip_store import CatalogClips
from storage.environment import read_environment
from tasks.places import catalog, project_folder, read_project


def export_job(project_id: str, settings: ExportSettings | None, folder: Path | None = None) -> ExportJob:
    """Return this run's export job for a project, with `folder` or else the project's output folder.

    Raises
    ------
    NotFoundError
        If there is no such project.
    """
    project = read_project(project_id)
    environment = read_environment()
    store = CatalogClips(catalog(), project, project_folder(project_id))
    settings = settings or ExportSettings()
    return ExportJob(
        store=store,
        target=folder or store.exports_folder,
        settings=with_layout(settings, project.layout, settings.model_fields_set),
        job_id=str(flow_run.get_id() or ""),
        ffmpeg=environment.ffmpeg,
        roots=environment.writable_roots if project.output_folder and folder is None else (),
        attempts_since=_attempts_since(),
    )


def _attempts_since() -> datetime | None:
    """Return when the first attempt of this run began; None in the first attempt."""
    if (flow_run.get_run_count() or 0) < 2:  # noqa: PLR2004 - the second attempt
        return None
    with get_client(sync_client=True) as client:
        return client.read_flow_run(UUID(flow_run.get_id())).start_time
