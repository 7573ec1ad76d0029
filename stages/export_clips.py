"""Render clips of a project, and keep account of every file in the catalog while it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autoclip.confinement import OpenedFolder
from autoclip.errors import NotFoundError
from autoclip.export.batch import ExportOutcome, RenderRequest, export_batch
from autoclip.export.names import NameFields, confined, file_name
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages.export_job import ExportJob, completed, failed
from storage.catalog import Export


@dataclass(frozen=True, slots=True)
class _Order:
    """One file to make: its record, and how to make it."""

    record: Export
    request: RenderRequest

    @property
    def is_done(self) -> bool:
        """Whether an earlier attempt of the same job has made it."""
        return self.record.state == "completed"


def export_clips(
    job: ExportJob, clip_ids: Sequence[str], on_progress: ProgressListener = ignore_progress
) -> tuple[Export, ...]:
    """Export clips in the order of `clip_ids`, several at once; one failure never stops the rest.

    Every file has its record from before its rendering on, and the record says what became of it as soon as that is
    known: a job that is run again after a crash makes only what is not completed.

    Parameters
    ----------
    job : ExportJob
        The project, and how its clips are rendered.
    clip_ids : sequence of str
        The clips.
    on_progress : ProgressListener
        Told about the stage ``export`` over all files. What it raises ends the work; unfinished records say so.

    Returns
    -------
    tuple of Export
        The records, completed or failed, one a clip.

    Raises
    ------
    NotFoundError
        If the project has no such clip, or no video.
    MediaError
        If the video can't be read any more.
    """
    with job.open_target() as folder:
        return _exported(job, clip_ids, folder, on_progress)


def _exported(
    job: ExportJob, clip_ids: Sequence[str], folder: OpenedFolder, on_progress: ProgressListener
) -> tuple[Export, ...]:
    orders = _orders(job, job.probed(), clip_ids, folder)
    begun = [order for order in orders if not order.is_done]
    records = {order.record.id: order.record for order in orders}
    ended = {order.record.id for order in orders if order.is_done}

    def keep(number: int, outcome: ExportOutcome) -> None:
        record = begun[number].record
        records[record.id] = job.save(_ended(record, outcome, folder))
        ended.add(record.id)

    try:
        export_batch(
            [order.request for order in begun],
            on_progress,
            on_outcome=keep,
            at_once=job.settings.parallel_exports,
            ffmpeg=job.ffmpeg,
        )
    except BaseException:
        job.give_up(order.record for order in begun if order.record.id not in ended)
        raise
    on_progress(Progress("export", 1.0, f"{len(orders)} files"))
    return tuple(records[order.record.id] for order in orders)


def _orders(job: ExportJob, video: Video, clip_ids: Sequence[str], folder: OpenedFolder) -> list[_Order]:
    """Find or make the record of each file."""
    orders = []
    with job.catalog.transaction() as unit:
        mine = {export.clip_id: export for export in unit.exports.page(job.project.id, job_id=job.job_id).items}
        for index, clip_id in enumerate(clip_ids, 1):
            clip = unit.clips.get(clip_id)
            if clip.project_id != job.project.id:
                raise NotFoundError(f"the project {job.project.id} has no clip {clip_id}; it is one of another project")
            fields = NameFields.of_clip(job.project.name, clip, index, clip.created_at.date())
            target = confined(job.target, file_name(job.settings.name_template, fields))
            changed = clip.updated_at if clip.touched else None
            record = job.begun(unit, target, mine.get(clip_id), clip_id=clip_id, changed_at=changed)
            rendered = folder.location / target.name
            orders.append(_Order(record, RenderRequest(video, clip.interval, rendered, job.settings)))
    return orders


def _ended(record: Export, outcome: ExportOutcome, folder: OpenedFolder) -> Export:
    if outcome.result is not None:
        return completed(record, outcome.result, folder)
    assert outcome.error is not None  # noqa: S101 - an outcome is one or the other
    return failed(record, outcome.error, folder)
