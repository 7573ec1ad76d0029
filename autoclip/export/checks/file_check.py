"""The check every exported file goes through before it gets its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from autoclip.errors import MediaError
from autoclip.media.container import open_container

AUDIO_START_SEC = 0.02
"""Most by which sound and picture may start apart. ITU-R BT.1359 finds 45 ms of sound ahead of picture noticeable."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rendered file has to be.

    Attributes
    ----------
    frame_count : int or None
        Frames; None when the frame rate was changed.
    duration_sec, frame_sec : float
        Length of the picture, and how long one frame lasts: the tolerance.
    codec : str
        Of the picture.
    width, height : int
        Of the picture, in pixels.
    audio_count : int
        Tracks of sound.
    gaps_sec : ndarray or None
        Seconds from each frame to the next, shape ``(frame_count - 1,)``; None when the frame rate was changed.
    """

    frame_count: int | None
    duration_sec: float
    frame_sec: float
    codec: str
    width: int
    height: int
    audio_count: int
    gaps_sec: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check found.

    Attributes
    ----------
    frame_count : int
        Frames in the file.
    duration_sec : float
        Length of its picture in seconds.
    faults : tuple of str
        Everything that is not as expected; empty when the file is right.
    """

    frame_count: int
    duration_sec: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Track:
    """A stream's packets: times in seconds, ascending."""

    times: NDArray[np.float64]
    end: float


def check_file(path: Path, expected: Expected) -> Checked:
    """Probe a rendered file and compare it with what was asked for.

    Every packet's time is read, so that a missing, repeated or misplaced frame shows, anywhere in the file.

    Parameters
    ----------
    path : Path
        The file.
    expected : Expected
        What it should be.
    """
    try:
        with open_container(path) as container:
            return _compare(container, expected)
    except MediaError as error:
        return Checked(0, 0.0, (f"it can't be read: {error.reason}",))


def _compare(container: InputContainer, expected: Expected) -> Checked:
    if len(container.streams.video) != 1:
        return Checked(0, 0.0, (f"it has {len(container.streams.video)} video streams instead of 1",))
    tracks = _tracks(container)
    stream = container.streams.video[0]
    picture = tracks[stream.index]
    if not picture.times.size:
        return Checked(0, 0.0, ("it holds no picture",))
    # What the file says of its track is what players go by; a packet's own duration is that of decoding order.
    declared = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else picture.end
    duration = declared - float(picture.times[0])
    context = stream.codec_context
    faults = [
        *_stream_faults(
            context.codec.canonical_name, context.width, context.height, len(container.streams.audio), expected
        ),
        *_time_faults(picture, duration, expected),
    ]
    for number, sound in enumerate(container.streams.audio, start=1):
        faults += _sound_faults(number, tracks[sound.index], picture, sound.codec_context.sample_rate)
    return Checked(int(picture.times.size), duration, tuple(faults))


def _stream_faults(codec: str, width: int, height: int, audio_count: int, expected: Expected) -> list[str]:
    faults = []
    if codec != expected.codec:
        faults.append(f"its picture is {codec} instead of {expected.codec}")
    if (width, height) != (expected.width, expected.height):
        faults.append(f"its picture is {width}x{height} instead of {expected.width}x{expected.height}")
    if audio_count != expected.audio_count:
        faults.append(f"it has {audio_count} tracks of sound instead of {expected.audio_count}")
    return faults


def _time_faults(picture: _Track, duration: float, expected: Expected) -> list[str]:
    faults = []
    count = int(picture.times.size)
    if expected.frame_count is not None and count != expected.frame_count:
        faults.append(f"it has {count} frames instead of {expected.frame_count}")
    elif expected.gaps_sec is not None and count > 1:
        apart = np.abs(np.diff(picture.times) - expected.gaps_sec)
        if apart.max() > expected.frame_sec / 2:
            worst = int(apart.argmax())
            faults.append(f"frame {worst + 1} is {apart[worst]:.3f} s from where it should be")
    if abs(duration - expected.duration_sec) > expected.frame_sec:
        faults.append(f"it lasts {duration:.3f} s instead of {expected.duration_sec:.3f} s")
    return faults


def _sound_faults(number: int, sound: _Track, picture: _Track, sample_rate: int) -> list[str]:
    if not sound.times.size:
        return [f"sound track {number} is empty"]
    # What lies before the picture's start is the encoder's lead-in, which the file tells players to skip.
    apart = max(float(sound.times[0]), 0.0) - float(picture.times[0])
    if abs(apart) > AUDIO_START_SEC:
        return [f"sound track {number} starts {apart * 1000:+.0f} ms beside the picture ({sample_rate} Hz)"]
    return []


def _tracks(container: InputContainer) -> dict[int, _Track]:
    """Read every packet's time, in one pass."""
    times: dict[int, list[float]] = {stream.index: [] for stream in container.streams}
    ends: dict[int, float] = dict.fromkeys(times, 0.0)
    for packet in container.demux():
        if packet.pts is None or packet.size == 0 or packet.is_discard:
            continue
        start = float(packet.pts * packet.time_base)
        times[packet.stream_index].append(start)
        ends[packet.stream_index] = max(
            ends[packet.stream_index], start + float((packet.duration or 0) * packet.time_base)
        )
    return {index: _Track(np.sort(np.array(starts)), ends[index]) for index, starts in times.items()}
