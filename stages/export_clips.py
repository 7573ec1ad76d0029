"""Render clips of a project; the catalog notes each file once: when it is there and checked, or why it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace

from autoclip.confinement import OpenedFolder
from autoclip.errors import AutoclipError, MediaError, NotFoundError
from autoclip.export.batch import ExportOutcome, RenderRequest, export_batch
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.tightened import export_tightened
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages.export_job import ExportJob, ExportSubject
from storage.catalog import Export, StoredClip, Unit

RenderSlot = Callable[[], AbstractContextManager[None]]
"""Waits until this machine may render another file, and holds that place while the block runs."""


@dataclass(frozen=True, slots=True)
class MadeExport:
    """What became of one file, and whether it was there already."""

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
) -> MadeExport:
    """Export one clip; a failure is recorded, not raised.

    Parameters
    ----------
    job : ExportJob
        The project, and how its clips are rendered.
    video : Video
        The project's video, probed.
    clip_id : str
        The clip.
    index : int
        Its number among those that are exported, for its name.
    on_progress : ProgressListener
        Told about the stage ``export``. What it raises ends the work; then nothing is recorded.
    render_slot : callable
        Entered around the rendering, and only then: a file that is there waits for nobody.
    before_failure : callable
        Called before a failure is recorded; what it raises ends the work. A stop on request kills the renderer first,
        which is then no failure.

    Raises
    ------
    NotFoundError
        If the project has no such clip.
    """
    clip, subject = _subject(job, clip_id, index)
    known = _known(job, subject)
    if known is not None:
        on_progress(Progress("export", 1.0, "made before"))
        return MadeExport(known, reused=True)
    with render_slot(), job.open_target() as folder:
        try:
            rendered = folder.location / subject.target.name
            result = export_tightened(
                video,
                clip.interval,
                rendered,
                job.settings,
                on_progress,
                ffmpeg=job.ffmpeg,
                transcript=job.transcript(),
            )
        except AutoclipError as error:
            before_failure()
            return MadeExport(job.failed(subject, error, folder))
        return MadeExport(job.completed(subject, result, folder))


def export_clips(
    job: ExportJob, clip_ids: Sequence[str], on_progress: ProgressListener = ignore_progress
) -> tuple[Export, ...]:
    """Export clips in the order of `clip_ids`, several at once; one failure never stops the rest.

    A file is recorded as soon as it is there: work that is begun again after a crash makes only what is missing.

    Parameters
    ----------
    job : ExportJob
        The project, and how its clips are rendered.
    clip_ids : sequence of str
        The clips.
    on_progress : ProgressListener
        Told about the stage ``export`` over all files. What it raises ends the work.

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
    video = job.probed()
    found = [_subject(job, clip_id, index) for index, clip_id in enumerate(clip_ids, 1)]
    records = {number: known for number, (_, subject) in enumerate(found) if (known := _known(job, subject))}
    missing = [number for number in range(len(found)) if number not in records]
    transcript = job.transcript() if missing else None
    with job.open_target() as folder:

        def keep(position: int, outcome: ExportOutcome) -> None:
            number = missing[position]
            records[number] = _ended(job, found[number][1], outcome, folder)

        export_batch(
            [replace(_request(job, video, *found[number], folder), transcript=transcript) for number in missing],
            on_progress,
            on_outcome=keep,
            at_once=job.settings.parallel_exports,
            ffmpeg=job.ffmpeg,
        )
    on_progress(Progress("export", 1.0, f"{len(found)} files"))
    return tuple(records[number] for number in range(len(found)))


def _subject(job: ExportJob, clip_id: str, index: int) -> tuple[StoredClip, ExportSubject]:
    """Return a clip of the project, and the file that is to be made of it."""
    with job.catalog.reading() as view:
        clip = view.clips.get(clip_id)
    if clip.project_id != job.project.id:
        raise NotFoundError(f"the project {job.project.id} has no clip {clip_id}; it is one of another project")
    fields = NameFields.of_clip(job.project.name, clip, index, clip.created_at.date())
    target = confined(job.target, file_name(job.settings.name_template, fields))
    # The id of a clip that nobody touched is made of its span, however often it was found again since.
    changed_at = clip.updated_at if clip.touched else job.project.created_at
    return clip, ExportSubject(target, job.latest_change(changed_at), clip_id=clip_id)


def _known(job: ExportJob, subject: ExportSubject) -> Export | None:
    """Return the record of a file that need not be made: it is there, whoever made it."""
    with job.catalog.reading() as view:
        known = job.made_before(view, subject)
        left = None if known else _left(job, view, subject)
    if left is None:
        return known
    with job.catalog.transaction() as unit:
        return job.keep(unit, left)


def _left(job: ExportJob, view: Unit, subject: ExportSubject) -> Export | None:
    with suppress(MediaError):  # what can't be read is not ours: the checked file would be
        return job.left_by_killed_attempt(view, subject)
    return None


def _request(
    job: ExportJob, video: Video, clip: StoredClip, subject: ExportSubject, folder: OpenedFolder
) -> RenderRequest:
    rendered = folder.location / subject.target.name
    return RenderRequest(video, clip.interval, rendered, job.settings)


def _ended(job: ExportJob, subject: ExportSubject, outcome: ExportOutcome, folder: OpenedFolder) -> Export:
    if outcome.result is not None:
        return job.completed(subject, outcome.result, folder)
    assert outcome.error is not None  # noqa: S101 - an outcome is one or the other
    return job.failed(subject, outcome.error, folder)
