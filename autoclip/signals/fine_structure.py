"""Fine structure: what a frame shows apart from its broad light and dark, and how much of it another one shows too.

Two shots can be alike in color and in where light and dark lie (a bright sky above, a dark ground below), but not in
their fine structure. After a camera move the structure lies elsewhere; under a flash it is weaker; under a tint it is
the same. What a program draws over the frame (a score, a status bar) keeps its structure in place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.cells import cell_sums

FINE_ROWS, FINE_COLUMNS = 18, 32
"""Cells of a fine thumbnail: twice as many along each side as of a thumbnail."""

SURROUNDINGS = 5
"""A cell's fine structure is its difference from the mean of this many cells across and down."""

BAR_LEVEL = 20
"""Code value up to which whole rows and columns are letterbox bars."""

MIN_CELLS = 4
"""The row or column beside a bar may be partly covered and is left out, unless fewer than this many remain."""

DOWN, ACROSS = 2, 6
"""Cells by which a frame is moved, at most, to lie on the other."""

NOISE = 0.5
"""Mean square that noise and coding leave of the structure of a flat frame, in squared code values."""

FLAT = 1 / 50
"""A frame with less than this share of the other's structure has none of it."""

SEEN, SAME = 5.0, 5.0
"""A cell has structure from this difference to its surroundings, and keeps it if it changes by no more than that."""

FEW_CELLS = 20
"""With fewer cells of structure than this, the share of those that stay in place says little."""

_BLOCK = 256  # pairs at a time, so that what is in between stays in the processor's cache


@dataclass(frozen=True, slots=True)
class StructureChange:
    """How the fine structure of frames differs from that of others, shape ``(n,)`` each, float32.

    Attributes
    ----------
    unlike : ndarray
        1 - correlation, one frame moved to where it fits best, in [0, 2].
    kept : ndarray
        Share of the structure that is the same at the same place, in [0, 1].
    """

    unlike: NDArray[np.float32]
    kept: NDArray[np.float32]


def fine_thumbnails(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mean luma of each of 32 by 18 cells (fewer for tiny frames), shape ``(n, rows, columns)``, uint8."""
    cells = cell_sums(luma, FINE_ROWS, FINE_COLUMNS)
    return np.asarray((cells.totals + cells.area // 2) // cells.area, np.uint8)


def structure_change(new: NDArray[np.uint8], old: NDArray[np.uint8]) -> StructureChange:
    """Compare the fine thumbnails of frames with those of others, pair by pair; shape ``(n, rows, columns)`` each."""
    parts = [_change(new[start : start + _BLOCK], old[start : start + _BLOCK]) for start in range(0, len(new), _BLOCK)]
    none = [np.zeros(0, np.float32)]
    unlike, kept = ([getattr(part, name) for part in parts] for name in ("unlike", "kept"))
    return StructureChange(np.concatenate(unlike or none), np.concatenate(kept or none))


def _change(new: NDArray[np.uint8], old: NDArray[np.uint8]) -> StructureChange:
    one, other = new.astype(np.float32), old.astype(np.float32)
    inside = _inside_bars(np.maximum(new, old))
    x, y = _structure(one, inside), _structure(other, inside)
    count = np.maximum(inside.sum(axis=(1, 2)), 1.0)
    seen = np.abs(x) > SEEN, np.abs(y) > SEEN
    same = seen[0] & seen[1] & (np.abs(one - other) <= SAME)
    kept = same.sum(axis=(1, 2)) / np.maximum((seen[0] | seen[1]).sum(axis=(1, 2)), FEW_CELLS)
    unlike = 1.0 - _best_correlation(x, y, NOISE * count)
    return StructureChange(unlike.astype(np.float32), kept.astype(np.float32))


def _inside_bars(brighter: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return 1 for each cell in a row and a column that are not black, and not next to a bar; else 0."""
    seen = [_away_from_bars(brighter.max(axis=axis) > BAR_LEVEL) for axis in (2, 1)]
    return np.asarray(seen[0][:, :, None] & seen[1][:, None, :], np.float32)


def _away_from_bars(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(seen, ((0, 0), (1, 1)), mode="edge")
    away = seen & padded[:, :-2] & padded[:, 2:]
    return np.where(away.sum(axis=1, keepdims=True) >= MIN_CELLS, away, seen)


def _structure(cells: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each cell's difference from the mean of its surroundings, 0 in bars."""
    mean = _box_sum(cells * inside) / np.maximum(_box_sum(inside), 1.0)
    return np.asarray((cells - mean) * inside, np.float32)


def _box_sum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum over the surroundings of each cell."""
    for axis in (1, 2):
        reach = SURROUNDINGS // 2
        edges = [(0, 0), (0, 0), (0, 0)]
        edges[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(values, edges), axis=axis)
        count = values.shape[axis]
        high, low = (np.take(sums, np.arange(by, by + count), axis=axis) for by in (SURROUNDINGS, 0))
        values = high - low
    return values


def _best_correlation(
    x: NDArray[np.float32], y: NDArray[np.float32], noise: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the highest correlation of each pair, one moved over the other; 1 where both are flat."""
    rows, columns = x.shape[1:]
    down, across = min(DOWN, rows - 1), min(ACROSS, columns - 1)
    squares = x * x, y * y
    best = np.full(len(x), -1.0)
    for d in range(-down, down + 1):
        for a in range(-across, across + 1):
            here = slice(None), slice(max(0, d), rows + min(0, d)), slice(max(0, a), columns + min(0, a))
            there = slice(None), slice(max(0, -d), rows + min(0, -d)), slice(max(0, -a), columns + min(0, -a))
            one, other = squares[0][here].sum(axis=(1, 2)), squares[1][there].sum(axis=(1, 2))
            flat = np.minimum(one, other) < FLAT * np.maximum(one, other)
            norm = np.where(flat, (one + other) / 2, np.sqrt(one * other))
            product = np.einsum("nij,nij->n", x[here], y[there])
            np.maximum(best, (product + noise) / (norm + noise), out=best)
    return np.asarray(best, np.float32)
