"""``autoclip analyze``: analyze a video into a folder, without a server or catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.options import (
    Assignments,
    Chat,
    ChatOffset,
    Count,
    Json,
    Length,
    Mode,
    Preset,
    Quiet,
    Total,
    existing_file,
    full_path,
    resolve_settings,
    with_amount,
)
from interfaces.cli.terminal import clock, print_json, print_table, progress_bars, say

if TYPE_CHECKING:
    from autoclip.clips import ClipsFile


def analyze(
    source: Annotated[Path, typer.Argument(help="A video file.", show_default=False)],
    *,
    output_dir: Annotated[
        Path | None,
        typer.Option("--output-dir", "-o", help="Folder for the analysis; by default NAME.autoclip in this folder."),
    ] = None,
    chat: Chat = None,
    chat_offset: ChatOffset = 0.0,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            max=256,
            help="Processes that measure a long video side by side; 0: by its length and the cores. By default as "
            "AUTOCLIP_EXTRACTION_PROCESSES says, else 1.",
        ),
    ] = None,
    mode: Mode = None,
    preset: Preset = None,
    count: Count = None,
    total: Total = None,
    length: Length = None,
    assignments: Assignments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the highlight clips of a video file."""
    settings = resolve_settings(mode, preset, with_amount(assignments, count=count, total=total, length=length))
    existing_file(source)

    from stages.analyze import analyze as run_stages
    from stages.chat_files import ChatFile
    from stages.extract_ranges import in_processes
    from stages.rate_speech import chat_model_of
    from storage.analysis_folder import AnalysisFolder
    from storage.environment import read_environment

    folder = AnalysisFolder(output_dir if output_dir is not None else Path(f"{source.stem}.autoclip"))
    environment = read_environment()
    processes = environment.extraction_processes if workers is None else workers
    named = ChatFile(chat, was_named=True) if chat is not None else None
    with progress_bars(quiet=quiet or as_json) as listener:
        analysis = run_stages(
            full_path(source),
            folder,
            settings,
            listener,
            chat=named,
            chat_offset_sec=chat_offset,
            chat_model=chat_model_of(environment),
            measure=in_processes(processes, lambda reason: say(f"measured in one pass: {reason}")),
        )
    for warning in analysis.all_warnings:
        say(f"warning: {warning}")
    if as_json:
        print_json(analysis.clips_file.model_dump(mode="json"))
    else:
        print_clips(analysis.clips_file)
        say(f"report: {folder.report}")


def print_clips(clips_file: ClipsFile) -> None:
    """Print the table of clips, best first, with their reasons; or why there is none, or fewer than requested."""
    from autoclip.clips import displayed_score

    ranked = sorted(clips_file.clips, key=lambda clip: -clip.quality_score)
    rows = [
        (
            str(rank),
            clip.name,
            clock(clip.start),
            clock(clip.end),
            f"{clip.duration:.1f} s",
            str(displayed_score(clip.quality_score)),
            clip.reason,
        )
        for rank, clip in enumerate(ranked, 1)
    ]
    if rows:
        columns = ("#", "name", "start", "end", "length", "score", "why")
        print_table("", columns, rows, numeric=("#", "start", "end", "length", "score"))
    if clips_file.message:
        say(clips_file.message)
    wanted = int(clips_file.settings.get("count", 0))
    if 0 < len(rows) < wanted:
        say(f"{len(rows)} of the {wanted} clips asked for: no more moments stand out within these settings")
