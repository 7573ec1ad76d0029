"""Settle the records of files that nobody renders any more: a killed process leaves them as ``running``."""

from __future__ import annotations

import socket
from pathlib import Path
from uuid import UUID

from autoclip.errors import ExportError
from flows.liveness import COMMAND, command_lock, run_lock
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
        return tuple(unit.exports.save(failed(export, ExportError(_reason(export)))) for export in lost)


def _is_lost(export: Export, data_dir: Path) -> bool:
    lock = _lock_of(export, data_dir)
    return lock is not None and not is_held(lock) and machine_of(lock) in {"", socket.gethostname()}


def _reason(export: Export) -> str:
    return LOST_COMMAND if _is_of_command(export) else LOST.format(export.job_id)


def _lock_of(export: Export, data_dir: Path) -> Path | None:
    if export.job_id is not None and _is_of_command(export):
        return command_lock(data_dir, export.job_id)
    run = _run_id(export.job_id)
    return None if run is None else run_lock(data_dir, run)


def _is_of_command(export: Export) -> bool:
    return export.job_id is not None and export.job_id.startswith(COMMAND)


def _run_id(job_id: str | None) -> UUID | None:
    try:
        return UUID(job_id or "")
    except ValueError:
        return None
