"""Whether the pictures that an export copied can be shown, by decoding them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from autoclip.media.container import open_container

EVERY_PICTURE_SEC = 120.0
"""Up to this length every picture is decoded; of longer files only keyframes, as all would take minutes."""
_PACKETS_A_REPORT = 100


@dataclass(slots=True)
class _Seen:
    """What decoding has shown so far."""

    packets: int = 0
    pictures: int = 0
    errors: int = 0
    corrupt: int = 0
    other_size: str = ""


@dataclass(frozen=True, slots=True)
class CopiedPictures:
    """What is wrong with copied pictures.

    Attributes
    ----------
    faults : tuple of str
        What makes the file useless.
    notes : tuple of str
        What is no better in the source.
    """

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_copied_pictures(path: Path, duration_sec: float, on_packets: Callable[[], None]) -> CopiedPictures:
    """Decode a file whose pictures were copied, and tell what a player would stumble over.

    Parameters
    ----------
    path : Path
        The file.
    duration_sec : float
        Its length.
    on_packets : callable
        Called every hundred packets; whatever it raises ends the check and passes through.

    Returns
    -------
    CopiedPictures
        A fault where the size of the picture changes, which the one header of the copy can't tell players; a note
        where the source is damaged.
    """
    with open_container(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        keyframes_only = duration_sec > EVERY_PICTURE_SEC
        if keyframes_only:
            stream.codec_context.skip_frame = "NONKEY"
        seen = _decode(container, stream, on_packets)
    faults = (f"its picture changes from {seen.other_size} on the way; use cut = exact",) if seen.other_size else ()
    lost = 0 if keyframes_only else max(seen.packets - seen.pictures, 0)
    damaged = max(seen.errors, lost) + seen.corrupt
    return CopiedPictures(faults, _note(damaged, seen.packets))


def _note(damaged: int, packets: int) -> tuple[str, ...]:
    if not damaged:
        return ()
    of_them = f"{damaged} of {packets} frames are" if damaged > 1 else f"1 of {packets} frames is"
    return (f"{of_them} damaged in the source, and copied so",)


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
