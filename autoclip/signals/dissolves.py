"""Dissolves: one shot gradually turns into another.

During a dissolve every frame is a mix of the old shot and the new. Whatever both show and however they move, the fine
structure of the mix is weaker than that of either (see `autoclip.signals.detail`): it falls along a parabola and rises
again, in all parts of the frame at once, whereas motion changes it only in some parts, or permanently. The cues of
every possible span are weighed together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.frame_columns import FrameColumns
from autoclip.signals.ramps import best_ramp
from autoclip.signals.table import Event
from autoclip.timeline import Interval

SPANS_SEC = (0.16, 0.24, 0.36, 0.54, 0.8, 1.15, 1.6, 2.1)
"""Lengths in seconds that are tried: transitions of 5 to 50 frames last 0.1 to 2.1 s, and each of them overlaps one of
these by at least 0.8.
"""

REACH_SEC = 2.2
"""How far around a frame others are examined, in seconds."""

EVERY = 2
"""Every second frame is tried as the middle of a dissolve."""

STEPS_A_SPAN = 6
"""Number of shifts of a span within its own length."""

SIDE_SEC = 0.45
"""Length in seconds in which the colors before and after are examined."""

SHARES = (1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6)
"""Progress of a dissolve at which its detail is compared with the parabola."""

OFF_PARABOLA = (-0.5, 0.65)
"""Range of the logarithm of the whole frame's detail over the parabola's that is examined further: it contains 99 of
100 dissolves, and a fifth of all spans.
"""

GRAIN = 12.0
"""Energy of the detail that noise and coding leave in any frame, in squared code values."""

MAX_DEVIATION = 1.2
"""Limit of differences of logarithms, so that a single part of a frame does not dominate."""

CUE_LIMITS = (
    (-1.1, 0.26),
    (0.29, 1.06),
    (0.27, 2.4),
    (0.2, 2.3),
    (0.18, 2.1),
    (1.75, 16.0),
    (-3.6, 0.14),
    (0.09, 1.28),
)
"""Range of each cue: being much better than the best third of real dissolves carries no information."""

CUE_WEIGHTS = (4.82, -7.66, -0.6, -1.58, -1.84, -0.25, 1.5, -4.53)
INTERCEPT = 4.48
"""A logistic regression on some 100 dissolves of 5 to 50 frames between shots of films and of recorded matches (plain,
noisy, between bars, under a logo; joined by known transitions) against all other spans there and in whole matches.
Learnt on either half it found 0.7 of the other half's with a fifth of false ones: 0.93 in films, 0.45 in matches. The
cues, in order: gain of the parabola over a straight line; deviation from the parabola; unrest of the detail outside;
likeness of both ends; distance from their mean half-way; largest step; logarithm of the length in seconds; unrest of
the colors outside.

The reels of that fit were not kept. ``python -m benchmarks.dissolve_weights`` makes new ones and fits weights again:
they have the same signs and are as good on sources left out (docs/benchmarks.md), but miss a made dissolve of 12 frames
that these find.
"""

MIN_PICTURES = 3
"""Minimum number of frames in a span; with fewer (keyframes alone, a slide show), the transition is unknown."""

MIN_SCORE = 0.13
"""Minimum score of a dissolve; less likely spans near it still help to locate its start and end."""

FAINT = 0.05

SAME_SPAN = 0.5
"""Overlap, as a share of the whole, from which two spans describe the same dissolve."""

GOOD_RAMP = 0.93
"""Explained share of the variance from which a ramp of the thumbnails locates the ends better than the detail."""


@dataclass(frozen=True, slots=True)
class PossibleDissolves:
    """Possible dissolves, several for each real one; shape ``(k,)`` each.

    Attributes
    ----------
    start_sec, end_sec : ndarray
        Times of the first mixed frame, and of the first frame that is entirely new; float64.
    score : ndarray
        Probability of a dissolve, in [0, 1], float32.
    settled : ndarray
        Whether the ends were measured instead of only tried; bool.
    """

    start_sec: NDArray[np.float64]
    end_sec: NDArray[np.float64]
    score: NDArray[np.float32]
    settled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WeighedSpans:
    """Spans that may be dissolves, with all cues; shape ``(k,)`` and ``(k, 8)``.

    Attributes
    ----------
    start_sec, end_sec : ndarray
        Where they begin and end, in seconds.
    cues : ndarray
        The cues in the order of `CUE_WEIGHTS`, within `CUE_LIMITS`.
    """

    start_sec: NDArray[np.float64]
    end_sec: NDArray[np.float64]
    cues: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DissolveTrack(FrameColumns):
    """The input of dissolve detection, one row per frame.

    Attributes
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``.
    thumbnail : ndarray
        Shape ``(n, rows, columns)``.
    histogram : ndarray
        Color histograms, shape ``(n, bins)``.
    detail : ndarray
        Shape ``(n, parts)``; see `autoclip.signals.detail`.
    """

    seconds: NDArray[np.float64]
    thumbnail: NDArray[np.float32]
    histogram: NDArray[np.float32]
    detail: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Spans:
    """Candidate spans, in seconds; shape ``(k,)`` each."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]

    @property
    def rest(self) -> NDArray[np.float64]:
        """Return the length in which the detail before and after is examined."""
        return _rest(self.end - self.start)

    def at(self, share: float) -> NDArray[np.float64]:
        return self.start + share * (self.end - self.start)

    def kept(self, chosen: NDArray[np.bool_]) -> _Spans:
        return _Spans(self.start[chosen], self.end[chosen])


