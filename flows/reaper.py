"""End runs whose process is gone, since a killed process can't do it; start those again that had not begun."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import WorkerFilter, WorkerFilterStatus
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Cancelled, Crashed

from autoclip.system.files import is_older
from autoclip.system.processes import kill
from flows.job_types import JOB_TYPES
from flows.liveness import (
    NOBODY,
    WATCHED_BY,
    attempt_of,
    is_here,
    is_worked_on,
    process_of,
    run_lock,
    watcher_of,
    worker_name,
)
from storage.process_lock import is_held, machine_of

START_SEC = 60.0
"""A process takes its lock within this time: imports take 2 s, on a loaded machine up to 50 s (measured). A worker that
lives and waits for it is believed even longer."""
FINAL_REPORT_SEC = 20.0
"""Seconds that a process has after releasing its lock to report to the server how it ended."""
STOP_SEC = 20.0
"""Seconds that a living process has to stop after a cancellation; then it is killed."""

WORKERS_READ = 200
"""Maximum number of workers that Prefect's server returns, those with the latest heartbeats first."""

LOST = "its process ended without a message (killed, out of memory, or the machine stopped)"


def reap(client: SyncPrefectClient, data_dir: Path) -> tuple[FlowRun, ...]:
    """End every lost run of this machine; one that had not begun is started again.

    Parameters
    ----------
    client : SyncPrefectClient
        Client of the server.
    data_dir : Path
        The data folder of the runs.

    Returns
    -------
    tuple of FlowRun
        The lost runs. One that is deleted meanwhile is left out.
    """
    lost = []
    for run in unended(client):
        with suppress(ObjectNotFound):
            if finalize_lost_run(client, run, data_dir):
                lost.append(run)
    return tuple(lost)


def unended(client: SyncPrefectClient) -> list[FlowRun]:
    """Return our runs that a process should be working on."""
    body = {
        "flow_runs": {"state": {"type": {"any_": ["RUNNING", "CANCELLING", "PENDING"]}}},
        "flows": {"name": {"any_": list(JOB_TYPES)}},
    }
    return [FlowRun.model_validate(run) for run in client.request("POST", "/flow_runs/filter", json=body).json()]


def finalize_lost_run(client: SyncPrefectClient, run: FlowRun, data_dir: Path) -> bool:
    """End one run if its process is gone, or start it again if it had not begun; return whether it was ended."""
    if run.state is None or run.state.is_final() or run.state.is_scheduled() or not _is_lost(client, run, data_dir):
        return False
    to_stop = run.state.type is StateType.CANCELLING
    ending: State[Any] = Cancelled(message="cancelled on request") if to_stop else Crashed(message=LOST)
    lock = run_lock(data_dir, run.id)
    unbegun = run.state.type is StateType.PENDING or (run.state.type is StateType.RUNNING and not lock.exists())
    if unbegun and run.deployment_id and run.labels.get(WATCHED_BY) != NOBODY:
        ending = AwaitingRetry(message="its worker ended before the run began; it starts again")
    client.set_flow_run_state(run.id, ending, force=True)
    return ending.is_final()


def _is_lost(client: SyncPrefectClient, run: FlowRun, data_dir: Path) -> bool:
    lock = run_lock(data_dir, run.id)
    if run.state is None or run.state.type is StateType.PENDING or not lock.exists():
        return _never_began(client, run)  # the lock of an earlier attempt is not valid for this one
    if machine_of(lock) != socket.gethostname():
        return False  # its own machine decides; Prefect's heartbeats detect if that machine is gone as well
    to_stop = run.state.type is StateType.CANCELLING
    if is_held(lock):
        if to_stop and _age_sec(run) > STOP_SEC:
            kill(process_of(lock))  # the lock proves that it is still the same process
        return False
    if to_stop and is_worked_on(run) and _age_sec(run) < STOP_SEC:
        return False  # the worker is about to report it, or to stop an attempt that has no lock yet
    if attempt_of(lock) == run.run_count:
        return True  # it died with the lock
    return _age_sec(run) > START_SEC and is_older(lock, FINAL_REPORT_SEC)


def _never_began(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether a run's process never reached its lock. Runs of another data folder are ignored while they run."""
    waiting = run.state is not None and run.state.type in {StateType.PENDING, StateType.CANCELLING}
    waiting |= is_here(watcher_of(run))  # its worker of this machine died between the state and the lock
    return waiting and _age_sec(run) > START_SEC and not (is_worked_on(run) and _has_living_worker(client, run))


def _has_living_worker(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether the worker of a run may be alive: Prefect's server marks it as offline after 90 s without heartbeats."""
    watcher = watcher_of(run)
    if is_here(watcher) or run.work_pool_name is None:
        return True
    lost = WorkerFilter(status=WorkerFilterStatus(any_=["OFFLINE"]))
    found = client.read_workers_for_work_pool(run.work_pool_name, lost, limit=WORKERS_READ)
    return worker_name(watcher) not in {worker.name.partition(" ")[0] for worker in found}


def _age_sec(run: FlowRun) -> float:
    """Return how long a run has been in its state; one that began "later" did so before the clock was set back."""
    since = run.state.timestamp if run.state else None
    return abs((datetime.now(UTC) - since).total_seconds()) if since else 0.0
