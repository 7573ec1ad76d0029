"""Shots: changes between consecutive frames, and which of them are cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.cut_weights import CUE_INTERCEPT, CUE_WEIGHTS, THRESHOLD_LOGIT
from autoclip.signals.fine_structure import StructureChange, structure_change
from autoclip.signals.frame_columns import FrameColumns
from autoclip.signals.table import Event

SIDE_PICTURES = 12
"""Number of frames examined on each side of a possible cut, counting those that were not decoded."""

NEIGHBOURS = 6
"""Number of frames on each side within which a cut has the largest color change, counting those that were not decoded.
"""

GROWTH = 0.5
"""Over k frames colors change by about the k-th part to this power: 0.3 to 0.5 in films and matches at rest, more in
camera turns.
"""

WEIGHT_RESTLESS_SIDE = 0.4
"""Share of the more variable side in the level that a cut must exceed: cuts often lead into or out of action."""

STAYS = 0.25
"""Share of a change that must persist half a side later: none of a flash does, and most of a cut."""

SAME_STRUCTURE, OTHER_STRUCTURE = 0.2, 0.55
"""Below the first value a frame shows the same scene in other light; from the second on it shows another scene."""

FULL_RANGE = 219.0
"""Code values from black to white."""

CHANGING = 0.05
"""Color change below which no content can recur."""

AGAIN = 0.55
"""Earlier content recurs if its colors are closer than this share of the change, as in a flash or strobe."""

PARTLY = 0.5
"""Share of `STAYS` below which a change that is not isolated does not count: a decaying flash."""

BAR_LEVEL = 20.0
"""Code value up to which a thumbnail's cell is black."""

KEYFRAME_EXPONENT = 1.25
"""Maps the best threshold for keyframes, 0.38 before, to ``scene_threshold``'s default of 0.3."""

TINY = 0.01
"""Added to a change before its logarithm is taken: the effect of noise and coding on any frame."""

FLAT = 1 / 50
"""A frame with less than this share of the other's variance has nothing that could correlate: black or white."""

DOWN, ACROSS = 2, 6
"""Maximum shift of a frame, in cells, to align it with the previous one: a camera turn of a third of the width."""

USUAL_SEC, USUAL_HOP_SEC, USUAL_PERCENTILE = 10.0, 5.0, 85
"""A cut is compared with the frames up to 10 s before and after, of which 15 in 100 change more than this."""

STILL, RESTLESS = -3.6, -3.0
"""Range of the logarithm of the usual difference after shifting in which it separates games, with many turns, from
films; values beyond did not occur in some of the sources.
"""

THIRD = 3
"""The third-largest change around a frame: beside a flash, or a cut two frames away, one or two are as large."""

LONE_COLOR, LONE_RATIO = 0.15, 2.0
"""A color change is isolated if it is twice the third-largest on either side."""

REACH = 1
"""Of candidates at most this many frames apart, only the best is kept; shots of two frames are found."""

EARLY_KEYFRAME = 0.9
"""A keyframe at less than this share of the usual distance was inserted deliberately."""

OTHER_SCENE, IN_PLACE = 0.6, 0.12
"""From this unlikeness of the fine structure on, and with less than this share of it in place, a frame shows another
scene: cuts of films keep up to 0.11; sudden turns in games, whose status bar stays, keep 0.16 and more.
"""

NEAR_AGAIN = 0.38
"""Like `AGAIN`, where another scene is shown: shots of one film have colors in common."""

SURE_COLOR, SURE_SCORE = 0.2, 0.5
"""An isolated change of this many colors to another scene is certainly a cut."""

STILL_COLOR, STILL_RATIO = 0.03, 10.0
"""So is a change to another scene that is ten times as large as any around: words or a slide replace others."""

MIN_SCORE = 0.05
"""Weaker candidates are not kept; it is also the minimum of ``scene_threshold``."""


