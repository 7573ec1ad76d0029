"""Decode audio to blocks of samples on the video's timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.packet import Packet
from numpy.typing import NDArray

_COUNTED_PLANES = 8
"""With this many planes or more, PyAV finds more than there are: it looks for the first empty pointer behind them."""

_INTEGER_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Samples of one decoded packet.

    Attributes
    ----------
    start : int
        Position of the first sample, counted in samples from time 0 (the first video frame); may be negative.
    rate : int
        Sample rate in Hz.
    channels : tuple of str
        FFmpeg's name of each channel, such as ``FL`` or ``LFE``.
    samples : ndarray
        Shape ``(channels, count)``, float32, full scale = 1.
    """

    start: int
    rate: int
    channels: tuple[str, ...]
    samples: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioDamage:
    """An audio packet that could not be decoded; `seconds` is its time on the video's timeline."""

    seconds: float | None
    reason: str


class AudioDecoder:
    """Decodes the packets of one audio stream in order.

    Parameters
    ----------
    context : AudioCodecContext
        The stream's decoder.
    time_base : Fraction
        Time base of the stream, in seconds.
    origin : Fraction
        Container time of the first video frame, in seconds.
    """

    def __init__(self, context: AudioCodecContext, time_base: Fraction, origin: Fraction) -> None:
        self._context = context
        # Floats are exact to a millionth of a sample over years of audio, and save a tenth of the work of fractions.
        self._unit_sec, self._origin_sec = float(time_base), float(origin)
        self._next_sec: float | None = None
        self._layout_name = ""
        self._channels: tuple[str, ...] = ()

    def decode(self, packet: Packet | None) -> Iterator[AudioBlock | AudioDamage]:  # type: ignore[type-arg]
        """Yield the blocks of a packet; None flushes the decoder at the end."""
        try:
            yield from self._blocks(self._context.decode(packet))
        except av.error.FFmpegError as error:
            yield AudioDamage(self._seconds_of(packet), error.strerror or "invalid data")

    def _blocks(self, frames: Iterable[AudioFrame]) -> Iterator[AudioBlock]:
        for frame in frames:
            seconds = self._next_sec if frame.pts is None else frame.pts * self._unit_sec - self._origin_sec
            if seconds is None or frame.samples == 0:
                continue
            self._next_sec = seconds + frame.samples / frame.sample_rate
            start = round(seconds * frame.sample_rate)
            yield AudioBlock(start, frame.sample_rate, self._names(frame.layout), samples_of(frame))

    def _names(self, layout: AudioLayout) -> tuple[str, ...]:
        # FFmpeg looks up a name for each channel; the layout hardly ever changes.
        if layout.name != self._layout_name:
            self._layout_name = layout.name
            self._channels = tuple(channel.name for channel in layout.channels)
        return self._channels

    def _seconds_of(self, packet: Packet | None) -> float | None:  # type: ignore[type-arg]
        if packet is None or packet.pts is None:
            return None
        return packet.pts * self._unit_sec - self._origin_sec


def samples_of(frame: AudioFrame) -> NDArray[np.float32]:
    """Return a frame's samples, shape ``(channels, count)``, float32, full scale = 1."""
    channels = frame.layout.nb_channels
    if frame.format.is_planar and channels >= _COUNTED_PLANES:
        (frame,) = AudioResampler("flt", frame.layout, frame.sample_rate).resample(frame)
    if (
        frame.format.name == "fltp"
    ):  # the format that AAC, Opus, Vorbis and MP3 decode to: read directly from the planes
        samples = np.empty((channels, frame.samples), np.float32)
        for channel, plane in enumerate(frame.planes):
            samples[channel] = np.frombuffer(plane, np.float32, frame.samples)  # type: ignore[call-overload]
        return samples
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, channels).T
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype=np.float32)
    scale = _INTEGER_FULL_SCALE[frame.format.name.removesuffix("p")]
    offset = scale if frame.format.name.startswith("u") else 0.0
    return ((array.astype(np.float64) - offset) / scale).astype(np.float32)
