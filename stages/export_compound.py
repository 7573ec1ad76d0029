"""Render a compound clip, and record the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

from autoclip.clips import Clip
from autoclip.errors import AutoclipError, NotFoundError, ParameterError
from autoclip.export.compound.render import SourceSpan
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.tightened import export_tightened_compound
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.timeline import Interval
from stages.export_clips import RecordedExport, RenderSlot
from stages.export_job import ExportJob
from stages.known_video import verified_video
from storage.catalog import CompoundClip, CompoundItem
from storage.clip_store import ExportSubject


def export_compound_clip(
    job: ExportJob,
    compound_id: str,
    on_progress: ProgressListener = ignore_progress,
    *,
    render_slot: RenderSlot = nullcontext,
) -> RecordedExport:
    """Export a compound clip with its own crossfade, or that of the settings if it has none.

    Parameters
    ----------
    job : ExportJob
        The store of the compound clip, and the render settings.
    compound_id : str
        The compound clip.
    on_progress : ProgressListener
        Called with the progress of the stage ``export``. An exception it raises stops the work, and nothing is
        recorded.
    render_slot : callable
        Entered around the rendering, and only then.

    Returns
    -------
    RecordedExport
        The record: completed, or failed with the reason.

    Raises
    ------
    NotFoundError
        If there is no such compound clip or no video, or a clip it uses no longer exists.
    MediaError, ConflictError
        If the video can no longer be read, or another one is in its place.
    """
    compound = job.store.compound(compound_id)
    if compound.crossfade_sec:
        job = replace(job, settings=job.settings.updated({"crossfade_sec": compound.crossfade_sec}))
    subject = _subject(job, compound)
    known = job.find(subject)
    if known is not None:
        return RecordedExport(known, reused=True)
    video = verified_video(job.store)
    spans = [SourceSpan(video, interval, subject.transcript) for interval in subject.intervals]
    with render_slot(), job.open_target() as folder:
        rendered = folder.location / subject.target.name
        try:
            result = export_tightened_compound(spans, rendered, job.settings, on_progress, ffmpeg=job.ffmpeg)
        except AutoclipError as error:
            return RecordedExport(job.failed(subject, error, folder))
        return RecordedExport(job.completed(subject, result, folder))


def _subject(job: ExportJob, compound: CompoundClip) -> ExportSubject:
    """Return the subject of a compound clip's export."""
    intervals = item_intervals(compound.items, job.store.clips_of(compound))
    fields = compound_fields(job.store.name, compound, intervals)
    target = confined(job.target, file_name(job.settings.name_template, fields))
    source, transcript = job.store.source(), job.transcript()
    return ExportSubject(target, source, tuple(intervals), job.settings, transcript, compound_id=compound.id)


def item_intervals(items: Sequence[CompoundItem], clips: Mapping[str, Clip]) -> list[Interval]:
    """Return the interval of each item: its own times, else those of its clip.

    Raises
    ------
    NotFoundError
        If an item needs a time of a clip that is not among `clips`.
    ParameterError
        If an item ends before it starts because its clip has changed.
    """
    found = []
    for number, item in enumerate(items, 1):
        clip = clips.get(item.clip_id)
        shown = item.with_times_of(None if clip is None else clip.interval)
        start, end = shown.start, shown.end
        if start is None or end is None:
            raise NotFoundError(
                f"item {number} is of clip {item.clip_id}, which no longer exists; make the compound clip again"
            )
        if end <= start:
            raise ParameterError(f"item {number} would run from {start:g} to {end:g} s; change its times or its clip's")
        found.append(Interval(start, end))
    return found


def compound_clips(items: Sequence[CompoundItem], known: Mapping[str, Clip]) -> tuple[Clip, ...]:
    """Return the items of a compound clip as clips, each with the times of the item.

    Raises
    ------
    NotFoundError
        If a clip it uses is not among `known`.
    """
    intervals = item_intervals(items, known)
    return tuple(
        known[item.clip_id].model_copy(update={"start": interval.start, "end": interval.end})
        if item.clip_id in known
        else Clip(id=item.clip_id, name=f"Item {number}", start=interval.start, end=interval.end)
        for number, (item, interval) in enumerate(zip(items, intervals, strict=True), 1)
    )


def compound_fields(project: str, compound: CompoundClip, intervals: Sequence[Interval]) -> NameFields:
    """Return the name template fields of a compound clip; its span is 0 to the sum of its items."""
    return NameFields(
        project=project,
        name=compound.name,
        index=1,
        interval=Interval(0.0, sum(interval.duration for interval in intervals)),
        id=compound.id,
        quality=0.0,
        day=compound.created_at.date(),
    )
