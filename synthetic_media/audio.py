"""What a made-up microphone hears: sounds placed in time, at levels in dBFS, drawn from a seed.

A level is the RMS in decibels relative to full scale = 1: ``20 log10(rms)``. A sound is asked for any range of samples
and gives the same ones whatever the ranges before: that keeps memory flat however long the video.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from autoclip.timeline import Interval

Samples = NDArray[np.float64]
NoiseColor = Literal["white", "pink", "crowd", "voice"]

RAMP_SEC = 0.005
"""Sounds set in and end over 5 ms, so that they don't click; short against any window loudness is measured in."""

_NOISE_LOOP = 1 << 18
_BANDS_HZ: dict[NoiseColor, tuple[float, float]] = {"crowd": (250.0, 2800.0), "voice": (120.0, 3800.0)}


class Sound(Protocol):
    """A sound with its place in time."""

    @property
    def interval(self) -> Interval:
        """When it is heard, in seconds."""

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return `count` samples from sample `first` of the video on, shape ``(count,)``; 0 outside the interval."""


def amplitude(level_dbfs: float) -> float:
    """Convert a level in dBFS to an RMS amplitude, full scale = 1."""
    return float(10.0 ** (level_dbfs / 20.0))


@dataclass(frozen=True, slots=True)
class Tone:
    """A sine at a level (RMS)."""

    interval: Interval
    level_dbfs: float = -20.0
    frequency_hz: float = 440.0

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the sine within its interval."""
        seconds = _seconds(first, count, rate)
        peak = np.sqrt(2) * amplitude(self.level_dbfs)
        wave: Samples = peak * np.sin(2 * np.pi * self.frequency_hz * seconds) * _gate(seconds, self.interval)
        return wave


@dataclass(frozen=True, slots=True)
class Noise:
    """Steady noise at a level (RMS). Several of them one after the other make level steps."""

    interval: Interval
    level_dbfs: float = -30.0
    seed: int = 0
    color: NoiseColor = "white"

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the noise within its interval."""
        gate = _gate(_seconds(first, count, rate), self.interval)
        return amplitude(self.level_dbfs) * _noise(self.seed, self.color, first, count, rate) * gate


@dataclass(frozen=True, slots=True)
class Swell:
    """A crowd that rises to a peak and calms down again; its level in dB follows a raised cosine on either side."""

    interval: Interval
    peak_sec: float
    peak_dbfs: float = -10.0
    floor_dbfs: float = -45.0
    seed: int = 0

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the swelling noise within its interval."""
        seconds = _seconds(first, count, rate)
        rise = np.clip((seconds - self.interval.start) / max(self.peak_sec - self.interval.start, 1e-9), 0, 1)
        fall = np.clip((self.interval.end - seconds) / max(self.interval.end - self.peak_sec, 1e-9), 0, 1)
        height = 0.5 - 0.5 * np.cos(np.pi * np.minimum(rise, fall))
        level = self.floor_dbfs + (self.peak_dbfs - self.floor_dbfs) * height
        return 10.0 ** (level / 20.0) * _noise(self.seed, "crowd", first, count, rate) * _gate(seconds, self.interval)


@dataclass(frozen=True, slots=True)
class Impact:
    """A bang at the interval's start whose level falls by 60 dB until the interval's end."""

    interval: Interval
    peak_dbfs: float = -6.0
    seed: int = 0

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the decaying noise."""
        seconds = _seconds(first, count, rate)
        decay = 10.0 ** (-3.0 * (seconds - self.interval.start) / max(self.interval.duration, 1e-9))
        shape = np.where(seconds < self.interval.start, 0.0, np.minimum(decay, 1.0))
        return (
            amplitude(self.peak_dbfs)
            * _noise(self.seed, "pink", first, count, rate)
            * shape
            * _gate(seconds, self.interval)
        )


@dataclass(frozen=True, slots=True)
class Beeps:
    """A 1 kHz beep at the start of every period, counted from the interval's start: the ear's half of a sync test."""

    interval: Interval
    period_sec: float = 1.0
    beep_sec: float = 0.1
    level_dbfs: float = -12.0

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the beeps within the interval."""
        seconds = _seconds(first, count, rate)
        phase = np.mod(seconds - self.interval.start, self.period_sec)
        # No ramp: the first loud sample is the instant a test looks for.
        heard = (phase < self.beep_sec) & (seconds >= self.interval.start) & (seconds < self.interval.end)
        beeps: Samples = np.sqrt(2) * amplitude(self.level_dbfs) * np.cos(2 * np.pi * 1000.0 * phase) * heard
        return beeps


