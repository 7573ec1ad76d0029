"""Perceptual hash of a frame: near-duplicates differ in few bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS, _COLUMNS = 8, 9
_FLAT = 1.0  # code values: smaller steps between cells are noise, and would make hashes of black frames random


def difference_hash(luma: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the difference hash of each frame: whether each of 8 x 8 cells is brighter than its left neighbor.

    Neal Krawetz, "Kind of Like That" (2013), www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html

    Parameters
    ----------
    luma : ndarray
        Reduced frames, shape ``(n, height, width)``, uint8.

    Returns
    -------
    ndarray
        Shape ``(n,)``, uint64.
    """
    count, height, width = luma.shape
    rows = np.arange(_ROWS) * height // _ROWS
    columns = np.arange(_COLUMNS) * width // _COLUMNS
    wide = np.add.reduceat(luma.astype(np.float32), rows, axis=1)
    cells = np.add.reduceat(wide, columns, axis=2)
    tall = np.diff(np.append(rows, height))[:, None]
    broad = np.diff(np.append(columns, width))[None, :]
    means = cells / np.maximum(tall * broad, 1)
    brighter = np.diff(means, axis=2) > _FLAT
    weights = np.uint64(1) << np.arange(_ROWS * (_COLUMNS - 1), dtype=np.uint64)
    return np.asarray((brighter.reshape(count, -1) * weights).sum(axis=1, dtype=np.uint64))


def hashes_on_grid(
    seconds: NDArray[np.float64], hashes: NDArray[np.uint64], starts: NDArray[np.float64]
) -> NDArray[np.uint64]:
    """Return the hash of the latest frame at each step's start, or of the first frame.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each hashed frame, shape ``(n,)``, n > 0.
    hashes : ndarray
        Shape ``(n,)``, uint64.
    starts : ndarray
        Start of each step in seconds.
    """
    return hashes[np.maximum(np.searchsorted(seconds, starts + 1e-9, side="right") - 1, 0)]
