"""Shots: what changes between neighboring pictures, and where that is a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.cut_weights import CUE_INTERCEPT, CUE_WEIGHTS, THRESHOLD_LOGIT
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

STAYS = 0.25
"""Share of a change that must still be there half a side later: of a flash nothing is, after a cut most."""

SAME_STRUCTURE, OTHER_STRUCTURE = 0.2, 0.55
"""Below the first a picture shows the same scene in other light; from the second on it shows another scene."""

FULL_RANGE = 219.0
"""Code values from black to white."""

CHANGING = 0.05
"""Change of color below which nothing can come again."""

AGAIN = 0.55
"""What was before has come again if its colors are nearer than this share of the change: a flash, a strobe."""

PARTLY = 0.5
"""Share of what `STAYS` asks for without which a change that is not lone is none: a flash that dies away."""

BAR_LEVEL = 20.0
"""Code value up to which a thumbnail's cell is black."""

KEYFRAME_EXPONENT = 1.25
"""Puts the best threshold for keyframes, 0.38 before, at ``scene_threshold``'s default of 0.3."""

TINY = 0.01
"""Added to a change before its logarithm is taken: what noise and coding make of any picture."""

FLAT = 1 / 50
"""A picture with less than this share of the other's variance shows nothing that could correlate: black or white."""

DOWN, ACROSS = 2, 6
"""Cells by which a picture is moved, at most, to lie on the one before: a camera turn of a third of the width."""

USUAL_SEC, USUAL_HOP_SEC, USUAL_PERCENTILE = 10.0, 5.0, 85
"""A cut is measured against the pictures up to 10 s before and after, of which 15 in 100 change more than this."""

STILL, RESTLESS = -3.6, -3.0
"""Logarithms of the usual difference after moving between which it tells games, mostly turns, from films; what lies
beyond was never seen in some of the sources."""

THIRD = 3
"""The third-highest change around a picture: beside a flash, or a cut two pictures off, one or two are as high."""

LONE_COLOR, LONE_RATIO = 0.15, 2.0
"""A change of color is lone if it is twice the third-highest on either side."""

REACH = 1
"""Of candidates at most this many pictures apart, only the best is kept: shots of two pictures are found."""

EARLY_KEYFRAME = 0.9
"""A keyframe at less than this share of the usual distance was put there for a reason."""

SURE_COLOR, SURE_RATIO, SURE_SCORE = 0.5, 3.0, 0.5
"""Half of the colors change, three times as much as at any picture around: a cut, however restless the whole is. Any
share from 0.5 to 0.85 with any ratio from 2 to 5 loses none of F1 on films, and gains up to 0.007 on games."""

