"""Onset strength: how much louder the bands of the spectrum become from one instant to the next.

Spectral flux as in Böck & Widmer, "Maximum filter vibrato suppression for onset detection" (DAFx 2013), without the
maximum filter: the mean over bands of the positive part of the change in level. A beat, a shot, a shout and a word each
start with energy across bands; steady loud sound has none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.loudness import decibels

BANDS = 24
"""About two bands per octave from `MIN_HZ` to `MAX_HZ`; close to the 24 critical bands of hearing (Zwicker 1961)."""

MIN_HZ = 60.0
MAX_HZ = 14_000.0

_FLOOR_DB = -80.0  # quieter changes are codec noise


def band_edges(frequencies: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first bin of each band and the end of the last, shape ``(bands + 1,)``.

    Bands narrower than a bin merge.

    Parameters
    ----------
    frequencies : ndarray
        Frequency of each bin in Hz, rising.
    """
    highest = min(MAX_HZ, float(frequencies[-1]))
    edges = np.geomspace(min(MIN_HZ, highest / 2), highest, BANDS + 1)
    return np.unique(np.searchsorted(frequencies, edges))


def band_levels(power: NDArray[np.float32], edges: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the level of each band, in dB.

    Parameters
    ----------
    power : ndarray
        Power of each bin as a share of full scale, shape ``(n, bins)``.
    edges : ndarray
        The result of `band_edges`.

    Returns
    -------
    ndarray
        Shape ``(n, bands)``, float32, at least -80.
    """
    sums = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    return np.maximum(decibels(sums), _FLOOR_DB).astype(np.float32)


def onset_strength(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean increase over bands, in dB, of each row against the previous one.

    Parameters
    ----------
    levels : ndarray
        Shape ``(n + 1, bands)``: the first row precedes the requested ones.

    Returns
    -------
    ndarray
        Shape ``(n,)``, float32, at least 0.
    """
    return np.asarray(np.maximum(np.diff(levels, axis=0), 0.0).mean(axis=1), np.float32)
