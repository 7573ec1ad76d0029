"""``autoclip export``: render clips and compound clips of an analysis folder or of a project."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from autoclip.errors import AutoclipError
from autoclip.progress import share_of
from autoclip.settings import ExportSettings
from interfaces.cli.clip_sources import (
    AllClips,
    ClipChoice,
    ClipIds,
    KeptClips,
    OfMode,
    Source,
    Top,
    find_compound,
    open_clips,
)
from interfaces.cli.destinations import DeliveryOptions, deliver_to, read_options
from interfaces.cli.file_report import OutputFile, RemovedSpan, report_files
from interfaces.cli.options import Assignments, Fillers, Json, Quiet, Tighten, full_path, parse_assignments
from interfaces.cli.terminal import progress_bars

if TYPE_CHECKING:
    from autoclip.clips import Clip
    from autoclip.progress import ProgressListener
    from autoclip.timeline import Interval
    from stages.export_job import ExportJob
    from storage.catalog import CompoundClip, Export
    from storage.clip_store import ClipStore

DEFAULT_TOP = 3


def export(
    source: Source,
    *,
    top: Top = None,
    clip: ClipIds = None,
    all_clips: AllClips = False,
    kept: KeptClips = False,
    compound: Annotated[
        list[str] | None,
        typer.Option(
            "--compound",
            metavar="COMPOUND",
            help="A compound clip, by its id or name ('autoclip compound'). Repeatable.",
        ),
    ] = None,
    mode: OfMode = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="Folder for the files; by default exports/ beside the clips, or the project's output folder."
        ),
    ] = None,
    deliver: Annotated[
        str | None,
        typer.Option(
            "--deliver",
            metavar="NAME",
            help="Deliver each file to this destination; 'autoclip destinations' lists them.",
        ),
    ] = None,
    option: DeliveryOptions = None,
    captions: Annotated[
        str | None,
        typer.Option("--captions", metavar="STYLE", help="Burn captions into the picture: plain, boxed or karaoke."),
    ] = None,
    tighten: Tighten = None,
    fillers: Fillers = False,
    assignments: Assignments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render clips to files and check each file. Nothing is overwritten, and nothing is rendered twice.

    Without --top, --clip, --kept, --all or --compound, the three best clips are rendered. To choose how clips are cut,
    encoded, shaped and named, use --set, for example --set cut=smart, --set platform=shorts, --set
    name_template='{index:02} {name}'.
    """
    from stages.output_folders import usable_folder

    choice = ClipChoice.of(clip, top, all_clips=all_clips, kept=kept, default=DEFAULT_TOP)
    wishes = {"captions": captions, "tighten_sec": tighten, "tighten_fillers": fillers or None}
    named = {name: value for name, value in wishes.items() if value is not None}
    given = parse_assignments(assignments) | named
    settings = ExportSettings.from_flat(given)
    options = read_options(deliver, option)
    store = open_clips(source, mode)
    only_compounds = bool(compound) and not (clip or top or all_clips or kept)
    folder = None if to is None else usable_folder(full_path(to.expanduser()))
    clips = () if only_compounds else choice.among(store)
    compounds = [find_compound(name, store, source) for name in compound or ()]
    job = _job(store, settings, given, folder or full_path(store.exports_folder.expanduser()))
    with progress_bars(quiet=quiet or as_json) as listener:
        files = _rendered(job, clips, compounds, listener)
        if deliver is not None:
            files = [_delivered(file, deliver, options, listener) for file in files]
    report_files(files, as_json=as_json)


def _job(store: ClipStore, settings: ExportSettings, given: Collection[str], target: Path) -> ExportJob:
    from stages.export_job import ExportJob, with_layout
    from storage.environment import read_environment

    settings = with_layout(settings, store.layout, given)
    return ExportJob(store, target, settings, job_id=f"command-line-{uuid4()}", ffmpeg=read_environment().ffmpeg)


def _rendered(
    job: ExportJob, clips: Sequence[Clip], compounds: Sequence[CompoundClip], on_progress: ProgressListener
) -> list[OutputFile]:
    """Render clips, then compound clips; failures are reported per file."""
    from stages.export_clips import export_clips
    from stages.export_compound import export_compound_clip, item_intervals

    total = len(clips) + len(compounds)
    files: list[OutputFile] = []
    if clips:
        records = export_clips(job, [clip.id for clip in clips], share_of(on_progress, 0, len(clips), total))
        files += [_of_record(job, record, [clip.interval]) for record, clip in zip(records, clips, strict=True)]
    for compound in compounds:
        share = share_of(on_progress, len(files), 1, total)
        try:
            intervals = item_intervals(compound.items, job.store.clips_of(compound))
            files.append(_of_record(job, export_compound_clip(job, compound.id, share).record, intervals))
        except AutoclipError as error:
            files.append(OutputFile(compound.name, error=str(error)))
    return files


def _of_record(job: ExportJob, record: Export, intervals: Sequence[Interval]) -> OutputFile:
    return OutputFile(
        str(record.path or record.name),
        record.duration_sec,
        record.size_bytes,
        record.note,
        record.command,
        removed=() if record.error else _removed(job, intervals),
        error=record.error,
    )


def _removed(job: ExportJob, intervals: Sequence[Interval]) -> tuple[RemovedSpan, ...]:
    from autoclip.export.tightened import tightens
    from stages.tighten_clips import removals_of

    if not tightens(job.settings):
        return ()
    return tuple(
        RemovedSpan(round(r.interval.start, 3), round(r.interval.end, 3), r.reason, r.text)
        for r in removals_of(job.store.folder, intervals, job.settings)
    )


def _delivered(
    file: OutputFile, destination: str, options: Mapping[str, str], on_progress: ProgressListener
) -> OutputFile:
    """Deliver a file; a failure is added to the file's record."""
    if file.error is not None:
        return file
    try:
        receipt = deliver_to(destination, Path(file.path), options, on_progress)
    except AutoclipError as error:
        return replace(file, error=f"it is made, but was not delivered: {error}")
    return replace(file, delivered_to=receipt.address)
