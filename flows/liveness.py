"""Which runs are alive on this machine: each holds a lock as long as its process lives, and a worker checks it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from autoclip.errors import ConflictError
from autoclip.system.processes import is_alive
from storage.process_lock import holder, is_held

if TYPE_CHECKING:  # 'autoclip up' imports this before it sets the variables that Prefect reads on import
    from prefect.client.schemas.objects import FlowRun

WATCHED_BY = "autoclip.watched-by"
"""Label of a run: the process that may still report how the run ended; empty once it has."""
NOBODY = ""
SHARED_LOCKS = ("project-", "service")
"""Prefixes of locks that are taken repeatedly, by one process after the other."""


def run_lock(data_dir: Path, job_id: UUID | str) -> Path:
    """Return the lock of a flow run, which records its holder."""
    return data_dir / "runs" / f"{job_id}.lock"


def attempt_of_this_process(attempt: int) -> str:
    """Return the holder of a run's lock: this process, and the number of the attempt."""
    return f"{os.getpid()} {attempt}"


def process_of(lock: Path) -> int:
    """Return the id of the process that holds a run's lock, or died with it; 0 if it was released."""
    return _number(holder(lock).partition(" ")[0])


def attempt_of(lock: Path) -> int:
    """Return the number of the attempt that holds a run's lock, or died with it; 0 if it was released."""
    return _number(holder(lock).rpartition(" ")[2])


def _number(text: str) -> int:
    """Read a number of a lock's file; 0 if there is none, as after a power failure, which may leave zero bytes."""
    return int(text) if text.isdecimal() else 0


def project_lock(data_dir: Path, project_id: str) -> Path:
    """Return the lock of the run that writes into a project, which records the run's id."""
    return data_dir / "runs" / f"project-{project_id}.lock"


def service_lock(data_dir: Path) -> Path:
    """Return the lock of a data folder's service, which records the process id."""
    return data_dir / "runs" / "service.lock"


def require_idle(data_dir: Path) -> None:
    """Refuse to go on while the service of a data folder, or a run, is alive on this machine.

    Raises
    ------
    ConflictError
        If one is; it names the process.
    """
    for lock in sorted((data_dir / "runs").glob("*.lock"), key=lambda path: path != service_lock(data_dir)):
        if not lock.name.startswith("project-") and is_held(lock):
            what = "the service" if lock == service_lock(data_dir) else f"job {lock.stem}"
            raise ConflictError(
                f"{data_dir}: {what} works there (process {process_of(lock)}), and would go on with projects that are "
                "replaced; stop it first: Ctrl-C ends 'autoclip up', 'autoclip cancel' a job"
            )


def this_process() -> str:
    """Return a name of this process that is unique across machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


def worker_name(process: str) -> str:
    """Return the start of the name of a process's worker on Prefect's server; what the machine can do follows."""
    return f"autoclip-{process.replace(':', '-')}"


def worker_may_report(run: FlowRun) -> bool:
    """Whether a worker may still report how a run's process ended. Prefect's own worker does not record that."""
    if WATCHED_BY not in run.labels:
        return run.infrastructure_pid is not None
    return is_worked_on(run)


def is_worked_on(run: FlowRun) -> bool:
    """Whether a living worker of ours is handling a run; a worker on another machine is assumed to live."""
    watcher = watcher_of(run)
    if not is_here(watcher):
        return watcher != NOBODY
    return is_alive(int(watcher.rpartition(":")[2]), run.state.timestamp.timestamp() if run.state else None)


def watcher_of(run: FlowRun) -> str:
    """Return the process that may still report how a run ended; `NOBODY` if none may."""
    return str(run.labels.get(WATCHED_BY, NOBODY))


def is_here(process: str) -> bool:
    """Whether a process, as named by `this_process`, belongs to this machine."""
    return process.rpartition(":")[0] == socket.gethostname()
