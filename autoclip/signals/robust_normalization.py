"""Robust normalization, unaffected by a section that is much louder, or much longer, than the rest.

Both functions take one series, shape ``(n,)``, float64. NaN (nothing measured) stays NaN and is ignored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation (Rousseeuw & Croux 1993)."""

_HOPS = 60
"""Windows begin a sixtieth of their length apart: for ten minutes, every ten seconds."""

_SAMPLES = 240
"""Number of values sampled in a window: the error of a median of 240 values is under a tenth of their deviation."""

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]


def robust_z_score(series: Series, counted: Mask | None = None, *, least_deviation: float = 0.0) -> Series:
    """Return ``(x - median) / max(1.4826 MAD, least_deviation)``: a few extreme values can't shift it.

    Parameters
    ----------
    series : ndarray
        Shape ``(n,)``; NaN where nothing was measured.
    counted : ndarray of bool, optional
        Shape ``(n,)``: values used for the median and the deviation; all by default.
    least_deviation : float
        Minimum spread, in the unit of the series. With a spread of zero the score is zero throughout.
    """
    values = series[_known(series, counted)]
    if values.size == 0:
        return series * 0.0
    median = float(np.median(values))
    deviation = max(MAD_TO_SIGMA * float(np.median(np.abs(values - median))), least_deviation)
    return (series - median) / deviation if deviation > 0 else series * 0.0


def local_robust_z_score(
    series: Series, counted: Mask | None = None, *, window: int, least_deviation: float = 0.0
) -> Series:
    """Return the robust z-score of each value against its surroundings: every part of a long video has its highlights.

    Of the windows that end at, surround and begin at a value, one is its surroundings: the most homogeneous (lowest
    MAD) and closest in level to the moment (the median of a sixteenth of a window). A loud half hour therefore does not
    raise the bar for the quiet minute before it, and its own first minute is not all highlight. Choosing the side of an
    edge by homogeneity is Kuwahara's filter (Kuwahara et al. 1976, "Processing of RI-angiocardiographic images"). With
    at most `window` values this is `robust_z_score`.

    Parameters
    ----------
    series, counted, least_deviation
        As in `robust_z_score`.
    window : int
        Number of values in each window.
    """
    if series.size <= window:
        return robust_z_score(series, counted, least_deviation=least_deviation)
    known = np.where(_known(series, counted), series, np.nan)
    starts = _starts(series.size, window)
    medians, deviations = _window_statistics(known, starts, window)
    nearest = _surroundings(starts, medians, deviations, _moment_levels(known, window), window)
    scale = np.maximum(deviations[nearest], least_deviation)
    usable = (scale > 0) & np.isfinite(scale)
    return np.divide(series - medians[nearest], scale, out=series * 0.0, where=usable)


def _known(series: Series, counted: Mask | None) -> Mask:
    measured: Mask = ~np.isnan(series)
    return measured if counted is None else measured & counted


def _window_statistics(known: Series, starts: NDArray[np.intp], window: int) -> tuple[Series, Series]:
    """Return median and 1.4826 MAD of the windows that begin at `starts`.

    A window with under a tenth of its values known has infinite spread.
    """
    thinned = np.lib.stride_tricks.sliding_window_view(known, window)[starts, :: max(1, window // _SAMPLES)]
    ordered = np.sort(thinned, axis=1)
    counts = np.count_nonzero(~np.isnan(ordered), axis=1)
    medians = _middle(ordered, counts)
    deviations = MAD_TO_SIGMA * _middle(np.sort(np.abs(ordered - medians[:, None]), axis=1), counts)
    return medians, np.where(counts < thinned.shape[1] / 10, np.inf, deviations)


def _middle(ordered: Series, counts: NDArray[np.intp]) -> Series:
    """Return the median of the first `counts` values of each sorted row; NaN without values."""
    rows = np.arange(counts.size)
    last = np.maximum(counts - 1, 0)
    middle: Series = (ordered[rows, last // 2] + ordered[rows, (last + 1) // 2]) / 2
    return middle


def _moment_levels(known: Series, window: int) -> Series:
    """Return the median of the sixteenth of a window around each value; missing values repeat the previous one."""
    positions = np.where(np.isnan(known), 0, np.arange(known.size))
    filled = np.nan_to_num(known[np.maximum.accumulate(positions)])
    levels: Series = median_filter(filled, max(1, window // 16), mode="nearest")
    return levels


def _starts(size: int, window: int) -> NDArray[np.intp]:
    """Return where windows begin, so that the last one ends with the series."""
    return np.append(np.arange(0, size - window, max(1, window // _HOPS)), size - window)


def _surroundings(
    starts: NDArray[np.intp], medians: Series, deviations: Series, levels: Series, window: int
) -> NDArray[np.intp]:
    """Return, for each value, the index of the best window that ends at, surrounds or begins at it."""
    positions = np.arange(levels.size)
    candidates = np.stack([_nearest(starts, positions - back) for back in (window - 1, window // 2, 0)])
    distances = np.nan_to_num(np.abs(medians[candidates] - levels))
    choice: NDArray[np.intp] = candidates[(deviations[candidates] + distances).argmin(axis=0), positions]
    return choice


def _nearest(ordered: NDArray[np.intp], targets: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the index of the element of `ordered` nearest to each target."""
    right = np.clip(np.searchsorted(ordered, targets), 1, ordered.size - 1)
    closer_left = targets - ordered[right - 1] <= ordered[right] - targets
    nearest: NDArray[np.intp] = right - closer_left
    return nearest