BESIDE_COLOR, BESIDE_MOVED = 0.4, 0.1
"""What leaves no doubt beside a flash or another cut: colors change by so much, `SURE_RATIO` times as much as at all
but two pictures around, and no camera turn explains the difference."""

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
        Median distance of the color histogram to those of the far half of the pictures from this one on, in [0, 1];
        0 where colors hardly change.
    structure : ndarray
        1 - correlation of the thumbnail with that of the picture before, in [0, 2].
    moved : ndarray
        Mean absolute difference of the thumbnail to that of the picture before, moved to where it fits best, as a share
        of full range.
    again : ndarray
        Least distance of the color histogram before to those soon after, and of this one to those shortly before, in
        [0, 1]: small where a picture of before comes again, as in a flash; 1 where colors hardly change.
    """

    number: NDArray[np.int64]
    color: NDArray[np.float32]
    sides: NDArray[np.float32]
    within: NDArray[np.float32]
    passing: NDArray[np.float32]
    structure: NDArray[np.float32]
    moved: NDArray[np.float32]
    again: NDArray[np.float32]


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
        The pictures ``[first, after)`` are measured; up to `SIDE_PICTURES` on both sides of them are examined.
    """
    index = np.arange(first, after)
    side, half = SIDE_PICTURES, SIDE_PICTURES // 2
    pictures = _Running(histogram, number)
    shown = number[index]
    within_before = _distance(pictures.mean(shown - side, shown - half), pictures.mean(shown - half, shown))
    within_after = _distance(pictures.mean(shown, shown + half), pictures.mean(shown + half, shown + side))
    before = np.maximum(index - 1, 0)
    return ShotRows(
        number=shown,
        color=_distance(histogram[index], histogram[before]),
        sides=_lasting_distance(pictures, shown),
        within=((within_before + within_after) / 2).astype(np.float32),
        passing=_passing(histogram, number, index),
        structure=(1.0 - _correlation(thumbnail[index], thumbnail[before])).astype(np.float32),
        moved=_moved_difference(thumbnail[index], thumbnail[before]),
        again=_coming_again(histogram, number, index),
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
    score = (rows.color * _rebuilt(rows)) ** KEYFRAME_EXPONENT * early
    score[:1] = 0.0
    return np.asarray(score, np.float32)


def cut_scores(seconds: NDArray[np.float64], rows: ShotRows) -> NDArray[np.float32]:
    """Return how sure it is that each picture is the first of a new shot, in [0, 1], shape ``(n,)``, float32.

    A cut changes the colors between two pictures more than they change on either side of it (a camera turn and a
    strobe change them again and again), for good (what a flash shows is soon gone), more than each side
    changes within itself; no move of the camera explains the difference, and it changes where light and dark lie (a
    tint or a fade does not). How much that has to be is a matter of what is usual around: games turn and flash all
    the time, and have few cuts. A logistic regression weighs these cues (`autoclip.signals.cut_weights`). The score is
    0.3 at the threshold that does best in films and matches together, and at least `SURE_SCORE` where the colors
    leave no doubt.

    Parameters
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``.
    rows : ShotRows
        The cues.
    """
    if len(rows.number) == 0:
        return np.zeros(0, np.float32)
    possible = is_possible(rows)
    logits = np.where(possible, cut_cues(seconds, rows) @ np.array(CUE_WEIGHTS) + CUE_INTERCEPT, -np.inf)
    score = 1.0 / (1.0 + np.exp(np.minimum(THRESHOLD_LOGIT - np.log(0.3 / 0.7) - logits, 80.0)))
    score = np.where(is_sure(rows, possible), np.maximum(score, SURE_SCORE), score)
    return np.where(only_best(np.where(possible, score, -np.inf)) > 0, score, 0.0).astype(np.float32)


def is_possible(rows: ShotRows) -> NDArray[np.bool_]:
    """Tell which pictures can be a cut at all.

    Their colors change more than usual on both sides, and stay; or they change alone, for all but two pictures around.
    Nothing of before comes again; light and dark lie elsewhere.
    """
    if len(rows.number) == 0:
        return np.zeros(0, np.bool_)
    before, after = _around(rows.color, rows.number)
    lesser, greater = np.minimum(before, after), np.maximum(before, after)
    around = WEIGHT_RESTLESS_SIDE * greater + (1 - WEIGHT_RESTLESS_SIDE) * lesser
    possible = (rows.color > around + TINY) & (_staying(rows) >= PARTLY)
    possible |= _is_lone(rows) & (rows.color >= LONE_COLOR)
    possible &= (rows.again > AGAIN * rows.color) & (_rebuilt(rows) > 0)
    possible[:1] = False
    return np.asarray(possible, np.bool_)


def is_sure(rows: ShotRows, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which possible pictures are a cut whatever is usual: most colors change, at once, for good, not nearby."""
    if not possible.any():
        return possible
    before, after = _around(rows.color, rows.number)
    sure = (rows.color >= SURE_COLOR) & (rows.color >= SURE_RATIO * np.maximum(before, after)) & (_staying(rows) >= 1.0)
    beside = (rows.color >= BESIDE_COLOR) & _is_lone(rows, SURE_RATIO)
    beside &= rows.moved >= BESIDE_MOVED
    return np.asarray(possible & (sure | beside) & (_rebuilt(rows) >= 1.0), np.bool_)


def cut_cues(seconds: NDArray[np.float64], rows: ShotRows) -> NDArray[np.float64]:
    """Return the cues that `CUE_WEIGHTS` weighs, shape ``(n, 13)``: changes as logarithms.

    In order: change of color; the lesser and the greater of its maxima on both sides, and of its third-highest values;
    change between the sides, and within them; how much of it stays; how much of the structure is new; difference after
    moving; and what is usual around of the change of color, of the difference after moving, and of the change of
    structure.
    """
    highest, third = (_around(rows.color, rows.number, rank) for rank in (1, THIRD))
    return np.stack(
        [
            _log(rows.color),
            *(_log(choose(*sides)) for sides in (highest, third) for choose in (np.minimum, np.maximum)),
            _log(rows.sides),
            _log(rows.within),
            _staying(rows),
            _rebuilt(rows),
            _log(rows.moved),
            _log(_usual(rows.color, seconds)),
            np.clip(_log(_usual(rows.moved, seconds)), STILL, RESTLESS),
            _log(_usual(rows.structure, seconds)),
        ],
        axis=1,
    )


def only_best(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with all but the best of those close together at minus infinity."""
    padded = np.pad(values, REACH, constant_values=-np.inf)
    best = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1).max(axis=1)
    return np.where(values >= best, values, -np.inf)


def cuts(seconds: NDArray[np.float64], scores: NDArray[np.float32]) -> tuple[Event, ...]:
    """Return every cut with a score of at least `MIN_SCORE`; times are those of the new shots' first pictures."""
    return tuple(
        Event("cut", float(seconds[index]), None, float(scores[index])) for index in np.flatnonzero(scores >= MIN_SCORE)
    )


def _log(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(values, 0.0) + TINY), np.float64)


