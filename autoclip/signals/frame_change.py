"""Change between consecutive decoded frames: motion at the rate of the video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.timeline import Grid


def change_series(seconds: NDArray[np.float64], change: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Put the change on the sampling grid: the median of each step.

    A cut, a flash or a repeated frame is a single value of a step and does not affect the median.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each frame, shape ``(n,)``, ascending.
    change : ndarray
        Mean absolute difference to the frame before, as a share of the full range; infinite for the first.
    grid : Grid
        The sampling grid.

    Returns
    -------
    ndarray
        Shape ``(grid.count,)``, float32; NaN in a step without consecutive frames.
    """
    series = np.full(grid.count, np.nan, np.float32)
    measured = np.isfinite(change)
    values = change[measured]
    step = np.minimum((seconds[measured] / grid.step_sec + 1e-9).astype(np.intp), grid.count)
    inside = (step >= 0) & (step < grid.count)
    values, step = values[inside], step[inside]
    order = np.lexsort((values, step))
    values, step = values[order], step[order]
    steps, first, number = np.unique(step, return_index=True, return_counts=True)
    series[steps] = (values[first + (number - 1) // 2] + values[first + number // 2]) / 2
    return series