@dataclass(frozen=True, slots=True)
class ShotRows:
    """Cues of each frame compared with its neighbors, shape ``(n,)`` each, float32.

    Attributes
    ----------
    number : ndarray
        Number of earlier frames of the video, decoded or not, int64; ascending.
    color : ndarray
        Distance of the color histogram from that of the previous decoded frame, in [0, 1].
    sides : ndarray
        Distance between the mean histograms of the frames before and of those from this one on, in [0, 1].
    within : ndarray
        Distance between the far and the near half of each of these sides, the mean of both, in [0, 1].
    passing : ndarray
        Median distance of the color histogram from those of the far half of the frames from this one on, in [0, 1]; 0
        where colors hardly change.
    structure : ndarray
        1 - correlation of the thumbnail with that of the previous frame, in [0, 2].
    moved : ndarray
        Mean absolute difference between the thumbnail and that of the previous frame, shifted to fit best, as a share
        of full range.
    again : ndarray
        Smallest distance of the previous color histogram from those soon after, and of this one from those shortly
        before, in [0, 1]: small if an earlier frame recurs, as after a flash; 1 where colors hardly change.
    unlike, kept : ndarray
        As `autoclip.signals.fine_structure.StructureChange`, against the previous frame; 0 and 1 where no cut can be.
    """

    number: NDArray[np.int64]
    color: NDArray[np.float32]
    sides: NDArray[np.float32]
    within: NDArray[np.float32]
    passing: NDArray[np.float32]
    structure: NDArray[np.float32]
    moved: NDArray[np.float32]
    again: NDArray[np.float32]
    unlike: NDArray[np.float32]
    kept: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ShotFrames(FrameColumns):
    """What the cues are computed from, one row per frame.

    Attributes
    ----------
    histogram : ndarray
        Color histograms, shape ``(n, bins)``.
    thumbnail : ndarray
        Shape ``(n, rows, columns)``.
    fine : ndarray
        Fine thumbnails, shape ``(n, rows, columns)``, uint8.
    number : ndarray
        Their numbers among all shown frames, decoded or not, ascending; shape ``(n,)``, int64.
    """

    histogram: NDArray[np.float32]
    thumbnail: NDArray[np.float32]
    fine: NDArray[np.uint8]
    number: NDArray[np.int64]


def shot_rows(frames: ShotFrames, first: int, after: int) -> ShotRows:
    """Compute the cues of some frames of a sequence.

    Parameters
    ----------
    frames : ShotFrames
        The sequence.
    first, after : int
        The frames ``[first, after)`` get cues; up to `SIDE_PICTURES` frames on both sides are examined.
    """
    histogram, thumbnail, number = frames.histogram, frames.thumbnail, frames.number
    index = np.arange(first, after)
    side, half = SIDE_PICTURES, SIDE_PICTURES // 2
    running = _Running(histogram, number)
    shown = number[index]
    within_before = _distance(running.mean(shown - side, shown - half), running.mean(shown - half, shown))
    within_after = _distance(running.mean(shown, shown + half), running.mean(shown + half, shown + side))
    before = np.maximum(index - 1, 0)
    change = _structure_changes(frames, index)
    return ShotRows(
        number=shown,
        color=_distance(histogram[index], histogram[before]),
        sides=_lasting_distance(running, shown),
        within=((within_before + within_after) / 2).astype(np.float32),
        passing=_passing(histogram, number, index),
        structure=(1.0 - _correlation(thumbnail[index], thumbnail[before])).astype(np.float32),
        moved=_moved_difference(thumbnail[index], thumbnail[before]),
        again=_coming_again(histogram, number, index),
        unlike=change.unlike,
        kept=change.kept,
    )


def keyframe_cut_scores(seconds: NDArray[np.float64], rows: ShotRows) -> NDArray[np.float32]:
    """Return the confidence that a keyframe is the first frame of a new shot, when only keyframes were decoded.

    An encoder begins a new GOP early where it detects a cut. A keyframe at the usual distance that shows something else
    only means that there was a cut somewhere before it, and counts half.

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
    """Return the confidence that each frame is the first of a new shot, in [0, 1], shape ``(n,)``, float32.

    A cut changes the colors between two frames more than they change on either side of it (a camera turn and a strobe
    change them repeatedly), permanently (a flash is soon over), and more than each side changes within itself. No
    camera movement explains the difference, and the distribution of light and dark changes (a tint or a fade keeps it).
    How large the change must be depends on what is usual nearby: games turn and flash all the time, and have few cuts.
    A logistic regression weighs these cues (`autoclip.signals.cut_weights`). The score is 0.3 at the threshold that
    works best for films and matches together, and at least `SURE_SCORE` if the colors leave no doubt, unless the
    regression gives less than `MIN_SCORE`: a red flash changes all colors of a dark scene, too.

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
    logits = np.full(len(possible), -np.inf)
    logits[possible] = cut_cues(seconds, rows, np.flatnonzero(possible)) @ np.array(CUE_WEIGHTS) + CUE_INTERCEPT
    score = 1.0 / (1.0 + np.exp(np.minimum(THRESHOLD_LOGIT - np.log(0.3 / 0.7) - logits, 80.0)))
    score = np.where(is_sure(rows, possible) & (score >= MIN_SCORE), np.maximum(score, SURE_SCORE), score)
    return np.where(only_best(np.where(possible, score, -np.inf)) > 0, score, 0.0).astype(np.float32)


