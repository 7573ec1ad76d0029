"""Shots: what changes between neighboring pictures, and where that is a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.table import Event

SIDE_PICTURES = 12
"""Pictures looked at on each side of a possible cut; those that were not decoded count."""

NEIGHBOURS = 6
"""Pictures on each side among which a cut is the highest change of color; those that were not decoded count."""

GROWTH = 0.5
"""Colors change over k pictures by about the k-th part to this power: 0.3 to 0.5 in films and matches at rest, more in
camera turns."""

WEIGHT_RESTLESS_SIDE = 0.4
"""Share of the more restless side in what a cut must rise above: cuts often lead into or out of action."""

WEIGHT_WITHIN = 0.3
"""How much the change within both sides counts against the change between them."""

STAYS = 0.25
"""Share of a change that must still be there half a side later: of a flash nothing is, after a cut most."""

SAME_STRUCTURE, OTHER_STRUCTURE = 0.15, 0.55
"""Below the first a picture shows the same scene in other light; from the second on it shows another scene."""

BAR_LEVEL = 20.0
"""Code value up to which a thumbnail's cell is black."""

SCORE_EXPONENT = 1.25
"""Puts the best threshold, 0.38 before, at ``scene_threshold``'s default of 0.3."""

EARLY_KEYFRAME = 0.9
"""A keyframe at less than this share of the usual distance was put there for a reason."""

MIN_SCORE = 0.05
"""Weaker candidates are not kept; ``scene_threshold`` can't be set lower either."""


@dataclass(frozen=True, slots=True)
class ShotRows:
    """Cues for each picture against those around it, shape ``(n,)`` each, float32.

    Attributes
    ----------
    number : ndarray
        How many pictures of the video are shown before, decoded or not, int64; rising.
    color : ndarray
        Distance of the color histogram to the decoded picture before, in [0, 1].
    sides : ndarray
        Distance between the mean histograms of the pictures before and of those from this one on, in [0, 1].
    within : ndarray
        Distance between the far and the near half of each of these sides, the mean of both, in [0, 1].
    passing : ndarray
        Distance of the color histogram to the mean of the far half of the pictures from this one on, in [0, 1].
    structure : ndarray
        1 - correlation of the thumbnail with that of the picture before, in [0, 2].
    """

    number: NDArray[np.int64]
    color: NDArray[np.float32]
    sides: NDArray[np.float32]
    within: NDArray[np.float32]
    passing: NDArray[np.float32]
    structure: NDArray[np.float32]


def shot_rows(
    histogram: NDArray[np.float32],
    thumbnail: NDArray[np.float32],
    number: NDArray[np.int64],
    first: int,
    after: int,
) -> ShotRows:
    """Measure the cues of some of a run of pictures.

    Parameters
    ----------
    histogram : ndarray
        Shape ``(n, bins)``.
    thumbnail : ndarray
        Shape ``(n, rows, columns)``.
    number : ndarray
        Their numbers among all that are shown, decoded or not, rising; shape ``(n,)``, int64.
    first, after : int
        The pictures ``[first, after)`` are measured; up to `SIDE_PICTURES` on both sides of them are looked at.
    """
    index = np.arange(first, after)
    side, half = SIDE_PICTURES, SIDE_PICTURES // 2
    pictures = _Running(histogram, number)
    shown = number[index]
    within_before = _distance(pictures.mean(shown - side, shown - half), pictures.mean(shown - half, shown))
    settled = pictures.mean(shown + half, shown + side)
    within_after = _distance(pictures.mean(shown, shown + half), settled)
    before = np.maximum(index - 1, 0)
    return ShotRows(
        number=shown,
        color=_distance(histogram[index], histogram[before]),
        sides=_lasting_distance(pictures, shown),
        within=((within_before + within_after) / 2).astype(np.float32),
        # At the video's end nothing has settled yet, and nothing is known to pass.
        passing=np.where(settled.any(axis=1), _distance(histogram[index], settled), np.float32(0.0)),
        structure=(1.0 - _correlation(thumbnail[index], thumbnail[before])).astype(np.float32),
    )


def keyframe_cut_scores(seconds: NDArray[np.float64], rows: ShotRows) -> NDArray[np.float32]:
    """Return how sure it is that a keyframe is the first picture of a new shot, when nothing but keyframes was decoded.

    An encoder begins a new group of pictures early where it sees a cut; a keyframe that comes at the usual distance and
    shows something else tells only that there was a cut somewhere before it, and counts half.

    Parameters
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``.
    rows : ShotRows
        Their cues.
    """
    distance = np.diff(seconds, prepend=seconds[:1])
    usual = float(np.percentile(distance, 90)) if len(distance) else 0.0
    early = np.where(distance < EARLY_KEYFRAME * usual, 1.0, 0.5)
    score = (rows.color * _rebuilt(rows)) ** SCORE_EXPONENT * early
    score[:1] = 0.0
    return np.asarray(score, np.float32)


