"""``autoclip preview`` and ``autoclip contact-sheet``: look at clips without rendering them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from interfaces.cli.clip_sources import AllClips, ClipChoice, ClipIds, OfMode, Source, Top, open_clips
from interfaces.cli.file_report import OutputFile, report_files
from interfaces.cli.options import Json, Quiet, full_path
from interfaces.cli.terminal import progress_bars


def preview(
    source: Source,
    *,
    top: Top = None,
    clip: ClipIds = None,
    all_clips: AllClips = False,
    animation: Annotated[
        Literal["webp", "gif"], typer.Option("--format", help="webp, or gif where webp is not supported.")
    ] = "webp",
    mode: OfMode = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Output folder; by default previews/ beside the clips.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make small animated previews of clips (by default all) for pages and messages."""
    from stages.export_previews import export_previews
    from stages.known_video import verified_video

    choice = ClipChoice.of(clip, top, all_clips=all_clips, default=None)
    store = open_clips(source, mode)
    target = full_path(to or store.folder.root / "previews")
    with progress_bars(quiet=quiet or as_json) as listener:
        clips = choice.among(store)
        outcomes = export_previews(verified_video(store), clips, target, animation, listener, name=store.name)
    report_files(
        [
            OutputFile.at(outcome.path)
            if outcome.error is None
            else OutputFile(str(outcome.path), error=str(outcome.error))
            for outcome in outcomes
        ],
        as_json=as_json,
    )


def contact_sheet(
    source: Source,
    *,
    top: Top = None,
    clip: ClipIds = None,
    all_clips: AllClips = False,
    columns: Annotated[int, typer.Option("--columns", min=1, max=12, help="Pictures per row.")] = 4,
    mode: OfMode = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Output JPEG; by default contact-sheet.jpg beside the clips.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one page with the thumbnail, name and times of each clip: by default all, in order of time."""
    from stages.export_previews import export_contact_sheet

    choice = ClipChoice.of(clip, top, all_clips=all_clips, default=None)
    store = open_clips(source, mode)
    clips = choice.among(store) if clip or top else store.clips()
    target = full_path(to or store.folder.root / "contact-sheet.jpg")
    sheet = export_contact_sheet(store, clips, target, columns=columns)
    report_files([OutputFile.at(sheet)], as_json=as_json)
