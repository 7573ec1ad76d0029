"""``autoclip probe``: show the facts of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.options import Json, existing_file
from interfaces.cli.terminal import clock, print_json, print_table

if TYPE_CHECKING:
    from autoclip.media.video import SourceTimecode, Video


def probe(
    source: Annotated[Path, typer.Argument(help="A video file.", show_default=False)],
    *,
    as_json: Json = False,
) -> None:
    """Show a file's streams, sizes, rates, duration, start timecode and chapters."""
    from autoclip.media.probe import probe as probe_file
    from storage.environment import read_environment

    read_environment()  # sets the pixel limit
    video = probe_file(existing_file(source))
    if as_json:
        print_json(video.model_dump(mode="json"))
    else:
        print_table(video.path.name, ("", ""), _facts(video))


def _facts(video: Video) -> list[tuple[str, str]]:
    picture, sound = video.video, video.audio
    rate = "unknown" if picture.average_rate is None else f"{float(picture.average_rate):.3f} fps"
    color = f"{picture.pixel_format}, {picture.bit_depth} bit{', HDR' if picture.hdr else ''}"
    facts = [
        ("container", f"{video.container}, {video.size_bytes / 1e6:.1f} MB"),
        ("duration", f"{clock(video.duration_sec)}, first frame at {video.start_sec:.3f} s"),
        ("video", f"#{picture.index} {picture.codec}, {picture.display_width}x{picture.display_height}, {color}"),
        ("frame rate", f"{rate}, {'variable' if picture.variable_frame_rate else 'constant'}"),
        ("audio", "none" if sound is None else f"#{sound.index} {sound.codec}, {sound.sample_rate} Hz, {sound.layout}"),
    ]
    if video.timecode:
        facts.append(("timecode", _timecode(video.timecode)))
    facts += [(f"chapter {clock(mark.start_sec)}", mark.title) for mark in video.chapters]
    return facts + [("warning", warning) for warning in video.warnings]


def _timecode(timecode: SourceTimecode) -> str:
    counting = f"{'drop-frame, ' if timecode.drop_frame else ''}{timecode.base} frames a second"
    return f"{timecode.text}, {counting}" + (f", reel {timecode.reel}" if timecode.reel else "")
