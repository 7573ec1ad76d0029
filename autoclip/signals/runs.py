"""Runs: spans in which a condition holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Runs:
    """Maximal spans of true values.

    Attributes
    ----------
    first : ndarray
        Index of each span's first value, shape ``(n,)``.
    after : ndarray
        Index after its last value, shape ``(n,)``.
    """

    first: NDArray[np.intp]
    after: NDArray[np.intp]


def runs_of(condition: NDArray[np.bool_]) -> Runs:
    """Return the runs of true values in `condition`, shape ``(n,)``."""
    edges = np.diff(np.concatenate([[False], condition, [False]]).astype(np.int8))
    return Runs(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1))