@dataclass(frozen=True, slots=True)
class Speech:
    """Noise gated like speech: words with short gaps, phrases with pauses between them.

    Attributes
    ----------
    level_dbfs : float
        RMS within a word.
    shortest_pause_sec, longest_pause_sec : float
        Range of the pauses between two phrases.
    """

    interval: Interval
    level_dbfs: float = -22.0
    seed: int = 0
    shortest_pause_sec: float = 0.2
    longest_pause_sec: float = 0.7

    def samples(self, first: int, count: int, rate: int) -> Samples:
        """Return the gated noise within its interval."""
        seconds = _seconds(first, count, rate)
        starts, ends = _words(self)
        word = np.searchsorted(starts, seconds, side="right") - 1
        inside = word >= 0
        edge = np.where(inside, np.minimum(seconds - starts[word], ends[word] - seconds), -1.0)
        # 4.5 syllables a second, 6 dB deep: enough to be speech-like, too little to be taken for a pause. They take
        # 2.5 dB off the power: 10 log10 of the mean of 10 ** (-0.3 * (1 - cos)).
        syllables = 10.0 ** (-3.0 / 20.0 * (1 - np.cos(2 * np.pi * 4.5 * seconds)))
        gate = np.clip(edge / RAMP_SEC, 0, 1) * syllables
        return amplitude(self.level_dbfs + 2.5) * _noise(self.seed, "voice", first, count, rate) * gate

    @property
    def pauses(self) -> tuple[Interval, ...]:
        """The silences of at least 150 ms between two words."""
        starts, ends = _words(self)
        gaps = zip(ends[:-1].tolist(), starts[1:].tolist(), strict=True)
        return tuple(Interval(end, start) for end, start in gaps if start - end >= MIN_PAUSE_SEC)


MIN_PAUSE_SEC = 0.15
"""A dip this long is a pause in which a clip may begin or end; shorter ones occur within words."""


@lru_cache(maxsize=16)
def _words(speech: Speech) -> tuple[Samples, Samples]:
    """Lay out the words of a speech: their starts and ends in seconds, ascending."""
    rng = np.random.default_rng(speech.seed)
    count = int(speech.interval.duration / 0.25) + 2
    lengths = rng.uniform(0.22, 0.6, count)
    gaps = rng.uniform(0.03, 0.07, count)
    phrase_ends = np.cumsum(rng.integers(2, 6, count)) - 1
    phrase_ends = phrase_ends[phrase_ends < count]
    gaps[phrase_ends] = rng.uniform(speech.shortest_pause_sec, speech.longest_pause_sec, len(phrase_ends))
    starts = speech.interval.start + np.concatenate([[0.0], np.cumsum(lengths + gaps)[:-1]])
    ends = np.minimum(starts + lengths, speech.interval.end)
    kept = ends - starts > 2 * RAMP_SEC
    return starts[kept], ends[kept]


def _seconds(first: int, count: int, rate: int) -> Samples:
    return (first + np.arange(count)) / rate


def _gate(seconds: Samples, interval: Interval) -> Samples:
    """1 within the interval, with ramps inside its edges; 0 outside."""
    edge = np.minimum(seconds - interval.start, interval.end - seconds)
    return np.clip(edge / RAMP_SEC, 0, 1)


def _noise(seed: int, color: NoiseColor, first: int, count: int, rate: int) -> Samples:
    loop = _noise_loop(seed, color, rate)
    return loop[(first + np.arange(count)) % _NOISE_LOOP]


@lru_cache(maxsize=32)
def _noise_loop(seed: int, color: NoiseColor, rate: int) -> Samples:
    """Noise of unit RMS that repeats without a seam (its spectrum is shaped in the frequency domain)."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(_NOISE_LOOP))
    frequency = np.fft.rfftfreq(_NOISE_LOOP, 1 / rate)
    if color == "pink":
        spectrum[1:] /= np.sqrt(frequency[1:])
    elif color in _BANDS_HZ:
        low, high = _BANDS_HZ[color]
        # Second-order roll-off on both sides.
        spectrum *= (frequency / low) ** 2 / (1 + (frequency / low) ** 2) / (1 + (frequency / high) ** 2)
    spectrum[0] = 0
    loop = np.fft.irfft(spectrum, _NOISE_LOOP)
    return np.asarray(loop / np.sqrt(np.mean(loop**2)))
