"""Scheduled maintenance: lost runs, leftovers of crashed writers, old locks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from autoclip.errors import AutoclipError
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
    """End lost runs, and remove temporary files of crashed writers. A step that fails keeps no other from its work.

    Args:
        leftover_hours: Age in hours from which a temporary file counts as abandoned.
    """
    age = leftover_hours * HOUR_SEC
    steps: dict[str, Callable[[], int]] = {
        "lost runs settled": _settle_lost_runs,
        "deleted projects removed": _remove_deleted_projects,
        "leftovers removed": partial(_remove_leftovers, age),
        "unfinished exports removed": partial(_remove_unfinished_exports, age),
        "old ranges removed": partial(_remove_old_ranges, age),
        "old locks removed": partial(_remove_old_locks, age),
    }
    counts: dict[str, int] = {}
    faults: list[Exception] = []
    for done, step in steps.items():
        try:
            counts[done] = step()
        except (AutoclipError, OSError, httpx.HTTPError) as error:
            get_run_logger().warning("no %s: %s", done, error)
            faults.append(error)
    if faults:
        raise faults[0]
    return Completed(message=", ".join(f"{count} {done}" for done, count in counts.items()), data=sum(counts.values()))


def _settle_lost_runs() -> int:
    with get_client(sync_client=True) as client:
        return len(reap(client, data_folder().root))


def _remove_deleted_projects() -> int:
    return len(remove_deleted_projects(catalog(), data_folder(), read_environment().keep_deleted_days))


def _remove_leftovers(age_sec: float) -> int:
    places = (data_folder().projects, data_folder().deleted)
    return sum(len(remove_leftovers(place, older_than_sec=age_sec)) for place in places if place.exists())


def _remove_unfinished_exports(age_sec: float) -> int:
    with get_client(sync_client=True) as client:
        folders = _folders_of_stopped_runs(client)
    return len(remove_unfinished_exports(catalog(), age_sec, folders))


def _remove_old_ranges(age_sec: float) -> int:
    store = data_folder().store
    return remove_old_ranges(store, age_sec) if store else 0


def _remove_old_locks(age_sec: float) -> int:
    """Remove the locks of runs that ended long ago; the locks of projects and the service are used again."""
    locks = (data_folder().root / "runs").glob("*.lock")
    old = (path for path in locks if is_older(path, age_sec) and not path.name.startswith(SHARED_LOCKS))
    return sum(map(remove_unheld, old))


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
    for to in [to for run in runs if isinstance(to := run["parameters"].get("to"), str) and to]:
        with suppress(RuntimeError):  # ~name of a user that does not exist, for which the run failed
            folders.add(Path(to).expanduser())
    return folders