def is_possible(rows: ShotRows) -> NDArray[np.bool_]:
    """Return which frames can be a cut at all.

    Their colors change more than usual on both sides, and permanently; or they alone change, compared with all but two
    frames around. No earlier content recurs, and the distribution of light and dark changes; or another scene is shown,
    and the earlier colors recur only in part.
    """
    if len(rows.number) == 0:
        return np.zeros(0, np.bool_)
    lone = _is_lone(rows.color, rows.number)
    rising = (_is_rising(rows.color, rows.number) & (_staying(rows) >= PARTLY)) | lone
    possible = rising & (rows.again > AGAIN * rows.color) & (_rebuilt(rows) > 0)
    possible |= lone & _is_other_scene(rows) & (rows.again > NEAR_AGAIN * rows.color)
    possible[:1] = False
    return np.asarray(possible, np.bool_)


def is_sure(rows: ShotRows, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which possible frames are certainly a cut: they alone change, and show another scene."""
    if not possible.any():
        return possible
    lone = (rows.color >= SURE_COLOR) & _is_lone(rows.color, rows.number)
    after_rest = rows.color >= np.maximum(STILL_COLOR, STILL_RATIO * np.maximum(*_around(rows.color, rows.number)))
    return np.asarray(possible & (lone | after_rest) & _is_other_scene(rows), np.bool_)


def cut_cues(seconds: NDArray[np.float64], rows: ShotRows, index: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the cues of some frames that `CUE_WEIGHTS` weighs, shape ``(len(index), 15)``; changes are logarithms.

    In order: color change; the smaller and the larger of its maxima on both sides, and of its third-largest values;
    change between the sides, and within them; how much of it persists; how much of the structure is new; difference
    after shifting; the usual values nearby of the color change, of the difference after shifting, and of the change of
    structure; unlikeness of the fine structure; and the share of it that is kept.
    """
    highest, third = ([side[index] for side in _around(rows.color, rows.number, rank)] for rank in (1, THIRD))
    usual_color, usual_moved, usual_structure = (
        _log(_usual(values, seconds)[index]) for values in (rows.color, rows.moved, rows.structure)
    )
    return np.stack(
        [
            _log(rows.color[index]),
            *(_log(choose(*sides)) for sides in (highest, third) for choose in (np.minimum, np.maximum)),
            _log(rows.sides[index]),
            _log(rows.within[index]),
            _staying(rows)[index],
            _rebuilt(rows)[index],
            _log(rows.moved[index]),
            usual_color,
            np.clip(usual_moved, STILL, RESTLESS),
            usual_structure,
            rows.unlike[index],
            _log(rows.kept[index]),
        ],
        axis=1,
    )


def only_best(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with all but the best of those close together set to minus infinity."""
    padded = np.pad(values, REACH, constant_values=-np.inf)
    best = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1).max(axis=1)
    return np.where(values >= best, values, -np.inf)


def cuts(seconds: NDArray[np.float64], scores: NDArray[np.float32]) -> tuple[Event, ...]:
    """Return every cut with a score of at least `MIN_SCORE`; times are those of the new shots' first frames."""
    return tuple(
        Event("cut", float(seconds[index]), None, float(scores[index])) for index in np.flatnonzero(scores >= MIN_SCORE)
    )


def _log(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(values, 0.0) + TINY), np.float64)


def _usual(values: NDArray[np.float32], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a percentile of the frames around each frame, computed every few seconds."""
    centers = np.arange(seconds[0], seconds[-1] + USUAL_HOP_SEC, USUAL_HOP_SEC)
    first, after = (np.searchsorted(seconds, centers + way * USUAL_SEC) for way in (-1, 1))
    # After a gap in the times there may be no frame; then the nearest one is used.
    spans = [slice(min(a, len(values) - 1), max(a + 1, b)) for a, b in zip(first.tolist(), after.tolist(), strict=True)]
    return np.interp(seconds, centers, [np.percentile(values[span], USUAL_PERCENTILE) for span in spans])


def _around(
    change: NDArray[np.float32], number: NDArray[np.int64], rank: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return by how much each frame would change if it changed like the frames before, and like those after it.

    Of up to `NEIGHBOURS` frames on that side, the one with the `rank`-th largest change decides.
    """
    span = np.diff(number, prepend=number[0] - 1)
    usual = span.astype(np.float32) ** np.float32(GROWTH)
    # One value per shown frame: a frame that was not decoded has that of the change it is part of.
    last = number - number[0]
    rate = np.repeat(change / usual, span)
    return _high_before(rate, rank)[last - span + 1] * usual, _high_after(rate, rank)[last] * usual


def _is_rising(color: NDArray[np.float32], number: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where colors change more than on both sides."""
    before, after = _around(color, number)
    lesser, greater = np.minimum(before, after), np.maximum(before, after)
    around = WEIGHT_RESTLESS_SIDE * greater + (1 - WEIGHT_RESTLESS_SIDE) * lesser
    return np.asarray(color > around + TINY, np.bool_)


def _is_lone(color: NDArray[np.float32], number: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where many colors change, and twice as much as at all but two frames on either side."""
    third = np.maximum(*_around(color, number, THIRD))
    return np.asarray((color >= LONE_COLOR) & (color >= LONE_RATIO * third), np.bool_)


def _is_other_scene(rows: ShotRows) -> NDArray[np.bool_]:
    return np.asarray((rows.unlike >= OTHER_SCENE) & (rows.kept < IN_PLACE), np.bool_)


def _structure_changes(frames: ShotFrames, index: NDArray[np.intp]) -> StructureChange:
    """Compare the fine structure of the frames that may be a cut with that of the previous frame."""
    histogram, fine, number = frames.histogram, frames.fine, frames.number
    color = _distance(histogram, histogram[np.maximum(np.arange(len(histogram)) - 1, 0)])
    worth = (color >= STILL_COLOR) & (_is_rising(color, number) | _is_lone(color, number))
    chosen = np.flatnonzero(worth[index] & (index > 0))
    change = structure_change(fine[index[chosen]], fine[index[chosen] - 1])
    unlike, kept = np.zeros(len(index), np.float32), np.ones(len(index), np.float32)
    unlike[chosen], kept[chosen] = change.unlike, change.kept
    return StructureChange(unlike, kept)


def _high_before(values: NDArray[np.float32], rank: int) -> NDArray[np.float32]:
    """Return the `rank`-th largest of the values before each value, 0 if there are fewer."""
    padded = np.concatenate([np.zeros(NEIGHBOURS, np.float32), values])[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    high = windows.max(axis=1) if rank == 1 else np.partition(windows, -rank, axis=1)[:, -rank]
    return np.asarray(high, np.float32)


def _high_after(values: NDArray[np.float32], rank: int) -> NDArray[np.float32]:
    """Return the `rank`-th largest of the values after each value, 0 if there are fewer."""
    return _high_before(values[::-1], rank)[::-1]


def _rebuilt(rows: ShotRows) -> NDArray[np.float32]:
    """Return how much of the distribution of light and dark is new, in [0, 1]."""
    new = (rows.structure - SAME_STRUCTURE) / (OTHER_STRUCTURE - SAME_STRUCTURE)
    return np.asarray(np.clip(new, 0.0, 1.0), np.float32)


def _lasting_distance(pictures: _Running, shown: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the distance between both sides that also holds for the far half of either, unaffected by a flash."""
    side, half = SIDE_PICTURES, SIDE_PICTURES // 2
    before, after = pictures.mean(shown - side, shown), pictures.mean(shown, shown + side)
    far_before, far_after = pictures.mean(shown - side, shown - half), pictures.mean(shown + half, shown + side)
    whole = _distance(before, after)
    # At the video's ends a far half is empty, and carries no information.
    to_far = np.where(far_after.any(axis=1), _distance(before, far_after), whole)
    from_far = np.where(far_before.any(axis=1), _distance(far_before, after), whole)
    return np.asarray(np.minimum(whole, np.minimum(to_far, from_far)), np.float32)


def _staying(rows: ShotRows) -> NDArray[np.float32]:
    """Return 1 where the new colors persist, falling to 0 where they are gone half a side later."""
    stays = 1.0 - rows.passing / np.maximum(rows.color, 1e-6)
    return np.asarray(np.clip(stays / STAYS, 0.0, 1.0), np.float32)


class _Running:
    """Cumulative sums of histograms, from which the mean over any range of frames is computed quickly.

    A decoded frame represents itself and the preceding frames that were not decoded.
    """

    def __init__(self, histogram: NDArray[np.float32], number: NDArray[np.int64]) -> None:
        weight = np.diff(number, prepend=number[:1] - 1).astype(np.float64)
        self._number = number
        self._weights = np.concatenate([[0.0], np.cumsum(weight)])
        self._sums = np.concatenate(
            [np.zeros((1, histogram.shape[1])), np.cumsum(histogram * weight[:, None], axis=0, dtype=np.float64)]
        )

    def mean(self, first: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the mean of the frames numbered ``[first, after)``, zeros if there are none."""
        low, high = np.searchsorted(self._number, first), np.searchsorted(self._number, after)
        weight = np.maximum(self._weights[high] - self._weights[low], 1.0)
        return np.asarray((self._sums[high] - self._sums[low]) / weight[:, None])


def _distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the total variation distance of histograms that each sum to one (or zero): half of their L1 distance."""
    return np.asarray(np.abs(a - b).sum(axis=1) / 2, np.float32)


def _coming_again(
    histogram: NDArray[np.float32], number: NDArray[np.int64], index: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the distances of each frame and the previous one from those on the other side of their change."""
    least = np.ones(len(index), np.float32)
    changing = np.flatnonzero(_distance(histogram[index], histogram[np.maximum(index - 1, 0)]) > CHANGING)
    here = index[changing]
    for by in range(1, NEIGHBOURS + 1):
        for one, other in ((here - 1, here + by), (here, here - 1 - by)):
            there = np.flatnonzero((one >= 0) & (other >= 0) & (other < len(histogram)))
            near = np.abs(number[one[there]] - number[other[there]]) <= NEIGHBOURS + 1  # in shown frames
            there = there[near]
            distance = _distance(histogram[one[there]], histogram[other[there]])
            least[changing[there]] = np.minimum(least[changing[there]], distance)
    return least


def _passing(histogram: NDArray[np.float32], number: NDArray[np.int64], index: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the median distance from the frames half a side later; a flash among them does not affect the median.

    After the end of the video, nothing passes.
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
    """Return the least mean absolute difference of each pair of thumbnails, one shifted over the other."""
    rows, columns = a.shape[1:]
    least = np.full(len(a), np.inf, np.float32)
    for down in range(-min(DOWN, rows - 1), min(DOWN, rows - 1) + 1):
        for across in range(-min(ACROSS, columns - 1), min(ACROSS, columns - 1) + 1):
            one = a[:, max(0, down) : rows + min(0, down), max(0, across) : columns + min(0, across)]
            other = b[:, max(0, -down) : rows + min(0, -down), max(0, -across) : columns + min(0, -across)]
            np.minimum(least, np.abs(one - other).mean(axis=(1, 2)), out=least)
    return least / np.float32(FULL_RANGE)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return Pearson's correlation of each pair of thumbnails; 1 if both are flat.

    Cells that are black in both, such as letterbox bars, are ignored.
    """
    x, y = a.reshape(len(a), -1), b.reshape(len(b), -1)
    seen = np.maximum(x, y) > BAR_LEVEL
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    x = np.where(seen, x - (x * seen).sum(axis=1, keepdims=True) / count, 0.0)
    y = np.where(seen, y - (y * seen).sum(axis=1, keepdims=True) / count, 0.0)
    noise = 4.0 * count[:, 0]  # two code values of noise in each cell, so that flat frames correlate
    ones, others = (x * x).sum(axis=1), (y * y).sum(axis=1)
    flat = np.minimum(ones, others) < FLAT * np.maximum(ones, others)
    norms = np.where(flat, (ones + others) / 2, np.sqrt(ones * others))
    return np.asarray(((x * y).sum(axis=1) + noise) / (norms + noise), np.float32)
