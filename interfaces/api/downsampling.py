"""Downsample series for plots: mean, minimum and maximum of equal buckets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Buckets:
    """One value per bucket: shape ``(count,)``, float64; NaN for a bucket without measured values."""

    mean: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]


def downsample(values: NDArray[np.floating], per_bucket: int) -> Buckets:
    """Reduce a series.

    Parameters
    ----------
    values : ndarray
        Shape ``(n,)``; NaN where nothing was measured, which is left out of the computation.
    per_bucket : int
        Values per bucket; the last bucket may be shorter.

    Returns
    -------
    Buckets
        ``ceil(n / per_bucket)`` buckets.
    """
    count = -(-values.size // per_bucket)
    padded = np.full(count * per_bucket, np.nan)
    padded[: values.size] = values
    runs = padded.reshape(count, per_bucket)
    measured = np.isfinite(runs)
    numbers = measured.sum(axis=1)
    empty = numbers == 0
    totals = np.where(measured, runs, 0.0).sum(axis=1)
    return Buckets(
        mean=np.where(empty, np.nan, totals / np.maximum(numbers, 1)),
        min=np.where(empty, np.nan, np.where(measured, runs, np.inf).min(axis=1, initial=np.inf)),
        max=np.where(empty, np.nan, np.where(measured, runs, -np.inf).max(axis=1, initial=-np.inf)),
    )


def nulls(values: NDArray[np.float64], digits: int = 6) -> list[float | None]:
    """Round values for JSON; missing values become null."""
    return [round(value, digits) if math.isfinite(value) else None for value in values.tolist()]
