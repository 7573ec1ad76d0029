"""Convert samples to one row every 20 ms: energy, K-weighted energy and onset strength, on the video's timeline.

Samples come in blocks as they are decoded, and are dropped once their rows are computed. Without audio (a gap in the
timestamps, before the first sample, after the last) a row is NaN, not silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft, rfftfreq

from autoclip.signals.loudness import channel_weights, decibels, k_weighting, momentary_loudness
from autoclip.signals.onset import band_edges, band_levels, onset_strength
from autoclip.signals.speech_activity import speech_activity
from autoclip.signals.spooled_array import SpooledArray
from autoclip.signals.table import ENVELOPE_STEP_SEC
from autoclip.timeline import JITTER_SEC, Grid

HOP_SEC = ENVELOPE_STEP_SEC

MIDBAND_HZ = (500.0, 2000.0)
"""The octaves around 1 kHz, which contain shouts, cheers, blows and speech, but not the bass of music or the hiss of
rain.
"""

MIDBAND_SEC = 0.1
"""Window of the mid-band level in seconds: about the time over which the ear integrates the energy of a short sound
(temporal integration, 100-200 ms; Zwicker & Fastl, "Psychoacoustics", chapter 8).
"""

_BATCH_HOPS = 16  # so that intermediate results stay in the CPU cache


@dataclass(frozen=True, slots=True)
class AudioRows:
    """The measured rows of the audio.

    Attributes
    ----------
    mean_square : ndarray
        Mean square of the mono mix (mean of the channels) of each hop; shape ``(n,)``, float32.
    weighted_power : ndarray
        Mean square of the K-weighted channels, summed by their weights (BS.1770), of each hop.
    midband_power : ndarray
        Power of the mono mix from `MIDBAND_HZ` of each hop.
    onset : ndarray
        Onset strength of each hop, in dB.
    """

    mean_square: NDArray[np.float32]
    weighted_power: NDArray[np.float32]
    midband_power: NDArray[np.float32]
    onset: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioSeries:
    """Audio signals on the sampling grid, shapes ``(grid.count,)``, float32, NaN without audio.

    The units are those of `table.SIGNAL_UNITS`.
    """

    audio_rms: NDArray[np.float32]
    audio_dbfs: NDArray[np.float32]
    loudness_lufs: NDArray[np.float32]
    midband_dbfs: NDArray[np.float32]
    onset_strength: NDArray[np.float32]
    speech_activity: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """Converts samples at one rate to band powers.

    `scale` makes squared magnitudes a share of full scale. `weighting` also applies the K-weighting; its values
    alternate for the squares of the real and imaginary parts.
    """

    length: int
    window: NDArray[np.float32]
    scale: NDArray[np.float32]
    weighting: NDArray[np.float32]
    midband: slice
    edges: NDArray[np.intp]


class AudioAnalyzer:
    """Converts blocks of samples to rows; blocks must be in order of time."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        self._measured = 0  # hops; if the clock is set back, no hop is measured again
        self._rows = SpooledArray(np.empty((4, 0), np.float32), fill=np.nan)

    def push(self, start: int, rate: int, channels: tuple[str, ...], samples: NDArray[np.float32]) -> None:
        """Take a block of samples.

        Parameters
        ----------
        start : int
            Position of the first sample, counted from time 0; samples before time 0 are not measured.
        rate : int
            Sample rate in Hz.
        channels : tuple of str
            Names of the channels.
        samples : ndarray
            Shape ``(channels, count)``, float32, full scale = 1.
        """
        if self._run is None or not self._run.continues(start, rate, channels):
            self._end_run()
            self._run = _Run(start, rate, channels, self._measured)
        self._run.add(samples)
        if self._run.has_a_batch:
            self._measure(self._run, final=False)

    def finish(self) -> AudioRows | None:
        """Return the rows of all blocks; None if there was no audio at all."""
        self._end_run()
        rows = self._rows.finish()
        return AudioRows(*rows) if rows.shape[1] else None

    def _end_run(self) -> None:
        if self._run is not None:
            self._measure(self._run, final=True)
            self._measured = self._run.measured
            self._run = None

    def _measure(self, run: _Run, *, final: bool) -> None:
        first = run.measured
        self._rows.write(first, run.rows(final=final))


