"""The check that every exported file must pass before it gets its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.stream import Stream
from numpy.typing import NDArray

from autoclip.durations import read_seconds
from autoclip.errors import MediaError
from autoclip.media.container import open_container

AUDIO_START_SEC = 0.02
"""Maximum offset between the starts of audio and video. ITU-R BT.1359: 45 ms of audio ahead of video is noticeable."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected properties of a rendered file.

    Attributes
    ----------
    frame_count : int or None
        Number of frames; None if the frame rate was changed.
    duration_sec, frame_sec : float
        Length of the video, and duration of one frame, which is the tolerance.
    codec : str
        Video codec.
    width, height : int
        Frame size in pixels.
    audio_count : int
        Number of audio tracks.
    gaps_sec : ndarray or None
        Seconds from each frame to the next, shape ``(frame_count - 1,)``; None if the frame rate was changed.
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
    """The result of the check.

    Attributes
    ----------
    frame_count : int
        Number of frames in the file.
    duration_sec : float
        Length of its video in seconds.
    faults : tuple of str
        Everything that is not as expected; empty if the file is correct.
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
    """Probe a rendered file and compare it with the expectation.

    Every packet's time is read, so a missing, repeated or misplaced frame is found anywhere in the file.

    Parameters
    ----------
    path : Path
        The file.
    expected : Expected
        Its expected properties.
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
        return Checked(0, 0.0, ("it has no video",))
    declared = _declared_end(stream)
    duration = (picture.end if declared is None else declared) - float(picture.times[0])
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


def _declared_end(stream: Stream) -> float | None:
    """Return when a track says that it ends, in seconds: a packet's duration refers to decoding order, or is missing.

    In Matroska, FFmpeg's muxer stores it as a tag of the track.
    """
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION")
    return read_seconds(tag) if tag else None


def _stream_faults(codec: str, width: int, height: int, audio_count: int, expected: Expected) -> list[str]:
    faults = []
    if codec != expected.codec:
        faults.append(f"its video codec is {codec} instead of {expected.codec}")
    if (width, height) != (expected.width, expected.height):
        faults.append(f"its frame size is {width}x{height} instead of {expected.width}x{expected.height}")
    if audio_count != expected.audio_count:
        faults.append(f"it has {audio_count} audio tracks instead of {expected.audio_count}")
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
        return [f"audio track {number} is empty"]
    # Packets before the video's start are the encoder's delay, which the file tells players to skip.
    apart = max(float(sound.times[0]), 0.0) - float(picture.times[0])
    if abs(apart) > AUDIO_START_SEC:
        return [f"audio track {number} starts {apart * 1000:+.0f} ms from the video's start ({sample_rate} Hz)"]
    return []


def _tracks(container: InputContainer) -> dict[int, _Track]:
    """Read every packet's time in one pass."""
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
