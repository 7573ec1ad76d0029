"""Normalize signals of different units to one scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def z_score(values: ArrayLike) -> NDArray[np.float32]:
    """Return each value's distance from the mean in standard deviations: ``(x - mean(x)) / std(x)``.

    Parameters
    ----------
    values : array_like
        Any shape; NaN where nothing was measured.

    Returns
    -------
    ndarray
        Same shape, float32. NaN stays NaN and is ignored by the mean and the population standard deviation
        (``numpy.std``). A constant signal gives zeros.
    """
    exact = np.asarray(values, dtype=np.float64)
    measured = exact[~np.isnan(exact)]
    if measured.size == 0:
        return exact.astype(np.float32)
    mean, deviation = measured.mean(), measured.std()
    # Rounding alone gives a constant signal a deviation of about one unit in the last place.
    varies = deviation > 1e-9 * max(1.0, float(np.abs(measured).max()))
    centered = exact - mean
    scaled = centered / deviation if varies else centered * 0.0
    return np.asarray(scaled, dtype=np.float32)
