"""Render clips. Each file is recorded once: after its check, or with the reason why it is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from autoclip.confinement import OpenedFolder
from autoclip.errors import AutoclipError
from autoclip.export.batch import ExportOutcome, RenderRequest, export_batch
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.tightened import export_tightened
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.speech.transcript import Transcript
from stages.export_job import ExportJob
from stages.known_video import verified_video
from storage.catalog import Export
from storage.clip_store import ExportSubject

RenderSlot = Callable[[], AbstractContextManager[None]]
"""Context manager that waits for a render slot of this machine and holds it while the block runs."""


@dataclass(frozen=True, slots=True)
class RecordedExport:
    """The record of one file, and whether the file already existed."""

    record: Export
    reused: bool = False


def export_clip(
    job: ExportJob,
    video: Video,
    clip_id: str,
    index: int,
    on_progress: ProgressListener = ignore_progress,
    *,
    render_slot: RenderSlot = nullcontext,
    before_failure: Callable[[], None] = lambda: None,
) -> RecordedExport:
    """Export one clip. A failure is recorded, not raised.

    Parameters
    ----------
    job : ExportJob
        The store of the clips, and the render settings.
    video : Video
        The video, probed.
    clip_id : str
        The clip.
    index : int
        The clip's number among the exported ones, for its file name.
    on_progress : ProgressListener
        Called with the progress of the stage ``export``. An exception it raises stops the work, and nothing is
        recorded.
    render_slot : callable
        Entered only for rendering; a file that already exists needs no slot.
    before_failure : callable
        Called before a failure is recorded; an exception it raises stops the work. A cancellation kills the renderer
        first, which must not be recorded as a failure.

    Raises
    ------
    NotFoundError
        If there is no such clip.
    """
    subject = _subject(job, video, clip_id, index, job.transcript())
    known = job.find(subject)
    if known is not None:
        on_progress(Progress("export", 1.0, "made before"))
        return RecordedExport(known, reused=True)
    with render_slot(), job.open_target() as folder:
        try:
            result = export_tightened(
                video,
                subject.intervals[0],
                folder.location / subject.target.name,
                job.settings,
                on_progress,
                ffmpeg=job.ffmpeg,
                transcript=subject.transcript,
            )
        except AutoclipError as error:
            before_failure()
            return RecordedExport(job.failed(subject, error, folder))
        return RecordedExport(job.completed(subject, result, folder))


def export_clips(
    job: ExportJob, clip_ids: Sequence[str], on_progress: ProgressListener = ignore_progress
) -> tuple[Export, ...]:
    """Export clips in the order of `clip_ids`, several at once. One failure does not stop the others.

    A file is recorded as soon as it exists, so a restart after a crash renders only the missing ones.

    Parameters
    ----------
    job : ExportJob
        The store of the clips, and the render settings.
    clip_ids : sequence of str
        The clips.
    on_progress : ProgressListener
        Called with the progress of the stage ``export`` over all files. An exception it raises stops the work.

    Returns
    -------
    tuple of Export
        The records, completed or failed, one per clip.

    Raises
    ------
    NotFoundError
        If there is no such clip, or no video.
    MediaError, ConflictError
        If the video can no longer be read, or another one is in its place.
    """
    video, transcript = verified_video(job.store), job.transcript()
    subjects = [_subject(job, video, clip_id, index, transcript) for index, clip_id in enumerate(clip_ids, 1)]
    records = {number: known for number, subject in enumerate(subjects) if (known := job.find(subject))}
    missing = [number for number in range(len(subjects)) if number not in records]
    if missing:
        with job.open_target() as folder:

            def keep(position: int, outcome: ExportOutcome) -> None:
                number = missing[position]
                records[number] = _ended(job, subjects[number], outcome, folder)

            export_batch(
                [_request(video, subjects[number], folder) for number in missing],
                on_progress,
                on_outcome=keep,
                max_concurrent=job.settings.parallel_exports,
                ffmpeg=job.ffmpeg,
            )
    on_progress(Progress("export", 1.0, f"{len(subjects)} files"))
    return tuple(records[number] for number in range(len(subjects)))


def _subject(job: ExportJob, video: Video, clip_id: str, index: int, transcript: Transcript | None) -> ExportSubject:
    """Return the subject of a clip's export."""
    clip = job.store.clip(clip_id)
    fields = NameFields.of_clip(job.store.name, clip, index, clip.created_at.date())
    target = confined(job.target, file_name(job.settings.name_template, fields))
    return ExportSubject(target, video.path, (clip.interval,), job.settings, transcript, clip_id=clip_id)


def _request(video: Video, subject: ExportSubject, folder: OpenedFolder) -> RenderRequest:
    rendered = folder.location / subject.target.name
    return RenderRequest(video, subject.intervals[0], rendered, subject.settings, subject.transcript)


def _ended(job: ExportJob, subject: ExportSubject, outcome: ExportOutcome, folder: OpenedFolder) -> Export:
    if outcome.result is not None:
        return job.completed(subject, outcome.result, folder)
    assert outcome.error is not None  # noqa: S101 - an outcome is one or the other
    return job.failed(subject, outcome.error, folder)
