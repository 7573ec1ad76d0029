"""Shots: what changes between neighbouring pictures, and where that is a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from autoclip.signals.table import Event

SIDE_PICTURES = 12
"""Pictures looked at on each side of a possible cut."""

LEAST_SCORE = 0.05
"""Weaker candidates are not kept; ``scene_threshold`` can't be set lower either."""


@dataclass(frozen=True, slots=True)
class ShotRows:
    """Cues for each picture against those around it, shape ``(n,)`` each, float32.

    Attributes
    ----------
    colour : ndarray
        Distance of the colour histogram to the picture before, in [0, 1].
    sides : ndarray
        Distance between the mean histograms of the pictures before and of those from this one on, in [0, 1].
    structure : ndarray
        1 - correlation of the thumbnail with that of the picture before, in [0, 2].
    """

    colour: NDArray[np.float32]
    sides: NDArray[np.float32]
    structure: NDArray[np.float32]


def shot_rows(histogram: NDArray[np.float32], thumbnail: NDArray[np.float32], first: int, after: int) -> ShotRows:
    """Measure the cues of some of a run of pictures.

    Parameters
    ----------
    histogram : ndarray
        Shape ``(n, bins)``.
    thumbnail : ndarray
        Shape ``(n, rows, columns)``.
    first, after : int
        The pictures ``[first, after)`` are measured; up to `SIDE_PICTURES` on both sides of them are looked at.
    """
    index = np.arange(first, after)
    before = np.maximum(index - 1, 0)
    running = np.concatenate([np.zeros((1, histogram.shape[1])), np.cumsum(histogram, axis=0, dtype=np.float64)])
    return ShotRows(
        colour=_distance(histogram[index], histogram[before]),
        sides=_distance(_mean(running, index - SIDE_PICTURES, index), _mean(running, index, index + SIDE_PICTURES)),
        structure=(1.0 - _correlation(thumbnail[index], thumbnail[before])).astype(np.float32),
    )


def cut_scores(rows: ShotRows) -> NDArray[np.float32]:
    """Return how sure it is that each picture is the first of a new shot, in [0, 1], shape ``(n,)``, float32."""
    around = np.maximum(_highest_before(rows.colour), _highest_after(rows.colour))
    peak = np.maximum(rows.colour - around, 0.0)
    return np.asarray(np.clip(np.sqrt(peak * rows.sides) * np.clip(rows.structure * 2, 0.2, 1.0), 0.0, 1.0), np.float32)


def cuts(seconds: NDArray[np.float64], scores: NDArray[np.float32]) -> tuple[Event, ...]:
    """Return every cut with a score of at least `LEAST_SCORE`; times are those of the new shots' first pictures."""
    return tuple(
        Event("cut", float(seconds[index]), None, float(scores[index]))
        for index in np.flatnonzero(scores >= LEAST_SCORE)
    )


def _highest_before(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest of the six values before each."""
    return np.asarray(maximum_filter1d(np.concatenate([[0.0], values[:-1]]), 6, origin=2, mode="constant"), np.float32)


def _highest_after(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest of the six values after each."""
    return np.asarray(maximum_filter1d(np.concatenate([values[1:], [0.0]]), 6, origin=-3, mode="constant"), np.float32)


def _mean(running: NDArray[np.float64], first: NDArray[np.intp], after: NDArray[np.intp]) -> NDArray[np.float64]:
    first, after = np.maximum(first, 0), np.minimum(after, len(running) - 1)
    return np.asarray((running[after] - running[first]) / np.maximum(after - first, 1)[:, None])


def _distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Total variation distance of histograms that each sum to one (or to nothing): half of their L1 distance."""
    return np.asarray(np.abs(a - b).sum(axis=1) / 2, np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson's correlation of each pair of thumbnails; 1 where one of them is flat and they are alike."""
    x, y = a.reshape(len(a), -1), b.reshape(len(b), -1)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    noise = 4.0 * x.shape[1]  # two code values of noise in each cell, so that flat pictures correlate
    norms = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.asarray(((x * y).sum(axis=1) + noise) / (norms + noise), np.float32)