def _rest(length: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(length / 3, 0.1, 0.3), np.float64)


def _stretch(
    seconds: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first frame shown in ``[start, end)`` and the one after the last; the next frame if there is none."""
    first = np.minimum(np.searchsorted(seconds, start - 1e-6), len(seconds) - 1)
    return first, np.maximum(np.searchsorted(seconds, end - 1e-6), first + 1)


class _Means:
    """Means over spans of time, from cumulative sums."""

    def __init__(self, seconds: NDArray[np.float64], values: NDArray[np.floating]) -> None:
        self._seconds = seconds
        self._sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])

    def between(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the mean of the frames shown in ``[start, end)``; the next frame if there is none."""
        first, after = _stretch(self._seconds, start, end)
        count = (after - first).reshape(-1, *[1] * (self._sums.ndim - 1))
        return np.asarray((self._sums[after] - self._sums[first]) / count, np.float32)


def possible_dissolves(track: DissolveTrack, middles: NDArray[np.intp]) -> PossibleDissolves:
    """Search for dissolves around some frames of a sequence.

    Parameters
    ----------
    track : DissolveTrack
        The frames.
    middles : ndarray
        Indices of frames; dissolves around them are searched in frames up to `REACH_SEC` away.
    """
    spans, score = _scored(track, _worth_a_look(track, _tried(track.seconds, middles)))
    start, end = spans.start.copy(), spans.end.copy()
    settled = np.zeros(len(score), np.bool_)
    for index in _best_of_each(spans, score):
        ends = _measured_ends(track, float(start[index]), float(end[index]))
        if ends is not None:
            start[index], end[index], settled[index] = ends.start, ends.end, True
    return PossibleDissolves(start, end, score, settled)


def weighed_spans(track: DissolveTrack, middles: NDArray[np.intp]) -> WeighedSpans:
    """Return the spans that `possible_dissolves` weighs, with the cues that their weights are fitted on."""
    spans = _worth_a_look(track, _tried(track.seconds, middles))
    if len(spans.start) == 0:
        return WeighedSpans(spans.start, spans.end, np.zeros((0, len(CUE_WEIGHTS))))
    cues = np.concatenate([measure(track, spans) for measure in _MEASURES], axis=1)
    return WeighedSpans(spans.start, spans.end, np.clip(cues, *np.array(CUE_LIMITS).T))


def dissolves(
    possible: PossibleDissolves, cut_sec: NDArray[np.float64], fades: tuple[Event, ...] = ()
) -> tuple[Event, ...]:
    """Choose one transition among those that overlap, best first.

    Parameters
    ----------
    possible : PossibleDissolves
        The result of `possible_dissolves`.
    cut_sec : ndarray
        Times of certain cuts: a span that contains one, or was measured beyond one, is no gradual transition.
    fades : tuple of Event
        Fades, which are mixes with one color; no dissolve overlaps one.
    """
    chosen: list[Event] = []
    for index in np.lexsort((possible.start_sec, -possible.score)):
        if possible.score[index] < MIN_SCORE:
            break
        span = _ends(possible, int(index))
        start, end = span.start, span.end
        margin = float(_rest(np.asarray(end - start)))
        if np.any((cut_sec > start - margin) & (cut_sec < end + margin)):
            continue
        if all(end <= other.start_sec or start >= (other.end_sec or start) for other in (*chosen, *fades)):
            chosen.append(Event("dissolve", start, end, float(possible.score[index])))
    return tuple(sorted(chosen, key=lambda event: event.start_sec))


def _ends(possible: PossibleDissolves, index: int) -> Interval:
    """Return where a dissolve begins and ends: as measured, or the weighted mean of the spans around it."""
    start, end = float(possible.start_sec[index]), float(possible.end_sec[index])
    if possible.settled[index]:
        return Interval(start, end)
    shared = np.minimum(possible.end_sec, end) - np.maximum(possible.start_sec, start)
    whole = np.maximum(possible.end_sec, end) - np.minimum(possible.start_sec, start)
    weight = np.where(shared >= SAME_SPAN * whole, possible.score, 0.0)
    return Interval(*(float(np.average(times, weights=weight)) for times in (possible.start_sec, possible.end_sec)))


def _best_of_each(spans: _Spans, score: NDArray[np.float32]) -> list[int]:
    """Return the spans that are likely dissolves and overlap no better one."""
    best: list[int] = []
    for index in np.argsort(-score, kind="stable").tolist():
        if score[index] < MIN_SCORE:
            break
        if all(spans.end[index] <= spans.start[other] or spans.start[index] >= spans.end[other] for other in best):
            best.append(index)
    return best


def _measured_ends(track: DissolveTrack, start: float, end: float) -> Interval | None:
    """Return where thumbnails begin and end to change from one to the other; None if they don't change linearly."""
    reach = 0.4 * (end - start) + 0.1
    lo, hi = np.searchsorted(track.seconds, [start - reach, end + reach])
    seconds = track.seconds[lo:hi]
    cells = track.thumbnail[lo:hi].reshape(hi - lo, -1)
    few = max(1, min(3, (hi - lo) // 6))
    before, after = cells[:few].mean(axis=0), cells[-few:].mean(axis=0)
    turn = after - before
    way = ((cells - before) @ turn / max(float(turn @ turn), 1.0)).astype(np.float64)
    ramp = best_ramp(seconds, way)
    first, last = float(seconds[ramp.first]), float(seconds[ramp.last])
    shared, whole = min(last, end) - max(first, start), max(last, end) - min(first, start)
    return Interval(first, last) if ramp.fit >= GOOD_RAMP and shared >= SAME_SPAN * whole else None


def _tried(seconds: NDArray[np.float64], middles: NDArray[np.intp]) -> _Spans:
    starts, ends = [np.zeros(0)], [np.zeros(0)]
    for span in SPANS_SEC:
        _, first = np.unique(np.floor(seconds[middles] / (span / STEPS_A_SPAN)), return_index=True)
        middle = seconds[middles[first]]
        inside = (middle - span / 2 >= seconds[0] + 0.1) & (middle + span / 2 <= seconds[-1] - 0.1)
        shown = np.searchsorted(seconds, middle + span / 2) - np.searchsorted(seconds, middle - span / 2)
        inside &= shown >= MIN_PICTURES
        starts.append(middle[inside] - span / 2)
        ends.append(middle[inside] + span / 2)
    return _Spans(np.concatenate(starts), np.concatenate(ends))


def _worth_a_look(track: DissolveTrack, spans: _Spans) -> _Spans:
    """Drop the spans in which the detail of the whole frame follows no parabola at all, which are most of them."""
    means = _Means(track.seconds, track.detail.mean(axis=1) + GRAIN)
    rest, width = spans.rest, (spans.end - spans.start) / 8
    before, after = means.between(spans.start - rest, spans.start), means.between(spans.end, spans.end + rest)
    kept = np.ones(len(spans.start), np.bool_)
    for share in (0.25, 0.5, 0.75):
        there = means.between(spans.at(share) - width / 2, spans.at(share) + width / 2)
        off = np.log(there / ((1 - share) ** 2 * before + share**2 * after))
        kept &= (off > OFF_PARABOLA[0]) & (off < OFF_PARABOLA[1])
    return spans.kept(kept)


def _scored(track: DissolveTrack, spans: _Spans) -> tuple[_Spans, NDArray[np.float32]]:
    """Return the spans that may be dissolves with their scores; those that the first cues exclude are dropped early."""
    limits, weights = np.array(CUE_LIMITS), np.array(CUE_WEIGHTS)
    left = float((limits * weights[:, None]).max(axis=1).sum())  # the most that the cues not yet measured can add
    weighed, first = np.full(len(spans.start), INTERCEPT), 0
    for measure in _MEASURES:
        if len(spans.start) == 0:
            break
        cues = measure(track, spans)
        columns = slice(first, first + cues.shape[1])
        first = columns.stop
        weighed = weighed + np.clip(cues, limits[columns, 0], limits[columns, 1]) @ weights[columns]
        left -= float((limits[columns] * weights[columns, None]).max(axis=1).sum())
        likely = weighed + left >= np.log(FAINT / (1 - FAINT))
        spans, weighed = spans.kept(likely), weighed[likely]
    return spans, np.asarray(1.0 / (1.0 + np.exp(-weighed)), np.float32)


def _detail_cues(track: DissolveTrack, spans: _Spans) -> NDArray[np.float64]:
    """Return how much better a parabola fits the detail than a line, its deviation, and the variation outside."""
    means = _Means(track.seconds, track.detail + GRAIN)
    rest, width = spans.rest, (spans.end - spans.start) / 8
    before, after = means.between(spans.start - rest, spans.start), means.between(spans.end, spans.end + rest)
    parabola, line = np.zeros_like(before), np.zeros_like(before)
    for share in SHARES:
        there = np.log(means.between(spans.at(share) - width / 2, spans.at(share) + width / 2))
        mixed = np.log((1 - share) ** 2 * before + share**2 * after)
        gone = np.log((1 - share) * before + share * after)
        parabola += np.minimum(np.abs(there - mixed), MAX_DEVIATION) / len(SHARES)
        line += np.minimum(np.abs(there - gone), MAX_DEVIATION) / len(SHARES)
    unrest = np.abs(np.log(means.between(spans.start - 2 * rest, spans.start - rest) / before))
    unrest += np.abs(np.log(means.between(spans.end + rest, spans.end + 2 * rest) / after))
    # The median over the parts decides: some may show static content, such as a score board.
    return np.stack([_middle(each) for each in (line - parabola, parabola, unrest)], axis=1)


def _middle(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (upper) median of each row."""
    middle = parts.shape[1] // 2
    return np.asarray(np.partition(parts, middle, axis=1)[:, middle], np.float32)


def _thumbnail_cues(track: DissolveTrack, spans: _Spans) -> NDArray[np.float64]:
    """Return similarity of the ends, distance from their mean half-way, largest step, and length."""
    cells = track.thumbnail.reshape(len(track.thumbnail), -1)
    means, rest, length = _Means(track.seconds, cells), 0.12, spans.end - spans.start
    before, after = means.between(spans.start - rest, spans.start), means.between(spans.end, spans.end + rest)
    half_way = means.between(spans.at(0.5) - length / 16, spans.at(0.5) + length / 16)
    turn = np.maximum(_size(after - before), 1.0)
    steps = np.append(_size(np.diff(cells, axis=0, prepend=cells[:1])), 0.0)
    first = np.searchsorted(track.seconds, spans.start - 1e-6)
    last = np.searchsorted(track.seconds, spans.end - 1e-6) + 1
    largest = np.maximum.reduceat(steps, np.column_stack([first, np.maximum(last, first + 1)]).ravel())[::2]
    usual = np.maximum(_Means(track.seconds, steps[:-1]).between(spans.start - rest, spans.end + rest), 0.5)
    off = _size(half_way - (before + after) / np.float32(2))
    return np.stack([_likeness(before, after), off / turn, largest / usual, np.log(length)], axis=1)


def _size(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the root mean square of each row."""
    return np.asarray(np.sqrt((difference**2).mean(axis=1)), np.float32)


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the correlation of thumbnails; two code values of noise make flat ones similar."""
    x, y = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    noise = 4.0
    return np.asarray(((x * y).mean(axis=1) + noise) / (np.sqrt((x**2).mean(axis=1) * (y**2).mean(axis=1)) + noise))


def _color_cue(track: DissolveTrack, spans: _Spans) -> NDArray[np.float64]:
    """Return how much the colors change on the more variable side, shape ``(k, 1)``."""
    half = SIDE_SEC / 2
    unrest = [
        np.abs(_mean_histograms(track, far, far + half) - _mean_histograms(track, far + half, far + SIDE_SEC))
        for far in (spans.start - SIDE_SEC, spans.end)
    ]
    return np.asarray(np.maximum(*(each.sum(axis=1, keepdims=True) / 2 for each in unrest)), np.float64)


def _mean_histograms(track: DissolveTrack, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float32]:
    # Few spans reach this point: cumulative sums of whole histograms would cost more.
    stretches = zip(*_stretch(track.seconds, start, end), strict=True)
    return np.stack([track.histogram[first:after].mean(axis=0) for first, after in stretches])


_MEASURES = (_detail_cues, _thumbnail_cues, _color_cue)
"""What measures the cues, the cheapest first."""