def _usual(values: NDArray[np.float32], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a percentile of the pictures around each, computed every few seconds."""
    centers = np.arange(seconds[0], seconds[-1] + USUAL_HOP_SEC, USUAL_HOP_SEC)
    first, after = (np.searchsorted(seconds, centers + way * USUAL_SEC) for way in (-1, 1))
    # Behind a gap in the times there may be no picture: then the nearest tells.
    spans = [slice(min(a, len(values) - 1), max(a + 1, b)) for a, b in zip(first.tolist(), after.tolist(), strict=True)]
    return np.interp(seconds, centers, [np.percentile(values[span], USUAL_PERCENTILE) for span in spans])


def _around(
    change: NDArray[np.float32], number: NDArray[np.int64], rank: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return by how much each picture would change if it changed as those before, and those after it.

    Of up to `NEIGHBOURS` pictures on that side the one that changes `rank`-th most tells.
    """
    span = np.diff(number, prepend=number[0] - 1)
    usual = span.astype(np.float32) ** np.float32(GROWTH)
    # One value for each picture that is shown: of those not decoded, that of the change they are part of.
    last = number - number[0]
    rate = np.repeat(change / usual, span)
    return _high_before(rate, rank)[last - span + 1] * usual, _high_after(rate, rank)[last] * usual


def _is_lone(rows: ShotRows, ratio: float = LONE_RATIO) -> NDArray[np.bool_]:
    """Tell where colors change so many times as much as at all but two pictures on either side."""
    return np.asarray(rows.color >= ratio * np.maximum(*_around(rows.color, rows.number, THIRD)), np.bool_)


def _high_before(values: NDArray[np.float32], rank: int) -> NDArray[np.float32]:
    """Return the `rank`-th highest of the values before each, 0 where there are not as many."""
    padded = np.concatenate([np.zeros(NEIGHBOURS, np.float32), values])[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    high = windows.max(axis=1) if rank == 1 else np.partition(windows, -rank, axis=1)[:, -rank]
    return np.asarray(high, np.float32)


def _high_after(values: NDArray[np.float32], rank: int) -> NDArray[np.float32]:
    """Return the `rank`-th highest of the values after each, 0 where there are not as many."""
    return _high_before(values[::-1], rank)[::-1]


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


def _coming_again(
    histogram: NDArray[np.float32], number: NDArray[np.int64], index: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return how far each picture and the one before are from those on the other side of the change between them."""
    least = np.ones(len(index), np.float32)
    changing = np.flatnonzero(_distance(histogram[index], histogram[np.maximum(index - 1, 0)]) > CHANGING)
    here = index[changing]
    for by in range(1, NEIGHBOURS + 1):
        for one, other in ((here - 1, here + by), (here, here - 1 - by)):
            there = np.flatnonzero((one >= 0) & (other >= 0) & (other < len(histogram)))
            near = np.abs(number[one[there]] - number[other[there]]) <= NEIGHBOURS + 1  # in pictures that are shown
            there = there[near]
            distance = _distance(histogram[one[there]], histogram[other[there]])
            least[changing[there]] = np.minimum(least[changing[there]], distance)
    return least


def _passing(histogram: NDArray[np.float32], number: NDArray[np.int64], index: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the median distance to the pictures half a side later: a flash among them moves no median.

    Behind the video's end nothing is known to pass.
    """
    passing = np.zeros(len(index), np.float32)
    changing = np.flatnonzero(_distance(histogram[index], histogram[np.maximum(index - 1, 0)]) > CHANGING)
    here = index[changing]
    distances = np.zeros((SIDE_PICTURES // 2, len(here)), np.float32)
    for row, by in enumerate(range(SIDE_PICTURES // 2 + 1, SIDE_PICTURES + 1)):
        later = np.searchsorted(number, number[here] + by)
        known = np.flatnonzero(later < len(number))
        distances[row, known] = _distance(histogram[here[known]], histogram[later[known]])
    passing[changing] = np.median(distances, axis=0)
    return passing


def _moved_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the least mean absolute difference of each pair of thumbnails, one moved over the other."""
    rows, columns = a.shape[1:]
    least = np.full(len(a), np.inf, np.float32)
    for down in range(-min(DOWN, rows - 1), min(DOWN, rows - 1) + 1):
        for across in range(-min(ACROSS, columns - 1), min(ACROSS, columns - 1) + 1):
            one = a[:, max(0, down) : rows + min(0, down), max(0, across) : columns + min(0, across)]
            other = b[:, max(0, -down) : rows + min(0, -down), max(0, -across) : columns + min(0, -across)]
            np.minimum(least, np.abs(one - other).mean(axis=(1, 2)), out=least)
    return least / np.float32(FULL_RANGE)


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
    ones, others = (x * x).sum(axis=1), (y * y).sum(axis=1)
    flat = np.minimum(ones, others) < FLAT * np.maximum(ones, others)
    norms = np.where(flat, (ones + others) / 2, np.sqrt(ones * others))
    return np.asarray(((x * y).sum(axis=1) + noise) / (norms + noise), np.float32)
