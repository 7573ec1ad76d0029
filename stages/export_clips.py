"""Render clips of a project, and keep account of every file in the catalog while it is made."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autoclip.export.batch import ExportOutcome, ExportRequest, export_batch, exports_at_once
from autoclip.export.names import NameFields, confined, file_name
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from storage.catalog import Catalog, Export, Project, StoredClip


@dataclass(frozen=True, slots=True)
class _Order:
    """One file to make: its clip, its record, and how to make it."""

    clip: StoredClip
    record: Export
    request: ExportRequest


def export_clips(
    catalog: Catalog,
    project: Project,
    clip_ids: Sequence[str],
    *,
    folder: Path,
    settings: ExportSettings,
    job_id: str,
    on_progress: ProgressListener = ignore_progress,
    ffmpeg: Path | None = None,
) -> tuple[Export, ...]:
    """Export clips in the order of `clip_ids`; one failure never stops the rest.

    Every file has its record from before its rendering on: a job that is run again after a crash makes only what is
    not completed.

    Parameters
    ----------
    catalog : Catalog
        Where clips and records are.
    project : Project
        Whose clips they are; its file is rendered from.
    clip_ids : sequence of str
        The clips.
    folder : Path
        Where the files go, unless the project has an output folder of its own.
    settings : ExportSettings
        How to render and how to name.
    job_id : str
        Whose work it is.
    on_progress : ProgressListener
        Told about the stage ``export`` over all files. What it raises ends the work; unfinished records say so.
    ffmpeg : Path, optional
        The ffmpeg to render with.

    Returns
    -------
    tuple of Export
        The records, completed or failed, one a clip.

    Raises
    ------
    NotFoundError
        If a clip is not there.
    MediaError
        If the video can't be read any more.
    """
    if project.path is None:
        raise ValueError(f"project {project.id} has no video")
    video = probe(project.path)
    place = project.output_folder or folder
    orders = _orders(catalog, project, video, clip_ids, folder=place, settings=settings, job_id=job_id)
    begun = [order for order in orders if order.record.state != "completed"]
    done = {order.record.id: order.record for order in orders if order.record.state == "completed"}
    at_once = settings.parallel_exports or exports_at_once()
    try:
        for number, part in enumerate(parts := [begun[i : i + at_once] for i in range(0, len(begun), at_once)]):
            share = _share_of(on_progress, number, len(parts))
            summary = export_batch([order.request for order in part], share, at_once=at_once, ffmpeg=ffmpeg)
            done |= {record.id: record for record in _kept(catalog, part, summary.outcomes)}
    except BaseException:
        _give_up(catalog, (order.record for order in begun if order.record.id not in done))
        raise
    on_progress(Progress("export", 1.0, f"{len(orders)} files"))
    return tuple(done[order.record.id] for order in orders)


def _orders(
    catalog: Catalog,
    project: Project,
    video: Video,
    clip_ids: Sequence[str],
    *,
    folder: Path,
    settings: ExportSettings,
    job_id: str,
) -> list[_Order]:
    """Find or make the record of each file."""
    orders = []
    with catalog.transaction() as unit:
        mine = {export.clip_id: export for export in unit.exports.page(project.id, job_id=job_id).items}
        for index, clip_id in enumerate(clip_ids, 1):
            clip = unit.clips.get(clip_id)
            name = file_name(settings.name_template, _fields(project, clip, index))
            target = confined(folder, name)
            before = mine.get(clip_id)
            fresh = Export(project_id=project.id, clip_id=clip_id, name=name, path=target, job_id=job_id)
            if before is None:
                record = unit.exports.add(fresh.changed(state="running", settings=settings.model_dump(mode="json")))
            elif before.state == "completed" and before.path is not None and before.path.exists():
                record = before
            else:
                record = unit.exports.save(before.changed(state="running", error=None))
            # What an attempt of this very job left under its name is its own to replace.
            how = settings if before is None else settings.model_copy(update={"overwrite": True})
            orders.append(_Order(clip, record, ExportRequest(video, clip.interval, record.path or target, how)))
    return orders


def _fields(project: Project, clip: StoredClip, index: int) -> NameFields:
    return NameFields(
        project=project.name,
        name=clip.name,
        index=index,
        interval=clip.interval,
        id=clip.id,
        quality=clip.quality_score,
        day=clip.created_at.date(),
    )


def _share_of(on_progress: ProgressListener, number: int, count: int) -> ProgressListener:
    """Map the progress of one part onto that of all parts."""
    return lambda part: on_progress(Progress("export", (number + part.fraction) / count, part.message))


def _kept(catalog: Catalog, orders: Sequence[_Order], outcomes: Sequence[ExportOutcome]) -> list[Export]:
    """Store what became of some files."""
    with catalog.transaction() as unit:
        return [
            unit.exports.save(_ended(order.record, outcome)) for order, outcome in zip(orders, outcomes, strict=True)
        ]


def _ended(record: Export, outcome: ExportOutcome) -> Export:
    result = outcome.result
    if result is None:
        return record.changed(state="failed", error=str(outcome.error), path=None)
    return record.changed(
        state="completed",
        name=result.path.name,
        path=result.path,
        command=one_command(result.commands),
        note="; ".join(result.notes),
        size_bytes=result.size_bytes,
        duration_sec=result.actual.duration,
        error=None,
    )


def one_command(commands: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Write several commands as a shell would run them one after the other."""
    return tuple(itertools.chain.from_iterable((("&&",) if number else ()) + c for number, c in enumerate(commands)))


def _give_up(catalog: Catalog, records: Iterable[Export]) -> None:
    """Note that files were not made because the work was stopped."""
    with catalog.transaction() as unit:
        for record in records:
            unit.exports.save(record.changed(state="cancelled", error="stopped before it was finished"))
