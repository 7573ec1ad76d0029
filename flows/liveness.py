"""Which runs are alive on this machine: each holds a lock as long as its process lives."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from storage.data_folder import DataFolder


def run_lock(folder: DataFolder, flow_run_id: UUID) -> Path:
    """Return the lock a flow run holds."""
    return folder.root / "runs" / f"{flow_run_id}.lock"


def project_lock(folder: DataFolder, project_id: str) -> Path:
    """Return the lock of the run that writes into a project."""
    return folder.root / "runs" / f"project-{project_id}.lock"
