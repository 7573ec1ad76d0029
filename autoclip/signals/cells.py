"""Cells: equal rectangles of a frame, over which its luma is added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CellSums:
    """Sums of luma over cells.

    Attributes
    ----------
    totals : ndarray
        Sum of each cell in code values, shape ``(n, rows, columns)``, uint32.
    area : int
        Samples in each cell.
    """

    totals: NDArray[np.uint32]
    area: int


def cell_sums(luma: NDArray[np.uint8], rows: int, columns: int) -> CellSums:
    """Add up frames over `rows` by `columns` cells, fewer for tiny frames; `luma` has the shape ``(n, height, width)``.

    Samples that don't fill a cell at the right and lower edge are left out.
    """
    count, height, width = luma.shape
    rows, columns = min(rows, height), min(columns, width)
    tall, wide = height // rows, width // columns
    cells = luma[:, : rows * tall, : columns * wide].reshape(count, rows, tall, columns * wide)
    sums = cells[:, :, 0].astype(np.uint16)
    for row in range(1, tall):
        sums += cells[:, :, row]
    totals = np.add.reduceat(sums, np.arange(0, columns * wide, wide), axis=2, dtype=np.uint32)
    return CellSums(totals, tall * wide)
