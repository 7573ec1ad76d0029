"""Arrays that grow at their end and spill to disk once they are long.

The first part stays in memory. The rest is written to an unnamed temporary file, which the system removes when the
process ends for any reason. A pass therefore takes as much memory for hours of video as for minutes.
"""

from __future__ import annotations

import tempfile
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import StorageError

Scalar = TypeVar("Scalar", bound=np.generic)

IN_MEMORY_BYTES = 128 * 1024
"""Bytes of each array that stay in memory: 18 min of one float per frame at 30 fps."""


class SpooledArray(Generic[Scalar]):
    """An array whose last axis grows.

    Parameters
    ----------
    like : ndarray
        An array with the same dtype and the same shape except for the last axis.
    fill : float
        Value of skipped elements.
    """

    def __init__(self, like: NDArray[Scalar], fill: float = 0.0) -> None:
        self._dtype = like.dtype
        self._shape = like.shape[:-1]
        self._fill = fill
        self._count = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - `__del__` closes it

    def __del__(self) -> None:
        """Close the file of a pass that ended early."""
        self._file.close()

    def write(self, first: int, values: NDArray[Scalar]) -> None:
        """Write values at an index at or after the end; skipped elements are filled.

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
        """Write values at the end."""
        self.write(self._count, values)

    def finish(self) -> NDArray[Scalar]:
        """Return the written values, read-only; nothing may be written afterwards."""
        self._file.seek(0)
        with self._file:
            rows = np.frombuffer(self._file.read(), self._dtype)
        return np.moveaxis(rows.reshape(self._count, *self._shape), 0, -1)
