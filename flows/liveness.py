"""Which runs are alive on this machine: each holds a lock as long as its process lives."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID


def run_lock(data_dir: Path, flow_run_id: UUID) -> Path:
    """Return the lock a flow run holds; in it the id of its process."""
    return data_dir / "runs" / f"{flow_run_id}.lock"


def project_lock(data_dir: Path, project_id: str) -> Path:
    """Return the lock of the run that writes into a project; in it the run's id."""
    return data_dir / "runs" / f"project-{project_id}.lock"


def service_lock(data_dir: Path) -> Path:
    """Return the lock of the service of a data folder; in it the id of its process."""
    return data_dir / "runs" / "service.lock"