def cut_scores(_seconds: NDArray[np.float64], rows: ShotRows) -> NDArray[np.float32]:
    """Return how sure it is that each picture is the first of a new shot, in [0, 1], shape ``(n,)``, float32.

    A cut changes the colors between two pictures more than they change on either side of it (a camera turn and a
    strobe change them again and again), for good (what a flash shows is soon gone), more than each side
    changes within itself, and it changes where light and dark lie (a tint or a fade does not). The score is the
    geometric mean of the first two, lowered by the others; constants were set on the films and matches named in
    docs/benchmarks.md so that 0.3 is the best threshold on all of them.
    """
    peak = np.maximum(rows.color - _change_around(rows), 0.0)
    lasting = np.maximum(rows.sides - WEIGHT_WITHIN * rows.within, 0.0)
    return np.asarray((np.sqrt(peak * lasting) * _rebuilt(rows) * _staying(rows)) ** SCORE_EXPONENT, np.float32)


def cuts(seconds: NDArray[np.float64], scores: NDArray[np.float32]) -> tuple[Event, ...]:
    """Return every cut with a score of at least `MIN_SCORE`; times are those of the new shots' first pictures."""
    return tuple(
        Event("cut", float(seconds[index]), None, float(scores[index])) for index in np.flatnonzero(scores >= MIN_SCORE)
    )


def _change_around(rows: ShotRows) -> NDArray[np.float32]:
    """Return by how much the colors would change if they changed at each picture as they do on its sides."""
    if len(rows.number) == 0:
        return rows.color
    span = np.diff(rows.number, prepend=rows.number[0] - 1)
    usual = span.astype(np.float32) ** np.float32(GROWTH)
    # One value for each picture that is shown: of those not decoded, that of the change they are part of.
    last = rows.number - rows.number[0]
    rate = np.repeat(rows.color / usual, span)
    before, after = _highest_before(rate)[last - span + 1], _highest_after(rate)[last]
    around = WEIGHT_RESTLESS_SIDE * np.maximum(before, after) + (1 - WEIGHT_RESTLESS_SIDE) * np.minimum(before, after)
    return np.asarray(around * usual, np.float32)


def _highest_before(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest of the values before each, 0 before the first."""
    padded = np.concatenate([np.zeros(NEIGHBOURS, np.float32), values])[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    return np.asarray(windows.max(axis=1), np.float32)


def _highest_after(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest of the values after each, 0 after the last."""
    return _highest_before(values[::-1])[::-1]


def _rebuilt(rows: ShotRows) -> NDArray[np.float32]:
    """Return how much of where light and dark lie is new, in [0, 1]."""
    new = (rows.structure - SAME_STRUCTURE) / (OTHER_STRUCTURE - SAME_STRUCTURE)
    return np.asarray(np.clip(new, 0.0, 1.0), np.float32)


def _lasting_distance(pictures: _Running, shown: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the distance between both sides that holds on either side's far half too: a flash near the cut passes."""
    side, half = SIDE_PICTURES, SIDE_PICTURES // 2
    before, after = pictures.mean(shown - side, shown), pictures.mean(shown, shown + side)
    far_before, far_after = pictures.mean(shown - side, shown - half), pictures.mean(shown + half, shown + side)
    whole = _distance(before, after)
    # At the video's ends a far half is empty, and tells nothing.
    to_far = np.where(far_after.any(axis=1), _distance(before, far_after), whole)
    from_far = np.where(far_before.any(axis=1), _distance(far_before, after), whole)
    return np.asarray(np.minimum(whole, np.minimum(to_far, from_far)), np.float32)


def _staying(rows: ShotRows) -> NDArray[np.float32]:
    """Return 1 where the new colors stay, falling to 0 where they are gone half a side later."""
    stays = 1.0 - rows.passing / np.maximum(rows.color, 1e-6)
    return np.asarray(np.clip(stays / STAYS, 0.0, 1.0), np.float32)


class _Running:
    """Running sums of histograms, from which the mean over any stretch of pictures is quickly told.

    A decoded picture stands for itself and for those before it that were not decoded.
    """

    def __init__(self, histogram: NDArray[np.float32], number: NDArray[np.int64]) -> None:
        weight = np.diff(number, prepend=number[:1] - 1).astype(np.float64)
        self._number = number
        self._weights = np.concatenate([[0.0], np.cumsum(weight)])
        self._sums = np.concatenate(
            [np.zeros((1, histogram.shape[1])), np.cumsum(histogram * weight[:, None], axis=0, dtype=np.float64)]
        )

    def mean(self, first: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the mean of the pictures numbered ``[first, after)``, zeros where there is none."""
        low, high = np.searchsorted(self._number, first), np.searchsorted(self._number, after)
        weight = np.maximum(self._weights[high] - self._weights[low], 1.0)
        return np.asarray((self._sums[high] - self._sums[low]) / weight[:, None])


def _distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Total variation distance of histograms that each sum to one (or to nothing): half of their L1 distance."""
    return np.asarray(np.abs(a - b).sum(axis=1) / 2, np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson's correlation of each pair of thumbnails; 1 where they are alike for being flat.

    Cells that are black in both, as letterbox bars are, tell nothing and take no part.
    """
    x, y = a.reshape(len(a), -1), b.reshape(len(b), -1)
    seen = np.maximum(x, y) > BAR_LEVEL
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    x = np.where(seen, x - (x * seen).sum(axis=1, keepdims=True) / count, 0.0)
    y = np.where(seen, y - (y * seen).sum(axis=1, keepdims=True) / count, 0.0)
    noise = 4.0 * count[:, 0]  # two code values of noise in each cell, so that flat pictures correlate
    norms = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.asarray(((x * y).sum(axis=1) + noise) / (norms + noise), np.float32)
