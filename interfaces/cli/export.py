"""``autoclip export``: render clips and compound clips of an analysis folder or of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    ClipSource,
    KeptClips,
    OfMode,
    Source,
    Top,
    open_clip_source,
)
from interfaces.cli.compound_shelves import find_compound, open_shelf
from interfaces.cli.destinations import DeliveryOptions, deliver_to, read_options
from interfaces.cli.made_files import MadeFile, report_files
from interfaces.cli.options import Assignments, Fillers, Json, Quiet, Tighten, parse_assignments
from interfaces.cli.terminal import progress_bars

if TYPE_CHECKING:
    from autoclip.clips import Clip
    from autoclip.export.cuts.cut_spec import ExportResult
    from autoclip.progress import ProgressListener
    from storage.catalog import CompoundClip, Export
    from storage.folder_compounds import FolderCompound

DEFAULT_TOP = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be rendered, how, and where to."""

    clips: Sequence[Clip]
    compounds: Sequence[CompoundClip | FolderCompound]
    settings: ExportSettings
    target: Path


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
        typer.Option("--to", help="Folder of the files; by default exports/ beside the clips, or the project's own."),
    ] = None,
    deliver: Annotated[
        str | None,
        typer.Option("--deliver", metavar="NAME", help="Bring each file on; 'autoclip destinations' lists where to."),
    ] = None,
    option: DeliveryOptions = None,
    captions: Annotated[
        str | None,
        typer.Option(
            "--captions", metavar="STYLE", help="Write what is said into the picture: plain, boxed or karaoke."
        ),
    ] = None,
    tighten: Tighten = None,
    fillers: Fillers = False,
    assignments: Assignments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render clips to files, each checked after rendering; nothing is overwritten, and nothing made twice.

    Without --top, --clip, --kept, --all or --compound: the three best clips. How they are cut, encoded, shaped and
    named is --set, for example --set cut=smart, --set platform=shorts, --set name_template='{index:02} {name}'.
    """
    choice = ClipChoice.of(clip, top, all_clips=all_clips, kept=kept, default=DEFAULT_TOP)
    wishes = {"captions": captions, "tighten_sec": tighten, "tighten_fillers": fillers or None}
    named = {name: value for name, value in wishes.items() if value is not None}
    settings = ExportSettings.from_flat(parse_assignments(assignments) | named)
    options = read_options(deliver, option)
    found = open_clip_source(source, mode)
    only_compounds = bool(compound) and not (clip or top or all_clips or kept)
    shelf = open_shelf(found)
    wish = _Wish(
        clips=() if only_compounds else choice.among(found.clips),
        compounds=[find_compound(name, shelf.all(), source) for name in compound or ()],
        settings=settings,
        target=(to or found.target).absolute(),
    )
    with progress_bars(quiet=quiet or as_json) as listener:
        rendered = _of_project if found.project is not None else _of_folder
        files = rendered(found, wish, listener)
        if deliver is not None:
            files = [_delivered(file, deliver, options, listener) for file in files]
    report_files(files, as_json=as_json)


def _of_folder(source: ClipSource, wish: _Wish, on_progress: ProgressListener) -> list[MadeFile]:
    from stages.export_folder import export_folder, export_folder_compound
    from stages.finished_files import FinishedFiles
    from stages.spoken_words import transcript_for_export
    from storage.environment import read_environment

    ffmpeg, finished = read_environment().ffmpeg, FinishedFiles(source.folder.root)
    transcript = transcript_for_export(source.folder, wish.settings)
    total = len(wish.clips) + len(wish.compounds)
    files = []
    if wish.clips:
        share = share_of(on_progress, 0, len(wish.clips), total)
        batch = export_folder(
            source.video,
            wish.clips,
            wish.target,
            wish.settings,
            share,
            ffmpeg=ffmpeg,
            finished=finished,
            transcript=transcript,
        )
        for outcome in batch.outcomes:
            made = outcome.result
            files.append(_of_result(made) if made else MadeFile(str(outcome.request.target), error=str(outcome.error)))
    for compound in wish.compounds:
        share = share_of(on_progress, len(files), 1, total)
        try:
            made = export_folder_compound(
                source.video,
                compound,
                wish.target,
                wish.settings,
                share,
                clips=source.known,
                ffmpeg=ffmpeg,
                finished=finished,
                transcript=transcript,
            )
        except AutoclipError as error:
            files.append(MadeFile(compound.name, error=str(error)))
        else:
            files.append(_of_result(made))
    return files


def _of_project(source: ClipSource, wish: _Wish, on_progress: ProgressListener) -> list[MadeFile]:
    from interfaces.cli.clip_sources import open_the_catalog
    from stages.export_clips import export_clips
    from stages.export_compound import export_compound_clip
    from stages.export_job import ExportJob
    from storage.environment import read_environment

    assert source.project is not None  # noqa: S101 - the caller has looked
    environment = read_environment()
    job = ExportJob(
        catalog=open_the_catalog(),
        project=source.project.changed(output_folder=wish.target),
        folder=wish.target,
        settings=wish.settings,
        job_id=f"command-line-{uuid4()}",
        ffmpeg=environment.ffmpeg,
        analysis=source.folder,
    )
    total = len(wish.clips) + len(wish.compounds)
    records: tuple[Export, ...] = ()
    if wish.clips:
        share = share_of(on_progress, 0, len(wish.clips), total)
        records = export_clips(job, [clip.id for clip in wish.clips], share)
    for compound in wish.compounds:
        share = share_of(on_progress, len(records), 1, total)
        records += (export_compound_clip(job, compound.id, share).record,)
    return [_of_record(record) for record in records]


def _of_result(result: ExportResult) -> MadeFile:
    from stages.export_job import one_command

    note = "; ".join(result.notes)
    return MadeFile(str(result.path), result.actual.duration, result.size_bytes, note, one_command(result.commands))


def _of_record(record: Export) -> MadeFile:
    path = str(record.path or record.name)
    return MadeFile(path, record.duration_sec, record.size_bytes, record.note, record.command, error=record.error)


def _delivered(file: MadeFile, destination: str, options: Mapping[str, str], on_progress: ProgressListener) -> MadeFile:
    """Bring a file on; what goes wrong then is told of the file."""
    if file.error is not None:
        return file
    try:
        receipt = deliver_to(destination, Path(file.path), options, on_progress)
    except AutoclipError as error:
        return replace(file, error=f"it is made, but was not delivered: {error}")
    return replace(file, delivered_to=receipt.address)
