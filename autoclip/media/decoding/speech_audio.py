"""Audio for speech recognizers: mono, at a low rate, in chunks that end where it is quiet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from autoclip.media.container import open_video
from autoclip.media.decoding.audio import AudioBlock
from autoclip.media.decoding.one_pass import sound_decoder
from autoclip.media.decoding.resampling import BlockResampler
from autoclip.media.video import Video
from autoclip.timeline import Interval

CHUNK_SEC = 120.0
"""Longest chunk in seconds: 23 MB of audio at 48 kHz, and several of Whisper's windows of 30 s."""

_SEARCH_SEC = 20.0
"""Length in seconds of the end of a chunk in which the quietest place is searched; speakers pause more often than that.
"""

_QUIET_SEC = 0.3
_SEEK_EARLIER_SEC = 1.0


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A stretch of mono audio.

    Attributes
    ----------
    start_sec : float
        Time of its first sample, from the video's first frame.
    samples : ndarray
        Shape ``(n,)``, float32, full scale = 1.
    rate : int
        Sample rate in Hz.
    """

    start_sec: float
    samples: NDArray[np.float32]
    rate: int

    @property
    def end_sec(self) -> float:
        """Return the time after its last sample, in seconds."""
        return self.start_sec + self.samples.size / self.rate


def audio_chunks(video: Video, span: Interval, rate: int) -> Iterator[AudioChunk]:
    """Decode the audio of a span, in chunks of at most `CHUNK_SEC` that end where it is quietest.

    Gaps in the file become silence. Memory does not grow with the span.

    Parameters
    ----------
    video : Video
        The probed video; one without audio has no chunks.
    span : Interval
        Seconds from the first video frame.
    rate : int
        Sample rate of the result, in Hz.

    Raises
    ------
    MediaError
        If the file can't be opened, or becomes unreadable while it is read.
    """
    if video.audio is None or span.duration <= 0:
        return
    pending = AudioChunk(span.start, np.zeros(0, np.float32), rate)
    for fresh in _stretches(video, span, rate):
        pending = AudioChunk(pending.start_sec, np.concatenate((pending.samples, fresh)), rate)
        while pending.samples.size >= CHUNK_SEC * rate:
            cut = _quietest(pending)
            yield AudioChunk(pending.start_sec, pending.samples[:cut], rate)
            pending = AudioChunk(pending.start_sec + cut / rate, pending.samples[cut:], rate)
    if pending.samples.size:
        yield pending


def _quietest(chunk: AudioChunk) -> int:
    """Return the sample around which it is quietest in the last `_SEARCH_SEC` before `CHUNK_SEC`."""
    last = round(CHUNK_SEC * chunk.rate)
    first = last - round(_SEARCH_SEC * chunk.rate)
    power = uniform_filter1d(np.square(chunk.samples[first:last], dtype=np.float64), round(_QUIET_SEC * chunk.rate))
    return first + int(power.argmin())


def _stretches(video: Video, span: Interval, rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield the audio of a span in stretches of `_SEARCH_SEC`, on a line that begins with the span."""
    first, after = round(span.start * rate), round(span.end * rate)
    length = round(_SEARCH_SEC * rate)
    line, filled = np.zeros(2 * length, np.float32), 0
    for block in _mono_blocks(video, span, rate):
        (samples,), at = block.samples, block.start - first
        while at + samples.size > line.size and first + length < after:
            yield line[:length].copy()
            line = np.concatenate((line[length:], np.zeros(length, np.float32)))
            first, at, filled = first + length, at - length, max(0, filled - length)
        low, high = max(at, 0), min(at + samples.size, line.size)
        if high > low:
            line[low:high] = samples[low - at : high - at]
            filled = max(filled, high)
    yield line[: max(0, min(filled, after - first))]


def _mono_blocks(video: Video, span: Interval, rate: int) -> Iterator[AudioBlock]:
    resampler = BlockResampler(rate)
    for block in _blocks(video, span):
        mono = block.samples.mean(axis=0, dtype=np.float32, keepdims=True)
        yield from resampler.resample(replace(block, channels=("FC",), samples=mono))
    yield from resampler.flush()


def _blocks(video: Video, span: Interval) -> Iterator[AudioBlock]:
    """Decode from before the span until after it. Damaged packets become silence."""
    assert video.audio is not None  # noqa: S101 - as above
    with open_video(video) as container:
        decoder = sound_decoder(container, video)
        assert decoder is not None  # noqa: S101 - as above
        _seek(container, video, span.start)
        packets = container.demux(*(container.streams[index] for index in video.audio.indexes))
        for packet in chain((packet for packet in packets if packet.size), (None,)):
            for item in decoder.decode(packet):
                if isinstance(item, AudioBlock):
                    if item.start >= span.end * item.rate:
                        return
                    yield item


def _seek(container: InputContainer, video: Video, seconds: float) -> None:
    """Seek to before an instant; audio needs no keyframe."""
    if seconds > _SEEK_EARLIER_SEC:
        origin = float(video.video.start_pts * video.video.time_base)
        container.seek(math.floor((seconds - _SEEK_EARLIER_SEC + origin) * 1_000_000))
