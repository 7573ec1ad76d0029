"""Find the start timecode of a file: from its timecode track (``tmcd``), or a tag of the video stream or container."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import av.error
from av.container import InputContainer
from av.stream import Stream

from autoclip.media.timecode import TimecodeFormat, base_of, can_drop_frames, says_drop_frame
from autoclip.media.video import SourceTimecode

_TAG, _REEL_TAG = "timecode", "reel_name"
"""FFmpeg's names of the tags, in every container."""

_TRACK_PACKETS = 1_000
"""How many packets may precede that of the timecode track, which is interleaved like the first frame."""

_BASES = (24, 25, 30, 48, 50, 60, 96, 100, 120)
"""Frames per second that timecode tracks count at common frame rates."""


@dataclass(frozen=True, slots=True)
class FoundTimecode:
    """The start timecode that a file declares, and warnings about it."""

    timecode: SourceTimecode | None = None
    warnings: tuple[str, ...] = ()


def find_start_timecode(container: InputContainer, film: Stream, rate: Fraction | None) -> FoundTimecode:
    """Return the timecode of the first video frame.

    Parameters
    ----------
    container : av.container.InputContainer
        The open file; its read position is undefined afterwards.
    film : av.stream.Stream
        The video stream.
    rate : Fraction or None
        Its frame rate; None if unknown.
    """
    tracks = [stream for stream in container.streams if stream.type == "data" and _tag(stream.metadata, _TAG)]
    text = _tag(film.metadata, _TAG) or next((_tag(track.metadata, _TAG) for track in tracks), "")
    text = text or _tag(container.metadata, _TAG)
    if not text:
        return FoundTimecode()
    track = next((track for track in tracks if _tag(track.metadata, _TAG) == text), None)
    bases = [base_of(rate)] if rate else []
    if track is not None:
        bases = _bases_that_agree(text, _first_count(container, track), (*bases, *_BASES)) or bases
    return _read(text, bases, _tag(track.metadata if track is not None else film.metadata, _REEL_TAG))


def _read(text: str, bases: list[int], reel: str) -> FoundTimecode:
    if not bases:
        return FoundTimecode(warnings=(f"its start timecode {text!r} is ignored: the frame rate is unknown",))
    try:
        counting = TimecodeFormat(bases[0], says_drop_frame(text) and can_drop_frames(bases[0]))
        counting.frame_number(text)
    except ValueError as error:
        return FoundTimecode(warnings=(f"its start timecode is ignored: {error}",))
    return FoundTimecode(
        SourceTimecode(text=text, base=counting.base, drop_frame=counting.drop_frame, reel=reel or None)
    )


def _bases_that_agree(text: str, count: int | None, bases: tuple[int, ...]) -> list[int]:
    """Return the bases with which the frame number in a timecode track equals this text.

    FFmpeg converts the number to text with the base that the track declares, but does not expose that base.
    """
    if count is None:
        return []
    drop = says_drop_frame(text)
    counting = [TimecodeFormat(base, drop and can_drop_frames(base)) for base in bases]
    return [each.base for each in counting if each.text(count)[:8] == text[:8] and each.text(count)[9:] == text[9:]]


def _first_count(container: InputContainer, track: Stream) -> int | None:
    """Return the frame number in the first packet of a timecode track: four bytes, big-endian (QuickTime)."""
    try:
        container.seek(0)
        for packet in islice(container.demux(), _TRACK_PACKETS):
            if packet.stream.index == track.index and packet.size >= 4:  # noqa: PLR2004
                return int.from_bytes(bytes(packet)[:4], "big")
    except av.error.FFmpegError:
        return None  # damaged: only the text is available
    return None


def _tag(metadata: dict[str, str], name: str) -> str:
    return next((value.strip() for key, value in metadata.items() if key.lower() == name), "")
