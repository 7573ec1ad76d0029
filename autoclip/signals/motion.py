"""Motion: how much the video changes from one quarter of a second to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.frame_difference import absolute_difference
from autoclip.timeline import Grid


def motion_between(luma: NDArray[np.uint8], span: float) -> NDArray[np.float32]:
    """Return the mean absolute difference between each frame and the previous one, as a share of the full range.

    Parameters
    ----------
    luma : ndarray
        Reduced frames ``1 / motion_fps`` apart, shape ``(n + 1, height, width)``, uint8.
    span : float
        Code values between black and white.

    Returns
    -------
    ndarray
        Shape ``(n,)``, float32.
    """
    return np.asarray(absolute_difference(luma[1:], luma[:-1]) / (luma[0].size * span), np.float32)


def motion_series(seconds: NDArray[np.float64], motion: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Put motion on the sampling grid: the mean of the values in each step.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of the later frame of each pair, shape ``(n,)``.
    motion : ndarray
        The result of `motion_between`, shape ``(n,)``.
    grid : Grid
        The sampling grid.

    Returns
    -------
    ndarray
        Shape ``(grid.count,)``, float32. A step without a value between two measurements (frames further apart than a
        step) has the value of the pair that spans it; before the first and after the last it is NaN.
    """
    step = np.minimum((seconds / grid.step_sec + 1e-9).astype(np.intp), grid.count)
    total = np.bincount(step, motion, minlength=grid.count + 1)[: grid.count]
    number = np.bincount(step, minlength=grid.count + 1)[: grid.count]
    series = np.divide(total, number, out=np.full(grid.count, np.nan), where=number > 0)
    return _span_gaps(series).astype(np.float32)


def _span_gaps(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each step without a value the next value: that pair of frames spans the step."""
    measured = np.flatnonzero(~np.isnan(series))
    if len(measured) == 0:
        return series
    following = measured[np.minimum(np.searchsorted(measured, np.arange(len(series))), len(measured) - 1)]
    spanned = series[following]
    spanned[measured[-1] + 1 :] = np.nan
    return spanned
