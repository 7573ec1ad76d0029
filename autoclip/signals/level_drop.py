"""Drops of level, as after a blow, at the end of an uproar, or when everything stops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from autoclip.signals.table import ENVELOPE_STEP_SEC
from autoclip.timeline import Grid

SPAN_SEC = 1.5
"""Length in seconds that is compared before and after: longer than the pause between two words or blows, shorter than
most events.

With 1 s and 2 s the recorded matches score the same within 0.02.
"""

AROUND_SEC, AFTER_SEC = 1.5, (1.0, 3.0)
"""The time around an instant, and the time after it, whose levels `level_fall_series` compares, in seconds.

Events of the recorded matches lie about a second before the sound falls.
"""

FLOOR_DBFS = -70.0
"""Silence in dBFS; a drop below it does not count (the absolute gate of EBU R128 lies there)."""


def level_drop_series(envelope_dbfs: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the greatest drop of the level in each step: its mean over `SPAN_SEC` before minus that after.

    Parameters
    ----------
    envelope_dbfs : ndarray
        Level every `ENVELOPE_STEP_SEC` in dBFS, shape ``(n,)``; NaN without audio.
    grid : Grid
        The sampling grid.

    Returns
    -------
    ndarray
        In dB, at least 0; shape ``(grid.count,)``, float32; 0 in steps without audio.
    """
    if envelope_dbfs.size == 0:
        return np.zeros(grid.count, np.float32)
    level = _audible(envelope_dbfs)
    hops = round(SPAN_SEC / ENVELOPE_STEP_SEC)
    means = np.pad(uniform_filter1d(level, hops, output=np.float64, mode="nearest"), hops // 2 + 1, mode="edge")
    fall = np.maximum(means[: level.size] - means[-level.size :], 0.0).astype(np.float32)
    step = ((np.arange(level.size) + 0.5) * ENVELOPE_STEP_SEC / grid.step_sec).astype(np.int32)
    drop = np.zeros(grid.count + 1, np.float32)  # the last one takes what lies behind the grid
    np.maximum.at(drop, np.minimum(step, grid.count), fall)
    return drop[:-1]


def level_fall_series(envelope_dbfs: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return how far the level around each step exceeds the level that follows.

    Parameters
    ----------
    envelope_dbfs, grid
        As in `level_drop_series`.

    Returns
    -------
    ndarray
        The mean level over `AROUND_SEC` minus that of `AFTER_SEC` later, in dB, at least 0; shape ``(grid.count,)``,
        float32.
    """
    if envelope_dbfs.size == 0:
        return np.zeros(grid.count, np.float32)
    level = _audible(envelope_dbfs)
    sums = np.concatenate(([0.0], np.cumsum(level, dtype=np.float64)))
    spans = ((-AROUND_SEC / 2, AROUND_SEC / 2), AFTER_SEC)
    middles = grid.times + grid.step_sec / 2
    around, later = (_span_means(sums, middles, *span) for span in spans)
    return np.maximum(around - later, 0.0).astype(np.float32)


def _audible(envelope_dbfs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Raise silence, and what was not measured, to `FLOOR_DBFS`."""
    return np.maximum(np.nan_to_num(envelope_dbfs, nan=FLOOR_DBFS), np.float32(FLOOR_DBFS))


def _span_means(
    sums: NDArray[np.float64], times: NDArray[np.float64], start_sec: float, end_sec: float
) -> NDArray[np.float64]:
    """Return the mean level from `start_sec` to `end_sec` after each time, given the cumulative sums of the levels."""
    last = sums.size - 1
    first = np.clip(np.round((times + start_sec) / ENVELOPE_STEP_SEC).astype(np.intp), 0, last - 1)
    after = np.clip(np.round((times + end_sec) / ENVELOPE_STEP_SEC).astype(np.intp), first + 1, last)
    means: NDArray[np.float64] = (sums[after] - sums[first]) / (after - first)
    return means
