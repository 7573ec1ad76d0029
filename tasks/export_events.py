"""Announce an export: a line in the log, and an event for automations."""

from __future__ import annotations

from typing import Any

from prefect.events import emit_event
from prefect.runtime import flow_run

from stages.export_clips import RecordedExport
from stages.results import RegisteredVideo
from storage.catalog import Export
from tasks.stage_task import mark_as_cached, run_logger

CLIP_EXPORTED = "autoclip.clip.exported"
CLIP_FAILED = "autoclip.clip.export-failed"


def report_export(source: RegisteredVideo, made: RecordedExport) -> None:
    """Log the result of a file; show an existing file as ``Cached``; emit the event of a new one."""
    record, log = made.record, run_logger()
    if made.reused:
        mark_as_cached()
        log.info("%s: %s already exists", source.name, record.path)
        return
    if record.state == "completed":
        log.info("%s: exported %s%s", source.name, record.path, f" ({record.note})" if record.note else "")
    else:
        log.error("%s: %s was not exported: %s", source.name, record.name, record.error)
    emit_event(
        CLIP_EXPORTED if record.state == "completed" else CLIP_FAILED,
        resource={"prefect.resource.id": f"autoclip.export.{record.id}", "prefect.resource.name": record.name},
        related=[
            {"prefect.resource.id": f"autoclip.project.{record.project_id}", "prefect.resource.role": "project"},
            *_this_run(),
        ],
        payload=_payload(source, record),
    )


def _payload(source: RegisteredVideo, record: Export) -> dict[str, Any]:
    facts = {
        "project_id": record.project_id,
        "clip_id": record.clip_id,
        "compound_id": record.compound_id,
        "video": str(source.video.path),
        "path": str(record.path) if record.path else None,
        "size_bytes": record.size_bytes,
        "duration_sec": record.duration_sec,
    }
    return facts if record.state == "completed" else facts | {"error": record.error}


def _this_run() -> list[dict[str, str]]:
    run_id = flow_run.get_id()
    return (
        [{"prefect.resource.id": f"prefect.flow-run.{run_id}", "prefect.resource.role": "flow-run"}] if run_id else []
    )
