"""Loudness: RMS and dBFS of the samples, and perceived loudness (ITU-R BS.1770-5, EBU R 128)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR_DB = -120.0
"""Lowest level in dB that is distinguished from digital silence."""

MOMENTARY_SEC = 0.4
"""Window of momentary loudness in seconds (EBU Tech 3341, 2.2)."""

_LUFS_OFFSET = -0.691  # dB, so that a 997 Hz sine at 0 dBFS in one front channel is -3.01 LKFS (BS.1770-5, annex 1)
_SURROUND = frozenset({"SL", "SR", "BL", "BR"})
_SURROUND_WEIGHT = 1.41  # BS.1770-5, annex 1, table 3
_LOW_FREQUENCY = frozenset({"LFE", "LFE2"})


def channel_weights(channels: tuple[str, ...]) -> NDArray[np.float32]:
    """Return each channel's weight in loudness (BS.1770-5, annex 1, table 3)."""
    return np.array(
        [0.0 if name in _LOW_FREQUENCY else _SURROUND_WEIGHT if name in _SURROUND else 1.0 for name in channels],
        np.float32,
    )


def k_weighting(frequencies: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
    """Return the power gain of the K-weighting filter at each frequency.

    Both biquads of BS.1770-5, annex 1, redesigned for the sample rate from the analog parameters that give the
    Recommendation's coefficients at 48 kHz (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness
    measurement", AES 145, 2018).

    Parameters
    ----------
    frequencies : ndarray
        Frequencies in Hz, any shape.
    rate : int
        Sample rate in Hz.
    """
    z = np.exp(-2j * np.pi * frequencies / rate)
    shelf_b, shelf_a = _shelf(rate)
    highpass_b, highpass_a = _highpass(rate)
    response = np.polyval(shelf_b[::-1], z) / np.polyval(shelf_a[::-1], z)
    response = response * np.polyval(highpass_b[::-1], z) / np.polyval(highpass_a[::-1], z)
    return np.asarray(np.abs(response) ** 2, np.float32)


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``10 log10(power)``, at least `FLOOR_DB`; NaN stays NaN."""
    return np.maximum(10.0 * np.log10(np.maximum(power, 1e-30)), FLOOR_DB)


def momentary_loudness(weighted_power: NDArray[np.float32], hop_sec: float) -> NDArray[np.float64]:
    """Return the loudness of the 400 ms around each hop, in LUFS.

    Parameters
    ----------
    weighted_power : ndarray
        Mean square of the K-weighted channels, summed by their weights, of each hop; shape ``(n,)``; NaN without audio.
    hop_sec : float
        Length of a hop in seconds.

    Returns
    -------
    ndarray
        Shape ``(n,)``, float64, at least `FLOOR_DB`; NaN where half of the window or more was not measured.
    """
    window = max(1, round(MOMENTARY_SEC / hop_sec))
    measured = ~np.isnan(weighted_power)
    total = _moving_sum(np.where(measured, weighted_power, 0.0), window)
    count = _moving_sum(measured.astype(np.float64), window)
    mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > window / 2)
    return np.maximum(_LUFS_OFFSET + decibels(mean), FLOOR_DB)


def _moving_sum(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the sum over the `window` values around each value, fewer at the ends."""
    before = window // 2
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    starts = np.clip(np.arange(len(values)) - before, 0, len(values))
    ends = np.clip(starts + window - np.maximum(before - np.arange(len(values)), 0), 0, len(values))
    return np.asarray(np.maximum(running[ends] - running[starts], 0.0))


def _shelf(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coefficients of stage 1, the high shelf that models the head."""
    frequency, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * frequency / rate)
    high = 10.0 ** (gain_db / 20.0)
    band = high**0.4996667741545416
    scale = 1.0 + k / quality + k * k
    b = np.array([high + band * k / quality + k * k, 2.0 * (k * k - high), high - band * k / quality + k * k])
    return b / scale, np.array([1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / quality + k * k) / scale])


def _highpass(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coefficients of stage 2, the revised low-frequency B curve."""
    frequency, quality = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * frequency / rate)
    scale = 1.0 + k / quality + k * k
    a = np.array([1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / quality + k * k) / scale])
    return np.array([1.0, -2.0, 1.0]), a
