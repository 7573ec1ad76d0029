"""Check that copied frames can be shown, by decoding them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from autoclip.media.container import open_container

EVERY_PICTURE_SEC = 120.0
"""Files up to this length, in seconds, are decoded completely; of longer files only the keyframes, because all frames
would take minutes.
"""
_PACKETS_A_REPORT = 100


@dataclass(slots=True)
class _Seen:
    """The results of decoding so far."""

    packets: int = 0
    pictures: int = 0
    errors: int = 0
    corrupt: int = 0
    other_size: str = ""


@dataclass(frozen=True, slots=True)
class CopiedPictures:
    """Problems of copied frames.

    Attributes
    ----------
    faults : tuple of str
        Problems that make the file useless.
    notes : tuple of str
        Problems that the source has as well.
    """

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_copied_pictures(path: Path, duration_sec: float, on_packets: Callable[[], None]) -> CopiedPictures:
    """Decode a file with copied frames, and report what a player could not show.

    Parameters
    ----------
    path : Path
        The file.
    duration_sec : float
        Its length in seconds.
    on_packets : callable
        Called every hundred packets. An exception it raises stops the check and propagates.

    Returns
    -------
    CopiedPictures
        A fault if the frame size changes, which the single header of the copy can't express; a note if the source is
        damaged.
    """
    with open_container(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        keyframes_only = duration_sec > EVERY_PICTURE_SEC
        if keyframes_only:
            stream.codec_context.skip_frame = "NONKEY"
        seen = _decode(container, stream, on_packets)
    faults = (f"its frame size changes from {seen.other_size}; use cut = exact",) if seen.other_size else ()
    lost = 0 if keyframes_only else max(seen.packets - seen.pictures, 0)
    damaged = max(seen.errors, lost) + seen.corrupt
    return CopiedPictures(faults, _note(damaged, seen.packets))


def _note(damaged: int, packets: int) -> tuple[str, ...]:
    if not damaged:
        return ()
    of_them = f"{damaged} of {packets} frames are" if damaged > 1 else f"1 of {packets} frames is"
    return (f"{of_them} damaged in the source, and copied unchanged",)


def _decode(container: InputContainer, stream: VideoStream, on_packets: Callable[[], None]) -> _Seen:
    seen, size = _Seen(), (stream.codec_context.width, stream.codec_context.height)
    for packet in container.demux(stream):
        seen.packets += 1 if packet.size and not packet.is_discard else 0
        if seen.packets % _PACKETS_A_REPORT == 0:
            on_packets()
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            seen.errors += 1
            continue
        for frame in frames:
            seen.pictures += 1
            seen.corrupt += frame.is_corrupt
            if (frame.width, frame.height) != size and not seen.other_size:
                seen.other_size = f"{size[0]}x{size[1]} to {frame.width}x{frame.height}"
    return seen
