"""Render a compound clip of a project, with its record in the catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from autoclip.errors import AutoclipError
from autoclip.export.compound import CompoundItem, export_compound
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.order import ExportResult
from autoclip.media.probe import probe
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from stages.export_clips import one_command
from storage.catalog import Catalog, CompoundClip, Export, Project, Unit


def export_compound_clip(
    catalog: Catalog,
    project: Project,
    compound_id: str,
    *,
    folder: Path,
    settings: ExportSettings,
    job_id: str,
    on_progress: ProgressListener = ignore_progress,
    ffmpeg: Path | None = None,
) -> Export:
    """Export a compound clip; its own crossfade counts unless it has none.

    Returns
    -------
    Export
        The record: completed, or failed with the reason.

    Raises
    ------
    NotFoundError
        If the compound clip, or a clip it uses, is not there.
    MediaError
        If the video can't be read any more.
    """
    if project.path is None:
        raise ValueError(f"project {project.id} has no video")
    video = probe(project.path)
    with catalog.transaction() as unit:
        compound = unit.compounds.get(compound_id)
        items = tuple(CompoundItem(video, interval) for interval in _intervals(unit, compound))
        target = confined(project.output_folder or folder, _name(project, compound, items, settings))
        record = unit.exports.add(_begun(project, compound, target, settings, job_id))
    fade = compound.crossfade_sec or settings.crossfade_sec
    how = settings.model_copy(update={"crossfade_sec": fade})
    try:
        result = export_compound(items, target, how, on_progress, ffmpeg=ffmpeg)
    except AutoclipError as error:
        return _saved(catalog, record.changed(state="failed", error=str(error), path=None))
    except BaseException:
        _saved(catalog, record.changed(state="cancelled", error="stopped before it was finished"))
        raise
    return _saved(catalog, _completed(record, result))


def _intervals(unit: Unit, compound: CompoundClip) -> list[Interval]:
    """Return what each item shows: its own times where it has any, else those of its clip."""
    found = []
    for item in compound.items:
        clip = unit.clips.get(item.clip_id)
        start = clip.start if item.start is None else item.start
        found.append(Interval(start, clip.end if item.end is None else item.end))
    return found


def _name(project: Project, compound: CompoundClip, items: tuple[CompoundItem, ...], settings: ExportSettings) -> str:
    length = sum(item.interval.duration for item in items)
    fields = NameFields(
        project=project.name,
        name=compound.name,
        index=1,
        interval=Interval(0.0, length),
        id=compound.id,
        quality=0.0,
        day=datetime.now(UTC).date(),
    )
    return file_name(settings.name_template, fields)


def _begun(project: Project, compound: CompoundClip, target: Path, settings: ExportSettings, job_id: str) -> Export:
    return Export(
        project_id=project.id,
        compound_id=compound.id,
        name=target.name,
        state="running",
        path=target,
        settings=settings.model_dump(mode="json"),
        job_id=job_id,
    )


def _completed(record: Export, result: ExportResult) -> Export:
    return record.changed(
        state="completed",
        name=result.path.name,
        path=result.path,
        command=one_command(result.commands),
        note="; ".join(result.notes),
        size_bytes=result.size_bytes,
        duration_sec=result.actual.duration,
    )


def _saved(catalog: Catalog, record: Export) -> Export:
    with catalog.transaction() as unit:
        return unit.exports.save(record)
