"""Arrays that grow at their end: what a pass over a video collects, kept out of memory once it is long.

The first stretch waits in memory; what goes beyond it is written to a temporary file without a name, which the system
removes with the process however that ends. So a pass takes as much memory for hours of video as for minutes.
"""

from __future__ import annotations

import tempfile
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import StorageError

Scalar = TypeVar("Scalar", bound=np.generic)

IN_MEMORY_BYTES = 128 * 1024
"""So much of each array stays in memory: 18 min of one float a picture at 30 fps."""


class SpooledArray(Generic[Scalar]):
    """One array whose last axis grows.

    Parameters
    ----------
    like : ndarray
        Its type and all but its last axis are the growing array's.
    fill : float
        What a stretch that was skipped holds.
    """

    def __init__(self, like: NDArray[Scalar], fill: float = 0.0) -> None:
        self._dtype = like.dtype
        self._shape = like.shape[:-1]
        self._fill = fill
        self._count = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - `finish` closes it

    def write(self, first: int, values: NDArray[Scalar]) -> None:
        """Put values at an index, at or after the end; what is skipped is filled.

        Raises
        ------
        StorageError
            If the disk of the temporary folder is full.
        """
        try:
            if first > self._count:
                self._file.write(np.full((first - self._count, *self._shape), self._fill, self._dtype).tobytes())
            self._file.write(np.moveaxis(values, -1, 0).astype(self._dtype, copy=False).tobytes())
        except OSError as error:
            reason = f"{error.strerror}; free space there or set TMPDIR to another folder"
            raise StorageError(f"{tempfile.gettempdir()}: {reason}") from error
        self._count = first + values.shape[-1]

    def append(self, values: NDArray[Scalar]) -> None:
        """Put values at the end."""
        self.write(self._count, values)

    def finish(self) -> NDArray[Scalar]:
        """Return what was written, for reading only; nothing may be written after."""
        self._file.seek(0)
        with self._file:
            rows = np.frombuffer(self._file.read(), self._dtype)
        return np.moveaxis(rows.reshape(self._count, *self._shape), 0, -1)
