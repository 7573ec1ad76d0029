"""``autoclip captions`` and ``autoclip correct``: write subtitle files, and correct the transcript."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from autoclip.durations import read_range
from autoclip.errors import ParameterError
from autoclip.speech.caption_files import CaptionFormat
from autoclip.timeline import Interval
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
from interfaces.cli.file_report import OutputFile, report_files
from interfaces.cli.options import Json
from interfaces.cli.terminal import clock, print_json, print_table, say


def captions(
    source: Source,
    *,
    wanted: Annotated[
        CaptionFormat, typer.Option("--format", help="srt, vtt, or json with the time of every word.")
    ] = "srt",
    top: Top = None,
    clip: ClipIds = None,
    all_clips: AllClips = False,
    kept: KeptClips = False,
    compound: Annotated[
        str | None, typer.Option("--compound", metavar="COMPOUND", help="A compound clip, by its id or name.")
    ] = None,
    mode: OfMode = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            help="File, or folder if there are several; by default beside the clips. An existing file is replaced.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write captions of the whole video, or of clips with times from the clip's start.

    You can edit the captions of the whole video and pass the file to 'autoclip correct', which stores your changes.
    """
    from stages.export_captions import captions_of
    from stages.export_compound import item_intervals
    from stages.spoken_words import transcript_of
    from storage.atomic import write_atomically

    choice = ClipChoice.of(clip, top, all_clips=all_clips, kept=kept, default=None)
    of_clips = bool(clip or top or all_clips or kept)
    if compound and of_clips:
        raise ParameterError("--compound names its clips itself; leave --top, --clip, --kept and --all out")
    store = open_clips(source, mode)
    transcript = transcript_of(store.folder)
    texts: dict[Path, str] = {}
    if of_clips:
        for index, each in enumerate(choice.among(store), 1):
            target = (to or store.exports_folder) / _clip_name(store.name, each.name, index, wanted)
            texts[target] = captions_of(transcript, [each.interval], wanted)
    else:
        intervals: list[Interval] = []
        crossfade_sec, target = 0.0, store.folder.root / f"captions.{wanted}"
        if compound:
            whole = find_compound(compound, store, source)
            intervals, crossfade_sec = item_intervals(whole.items, store.clips_of(whole)), whole.crossfade_sec
            target = store.exports_folder / _clip_name(store.name, whole.name, 1, wanted)
        texts[to or target] = captions_of(transcript, intervals, wanted, crossfade_sec)
    for path, text in texts.items():
        write_atomically(path, text)
    report_files([OutputFile.at(path) for path in texts], as_json=as_json)


def correct(
    source: Source,
    *,
    edited: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="An edited file that 'autoclip captions' wrote for the video."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="START-END", help="The words to replace, by their time: 83.2-84 or 1:23.2-1:24."),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="The correct words; '' if nothing is said.")] = None,
    as_json: Json = False,
) -> None:
    """Correct words of the transcript. Corrections survive another analysis. Without options, list them."""
    from autoclip.speech.corrections import Correction
    from autoclip.speech.transcript import joined
    from stages.spoken_words import correct as put_in
    from stages.spoken_words import correct_from_file, transcript_of
    from storage.corrections import read_corrections

    if (at is None) != (text is None) or (edited and at):
        raise ParameterError("correct: give --from FILE, or --at START-END with --text TEXT")
    folder = open_clips(source).folder
    if edited is not None:
        found = correct_from_file(folder, edited)
    elif at is not None:
        span = _span(at)
        replaced = joined(transcript_of(folder).between(span.start, span.end).words)
        found = (Correction(span.start, span.end, text or "", replaced),)
        put_in(folder, found)
        say(f"replaced: {replaced or '(nothing)'}")
    else:
        found = read_corrections(folder.features)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    print_table(
        "", ("from", "to", "text"), [(clock(c.start_sec), clock(c.end_sec), c.text or "(nothing)") for c in found]
    )
    if not found:
        say("nothing was changed" if edited else "no corrections yet")


def _span(text: str) -> Interval:
    """Parse the value of --at."""
    try:
        start, end = read_range(text)
    except ValueError:
        start = end = None
    if start is None or end is None or end <= start:
        raise ParameterError(f"--at {text!r}: write START-END, in seconds (83.2-84) or as 1:23.2-1:24")
    return Interval(start, end)


def _clip_name(project: str, name: str, index: int, wanted: str) -> str:
    from autoclip.file_names import safe_name

    return f"{safe_name(f'{project}-{index:03}-{name}')}.{wanted}"
