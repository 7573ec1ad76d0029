"""Arrays that grow at their end: what a pass over a video collects, without thousands of small arrays.

Small arrays that stay, made between large ones that go, keep the memory of the large ones from being used again: an
hour of video took 40 MB for 8 MB of rows.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

_FIRST_CAPACITY = 4096


class GrowingArray(Generic[Scalar]):
    """One array whose last axis grows.

    Parameters
    ----------
    like : ndarray
        Its type and all but its last axis are the growing array's.
    fill : float
        What a stretch that was never written holds.
    """

    def __init__(self, like: NDArray[Scalar], fill: float = 0.0) -> None:
        self._fill = fill
        self._values = np.full((*like.shape[:-1], _FIRST_CAPACITY), fill, like.dtype)
        self._count = 0

    def write(self, first: int, values: NDArray[Scalar]) -> None:
        """Put values at an index; the array grows as far as they reach."""
        after = first + values.shape[-1]
        capacity = self._values.shape[-1]
        if after > capacity:
            more = np.full((*self._values.shape[:-1], max(after, 2 * capacity)), self._fill, self._values.dtype)
            more[..., :capacity] = self._values
            self._values = more
        self._values[..., first:after] = values
        self._count = max(self._count, after)

    def append(self, values: NDArray[Scalar]) -> None:
        """Put values at the end."""
        self.write(self._count, values)

    def finish(self) -> NDArray[Scalar]:
        """Return what was written, shape ``(..., n)``; a view, so nothing may be written after."""
        return self._values[..., : self._count]
