"""Scheduled maintenance: lost runs, leftovers of crashed writers, old locks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from autoclip.system.files import is_older
from flows.job_flow import job_flow
from flows.job_types import JOB_TYPES
from flows.liveness import SHARED_LOCKS
from flows.reaper import reap
from stages.deleted_projects import remove_deleted_projects
from stages.output_folders import remove_unfinished_exports
from storage.atomic import remove_leftovers
from storage.environment import read_environment
from storage.process_lock import remove_unheld
from storage.project_files import remove_old_ranges
from tasks.places import catalog, data_folder

HOUR_SEC = 3600.0
RUNS_LOOKED_AT = 200
"""Maximum number of runs that Prefect's server returns in one response."""


@job_flow("maintenance", "Settle lost runs and clear away what crashed writers left")
async def maintenance(leftover_hours: Annotated[float, Field(ge=1, le=8760)] = 24.0) -> State[int]:
    """End lost runs, and remove temporary files of crashed writers.

    Args:
        leftover_hours: Age in hours from which a temporary file counts as abandoned.
    """
    root = data_folder().root
    with get_client(sync_client=True) as client:
        lost = reap(client, root)
        folders = _folders_of_stopped_runs(client)
    gone = remove_deleted_projects(catalog(), data_folder(), read_environment().keep_deleted_days)
    age = leftover_hours * HOUR_SEC
    places = (data_folder().projects, data_folder().deleted)
    removed = [path for place in places if place.exists() for path in remove_leftovers(place, older_than_sec=age)]
    removed += remove_unfinished_exports(catalog(), age, folders)
    store = data_folder().store
    leftovers = len(removed) + (remove_old_ranges(store, age) if store else 0)
    _remove_old_locks(root / "runs", age)
    settled = f"{len(lost)} lost runs settled"
    cleared = f"{leftovers} leftovers and {len(gone)} deleted projects removed"
    return Completed(message=f"{settled}, {cleared}", data=leftovers)


def _folders_of_stopped_runs(client: SyncPrefectClient) -> set[Path]:
    """Return the output folders of the latest runs that did not end successfully."""
    body = {
        "flow_runs": {"state": {"type": {"any_": ["CRASHED", "CANCELLED", "FAILED"]}}},
        "flows": {"name": {"any_": list(JOB_TYPES)}},
        "sort": "END_TIME_DESC",
        "limit": RUNS_LOOKED_AT,
    }
    runs = client.request("POST", "/flow_runs/filter", json=body).json()
    folders = set()
    for to in (run["parameters"].get("to") for run in runs):
        with suppress(RuntimeError):  # ~name of a user that does not exist, for which the run failed
            folders |= {Path(to).expanduser()} if isinstance(to, str) and to else set()
    return folders


def _remove_old_locks(folder: Path, age_sec: float) -> None:
    """Remove the locks of runs that ended long ago; the locks of projects and the service are used again."""
    for path in folder.glob("*.lock"):
        if is_older(path, age_sec) and not path.name.startswith(SHARED_LOCKS):
            remove_unheld(path)