class _Run:
    """Consecutive samples without a gap."""

    def __init__(self, start: int, rate: int, channels: tuple[str, ...], measured: int) -> None:
        self._rate = rate
        self._channels = channels
        self._spectrum = _spectrum(rate)
        self._weights = channel_weights(channels)
        self._next = start  # position of the next sample
        self._blocks: list[NDArray[np.float32]] = []
        self._hop = max(measured, _first_hop(start, rate))
        self._buffer_start = start
        self._levels: NDArray[np.float32] | None = None
        self._batch_end = 0.0
        self._await_batch()

    @property
    def measured(self) -> int:
        """Return the number of hops from time 0 that need not be measured again."""
        return self._hop

    def continues(self, start: int, rate: int, channels: tuple[str, ...]) -> bool:
        """Whether a block continues these samples."""
        return rate == self._rate and channels == self._channels and abs(start - self._next) <= JITTER_SEC * rate

    @property
    def has_a_batch(self) -> bool:
        """Whether enough samples are available to be processed together."""
        return self._next >= self._batch_end

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append a block; its position follows from the sample count, not from its timestamp's jitter."""
        self._blocks.append(samples)
        self._next += samples.shape[1]

    def rows(self, *, final: bool) -> NDArray[np.float32]:
        """Return the rows that can be computed, shape ``(4, n)``; unless `final`, rows that need later samples wait."""
        ready = self._next - (0 if final else self._spectrum.length // 2)
        end_hop = int(ready / (self._rate * HOP_SEC) + 1e-9)
        if end_hop <= self._hop:
            return np.empty((4, 0), np.float32)
        samples = np.concatenate(self._blocks, axis=1) if len(self._blocks) > 1 else self._blocks[0]
        hops = np.arange(self._hop, end_hop)
        starts = np.rint(hops * (self._rate * HOP_SEC)).astype(np.int64) - self._buffer_start
        rows = self._measure(samples, starts)
        self._hop = end_hop
        self._drop(samples)
        self._await_batch()
        return rows

    def _await_batch(self) -> None:
        self._batch_end = (self._hop + _BATCH_HOPS) * self._rate * HOP_SEC + self._spectrum.length // 2

    def _drop(self, samples: NDArray[np.float32]) -> None:
        """Drop the samples that no later row needs."""
        keep_from = max(0, int(self._hop * self._rate * HOP_SEC) - self._spectrum.length - self._buffer_start)
        self._blocks = [samples[:, keep_from:].copy()]
        self._buffer_start += keep_from

    def _measure(self, samples: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        hop, length = round(self._rate * HOP_SEC), self._spectrum.length
        before = (length - hop) // 2
        padded = np.pad(samples, ((0, 0), (before, length)))
        of_hop = sliding_window_view(np.add.reduce(padded) / np.float32(len(padded)), hop)[starts + before]
        mean_square = np.einsum("ij,ij->i", of_hop, of_hop) / hop
        spectra = rfft(sliding_window_view(padded, length, axis=1)[:, starts] * self._spectrum.window, axis=2)
        mix = np.square((np.add.reduce(spectra) / np.float32(len(spectra))).view(np.float32))
        mixed = (mix[:, ::2] + mix[:, 1::2]) * self._spectrum.scale
        weighted = self._weights @ (np.square(spectra.view(np.float32)) @ self._spectrum.weighting)
        midband = mixed[:, self._spectrum.midband].sum(axis=1)
        return np.stack([mean_square, weighted, midband, self._onset(mixed)]).astype(np.float32)

    def _onset(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        levels = band_levels(power, self._spectrum.edges)
        # The first row of a run has no predecessor, so it has no onset.
        before = levels[:1] if self._levels is None else self._levels
        self._levels = levels[-1:]
        return onset_strength(np.concatenate([before, levels]))


def audio_series(rows: AudioRows, grid: Grid) -> AudioSeries:
    """Put rows on the sampling grid.

    ``audio_rms`` and ``audio_dbfs`` are computed from the energy of the whole step. ``loudness_lufs`` is the loudest
    momentary loudness centered in it, ``midband_dbfs`` the loudest `MIDBAND_SEC` of the mid-band, ``onset_strength``
    and ``speech_activity`` the mean.
    """
    step_of_row = np.minimum(((np.arange(len(rows.onset)) + 0.5) * HOP_SEC / grid.step_sec).astype(np.intp), grid.count)
    mean_square = _step_mean(rows.mean_square, step_of_row, grid.count)
    return AudioSeries(
        audio_rms=np.sqrt(mean_square).astype(np.float32),
        audio_dbfs=decibels(mean_square).astype(np.float32),
        loudness_lufs=_step_max(momentary_loudness(rows.weighted_power, HOP_SEC), step_of_row, grid.count),
        midband_dbfs=_step_max(_midband_level(rows.midband_power), step_of_row, grid.count),
        onset_strength=_step_mean(rows.onset, step_of_row, grid.count).astype(np.float32),
        speech_activity=_step_mean(speech_activity(rows.midband_power, HOP_SEC), step_of_row, grid.count).astype(
            np.float32
        ),
    )


def envelope_dbfs(rows: AudioRows, duration_sec: float) -> NDArray[np.float32]:
    """Return the level of the mono mix every `HOP_SEC`, in dBFS; NaN without audio."""
    envelope = np.full(Grid.covering(duration_sec, HOP_SEC).count, np.nan, np.float32)
    count = min(len(envelope), len(rows.mean_square))
    envelope[:count] = decibels(rows.mean_square[:count].astype(np.float64))
    return envelope


def _midband_level(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the level of the `MIDBAND_SEC` around each hop, in dBFS; NaN if one of its hops has no audio."""
    hops = max(1, round(MIDBAND_SEC / HOP_SEC))
    padded = np.pad(power.astype(np.float64), (hops // 2, hops - 1 - hops // 2), mode="edge")
    return decibels(sliding_window_view(padded, hops).mean(axis=1))


def _step_mean(values: NDArray[np.float32], step: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    measured = ~np.isnan(values)
    total = np.bincount(step[measured], values[measured], minlength=count + 1)[:count]
    number = np.bincount(step[measured], minlength=count + 1)[:count]
    return np.asarray(np.divide(total, number, out=np.full(count, np.nan), where=number > 0))


def _step_max(values: NDArray[np.float64], step: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    highest = np.full(count + 1, -np.inf)
    measured = ~np.isnan(values)
    np.maximum.at(highest, step[measured], values[measured])
    return np.where(np.isinf(highest), np.nan, highest)[:count].astype(np.float32)


@lru_cache(maxsize=8)
def _spectrum(rate: int) -> _Spectrum:
    """Return the spectrum of windows two hops long; neighbors overlap by half, so that no onset falls between two."""
    length = 2 * round(rate * HOP_SEC)
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    frequencies = rfftfreq(length, 1.0 / rate)
    # Parseval's theorem for one-sided spectra: all bins but the first and last count twice.
    sides = np.full(len(frequencies), 2.0)
    sides[0] = sides[-1] = 1.0
    scale = (sides / (length * float(np.sum(window**2)))).astype(np.float32)
    midband = slice(*(int(edge) for edge in np.searchsorted(frequencies, MIDBAND_HZ)))
    weighting = np.repeat(scale * k_weighting(frequencies, rate), 2).astype(np.float32)
    return _Spectrum(length, window, scale, weighting, midband, band_edges(frequencies))


def _first_hop(start: int, rate: int) -> int:
    """Return the first hop that begins at or after a position, and at or after time 0."""
    return int(np.ceil(max(start, 0) / (rate * HOP_SEC) - 1e-9))
