"""Render clips and compound clips of an analysis folder; needs no catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from autoclip.clips import Clip
from autoclip.export.batch import BatchSummary, ExportOutcome, RenderRequest, export_batch
from autoclip.export.compound.render import CompoundItem
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.export.names import NameFields, confined, file_name
from autoclip.export.tightened import export_tightened_compound
from autoclip.media.probe import probe
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from stages.export_compound import compound_fields, item_intervals, with_crossfade
from stages.finished_files import FinishedFiles
from storage.catalog import CompoundClip
from storage.folder_compounds import FolderCompound


def export_folder(
    source: Path,
    clips: Sequence[Clip],
    target: Path,
    settings: ExportSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
    finished: FinishedFiles | None = None,
    transcript: Transcript | None = None,
) -> BatchSummary:
    """Export clips of the video `source` into the folder `target`, in order; one failure never stops the rest.

    What is among the `finished` files is not rendered again, unless the settings say ``overwrite``. `transcript` tells
    what is said in the video, for captions and for taking silence out.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    ParameterError
        If the settings' name template is not allowed.
    """
    video = probe(source)
    requests = []
    for index, clip in enumerate(clips, 1):
        path = confined(target, clip_file_name(source.stem, clip, index, settings.name_template))
        requests.append(RenderRequest(video, clip.interval, path, settings, transcript))
    if finished is None:
        return export_batch(requests, on_progress, at_once=settings.parallel_exports, ffmpeg=ffmpeg)
    keys = [finished.key(video, [request.interval], request.target, settings, transcript) for request in requests]
    there = [None if settings.overwrite else finished.find(key) for key in keys]
    missing = [request for request, found in zip(requests, there, strict=True) if found is None]
    batch = export_batch(missing, on_progress, at_once=settings.parallel_exports, ffmpeg=ffmpeg) if missing else None
    rendered = iter(batch.outcomes if batch else ())
    outcomes = [
        next(rendered) if found is None else ExportOutcome(request, found)
        for request, found in zip(requests, there, strict=True)
    ]
    finished.keep([(key, o.result) for key, o in zip(keys, outcomes, strict=True) if o.result is not None])
    return BatchSummary(tuple(outcomes))


def export_folder_compound(
    source: Path,
    compound: FolderCompound | CompoundClip,
    target: Path,
    settings: ExportSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    clips: Mapping[str, Clip],
    ffmpeg: Path | None = None,
    finished: FinishedFiles | None = None,
    transcript: Transcript | None = None,
) -> ExportResult:
    """Export a compound clip of the video `source` into the folder `target`.

    Parameters
    ----------
    source : Path
        The video.
    compound : FolderCompound or CompoundClip
        What to render; its own crossfade counts unless it has none.
    target : Path
        The folder the file goes to.
    settings : ExportSettings
        How to render and how to name.
    on_progress : ProgressListener
        Told about the stage ``export``.
    clips : mapping of str to Clip
        The clips of the folder by id.
    ffmpeg : Path, optional
        The ffmpeg to render with.
    finished : FinishedFiles, optional
        What was rendered before and is not rendered again.
    transcript : Transcript, optional
        What is said in the video.

    Raises
    ------
    NotFoundError
        If a clip it uses is not there any more.
    MediaError, ParameterError, ExportError
        As `export_compound`.
    """
    video = probe(source)
    intervals = item_intervals(compound.items, clips)
    fields = compound_fields(source.stem, compound.name, compound.id, intervals, datetime.now(UTC).date())
    path = confined(target, file_name(settings.name_template, fields))
    items = [CompoundItem(video, interval, transcript) for interval in intervals]
    how = with_crossfade(settings, compound.crossfade_sec)
    key = "" if finished is None else finished.key(video, intervals, path, how, transcript)
    found = None if finished is None or how.overwrite else finished.find(key)
    made = found or export_tightened_compound(items, path, how, on_progress, ffmpeg=ffmpeg)
    if finished is not None:
        finished.keep([(key, made)])
    return made


def clip_file_name(project: str, clip: Clip, index: int, template: str, suffix: str = ".mp4") -> str:
    """Return the name of a file that is made of a clip.

    Raises
    ------
    ParameterError
        If the template is not allowed.
    """
    return file_name(template, NameFields.of_clip(project, clip, index, datetime.now(UTC).date()), suffix)
