"""Ramps: spans in which a value changes linearly from one level to another and is constant before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CORNERS = 56  # per side; trying more corners in a span does not change scores noticeably


@dataclass(frozen=True, slots=True)
class Ramp:
    """The ramp that fits a series best.

    Attributes
    ----------
    first, last : int
        Index of the last value at the old level, and of the first at the new one.
    fit : float
        Share of the series' variance that it explains, in [0, 1].
    """

    first: int
    last: int
    fit: float


def best_ramp(seconds: NDArray[np.float64], values: NDArray[np.float64]) -> Ramp:
    """Fit a constant, a ramp and a constant by least squares.

    Parameters
    ----------
    seconds : ndarray
        Time of each value, ascending, shape ``(n,)``, n > 1.
    values : ndarray
        Shape ``(n,)``.
    """
    corner = np.unique(np.append(np.arange(0, len(seconds), max(1, len(seconds) // _CORNERS)), len(seconds) - 1))
    a, b = (grid.ravel() for grid in np.meshgrid(corner, corner, indexing="ij"))
    a, b = a[b > a], b[b > a]
    ramps = np.clip((seconds[None, :] - seconds[a][:, None]) / (seconds[b] - seconds[a])[:, None], 0.0, 1.0)
    ramps -= ramps.mean(axis=1, keepdims=True)
    centered = values - values.mean()
    explained = (ramps @ centered) ** 2 / np.maximum((ramps**2).sum(axis=1), 1e-12)
    best = int(np.argmax(explained))
    total = float(centered @ centered)
    return Ramp(int(a[best]), int(b[best]), float(explained[best]) / total if total > 0 else 0.0)
