"""Settle the records of files that nobody renders any more: a killed process leaves them as ``running``."""

from __future__ import annotations

import socket
from pathlib import Path
from uuid import UUID

from autoclip.errors import ExportError
from flows.liveness import COMMAND, run_lock
from stages.export_job import failed
from storage.catalog import Catalog, Export
from storage.process_lock import is_held, machine_of

LOST = "its job's process ended without a word; 'autoclip retry {}' makes the file"
LOST_COMMAND = "the command that made it ended without a word; 'autoclip export' makes the file"


def settle_lost_exports(catalog: Catalog, data_dir: Path) -> tuple[Export, ...]:
    """Note as failed every export whose job has no process on this machine.

    A run takes its lock before it touches a record, and both are looked at within one transaction: a job that is run
    again just now is never taken for a lost one. So does a command that exports.

    Returns
    -------
    tuple of Export
        The lost ones, as they are stored now.
    """
    with catalog.reading() as view:
        if not any(_is_lost(export, data_dir) for export in view.exports.unfinished()):
            return ()
    with catalog.transaction() as unit:
        lost = [export for export in unit.exports.unfinished() if _is_lost(export, data_dir)]
        return tuple(unit.exports.save(failed(export, ExportError(_reason(str(export.job_id))))) for export in lost)


def _is_lost(export: Export, data_dir: Path) -> bool:
    job = export.job_id or ""
    if not (job.startswith(COMMAND) or _is_run(job)):
        return False
    lock = run_lock(data_dir, job)
    return not is_held(lock) and machine_of(lock) in {"", socket.gethostname()}


def _reason(job_id: str) -> str:
    return LOST_COMMAND if job_id.startswith(COMMAND) else LOST.format(job_id)


def _is_run(job_id: str) -> bool:
    try:
        UUID(job_id)
    except ValueError:
        return False
    return True
