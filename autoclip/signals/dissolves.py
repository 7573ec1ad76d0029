"""Dissolves: one picture turns into another bit by bit.

During a dissolve every picture is a mix of the old shot and the new: on the way between two thumbnails that have little
in common it runs along the straight line that joins them, rests before and rests after. A moving camera leaves that
line (half-way it shows something else, not half of both), and a cut jumps along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.ramps import best_ramp
from autoclip.signals.table import Event

SCALES_SEC = (0.3, 0.6, 1.2, 2.2)
"""Spans over which pictures are compared: transitions of 5 to 50 frames last 0.2 to 2 s."""

REACH_SEC = 2.2
"""How far around a picture others are looked at."""

POINTS_ON_THE_WAY = (0.5, 0.25, 0.75)

MAX_RESIDUAL = 0.25
"""Distance from the straight line, as a share of its length, up to which pictures lie on it."""

MIN_TURN = 9.0
"""Least change of a cell's mean luma, in code values (root mean square), that is a transition and not a flicker."""

MAX_LIKENESS = 0.6
"""Correlation of the two ends above which they show the same scene."""

MIN_TRANSITION_SEC = 0.12
"""Anything quicker is a cut."""

MIN_FIT = 0.9
"""Share of the way's variance that a ramp between two rests must explain."""

CHANGED_CELL = 5.0
MIN_CHANGED_SHARE = 0.6
"""Share of cells that change by this many code values: a title or a logo that comes and goes is no transition."""

EVERY = 3
"""Of a dissolve's pictures every third one is tried as its middle."""

MIN_REST = 2
"""Least number of pictures at rest on each side, unless a cut or the end of the video lies there."""


@dataclass(frozen=True, slots=True)
class PossibleDissolves:
    """Possible dissolves, several for each real one; shape ``(k,)`` each.

    Attributes
    ----------
    start_sec, end_sec : ndarray
        First picture that is a mix, and first that is all new; float64.
    score : ndarray
        How well a ramp explains it, in [0, 1], float32.
    """

    start_sec: NDArray[np.float64]
    end_sec: NDArray[np.float64]
    score: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Candidate:
    start_sec: float
    end_sec: float
    score: float


def possible_dissolves(
    seconds: NDArray[np.float64], thumbnail: NDArray[np.float32], middles: NDArray[np.intp]
) -> PossibleDissolves:
    """Look for transitions around some of a run of pictures.

    Parameters
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``.
    thumbnail : ndarray
        Shape ``(n, rows, columns)``.
    middles : ndarray
        Indices of pictures; dissolves around them are looked for, in pictures up to `REACH_SEC` away.
    """
    cells = thumbnail.reshape(len(thumbnail), -1)
    found: list[_Candidate] = []
    for scale in SCALES_SEC:
        for middle in _straight_stretches(seconds, cells, middles, scale):
            candidate = _fit(seconds, cells, middle, scale)
            if candidate is not None:
                found.append(candidate)
    return PossibleDissolves(
        np.array([c.start_sec for c in found], np.float64),
        np.array([c.end_sec for c in found], np.float64),
        np.array([c.score for c in found], np.float32),
    )


def dissolves(possible: PossibleDissolves, cut_sec: NDArray[np.float64]) -> tuple[Event, ...]:
    """Choose one transition among those that overlap, the best first.

    Parameters
    ----------
    possible : PossibleDissolves
        As `possible_dissolves` found them.
    cut_sec : ndarray
        Times of certain cuts: what holds one is no gradual transition.
    """
    chosen: list[Event] = []
    for index in np.lexsort((possible.start_sec, -possible.score)):
        start, end = float(possible.start_sec[index]), float(possible.end_sec[index])
        if np.any((cut_sec > start) & (cut_sec < end)):
            continue
        if all(end <= other.start_sec or start >= (other.end_sec or start) for other in chosen):
            chosen.append(Event("dissolve", start, end, float(possible.score[index])))
    return tuple(sorted(chosen, key=lambda event: event.start_sec))


def _straight_stretches(
    seconds: NDArray[np.float64], cells: NDArray[np.float32], middle: NDArray[np.intp], scale: float
) -> NDArray[np.intp]:
    """Return the pictures around which the way between two different pictures is straight."""
    a = np.searchsorted(seconds, seconds[middle] - scale / 2)
    b = np.minimum(np.searchsorted(seconds, seconds[middle] + scale / 2), len(seconds) - 1)
    turn = cells[b] - cells[a]
    size = np.sqrt((turn**2).mean(axis=1))
    kept = np.flatnonzero((size > MIN_TURN) & (b - a > len(POINTS_ON_THE_WAY)))
    # Half-way first: it rules out most of what moves.
    for share in POINTS_ON_THE_WAY:
        first, last, way = a[kept], b[kept], turn[kept]
        point = np.searchsorted(seconds, seconds[first] + share * (seconds[last] - seconds[first]))
        along = ((seconds[point] - seconds[first]) / (seconds[last] - seconds[first])).astype(np.float32)[:, None]
        off = cells[point] - cells[first] - along * way
        kept = kept[np.sqrt((off**2).mean(axis=1)) < MAX_RESIDUAL * size[kept]]
    unlike = _likeness(cells[a[kept]], cells[b[kept]]) < MAX_LIKENESS
    return np.asarray(middle[kept[unlike]], np.intp)


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlation of thumbnails; a flat one, as in a fade, counts as alike: fades are found otherwise."""
    x, y = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spread = np.sqrt((x**2).mean(axis=1)), np.sqrt((y**2).mean(axis=1))
    flat = np.minimum(*spread) < MIN_TURN
    correlation = (x * y).mean(axis=1) / np.maximum(spread[0] * spread[1], 1e-6)
    return np.where(flat, 1.0, correlation).astype(np.float32)


def _fit(seconds: NDArray[np.float64], cells: NDArray[np.float32], middle: int, scale: float) -> _Candidate | None:
    """Fit rest, ramp, rest to the way from one picture to the other; None when it is no such thing."""
    reach = min(REACH_SEC, 0.75 * scale + 0.2)
    lo, hi = np.searchsorted(seconds, [seconds[middle] - reach, seconds[middle] + reach])
    lo, hi = _without_jumps(cells, int(lo), int(hi), middle)
    if hi - lo <= 2 * MIN_REST:
        return None
    ends = _ends(cells, lo, hi)
    turn = ends[1] - ends[0]
    length = float((turn**2).sum())
    if np.sqrt(length / len(turn)) < MIN_TURN or _likeness(ends[:1], ends[1:])[0] > MAX_LIKENESS:
        return None
    if np.mean(np.abs(turn) > CHANGED_CELL) < MIN_CHANGED_SHARE:
        return None
    way = ((cells[lo:hi] - ends[0]) @ turn / length).astype(np.float64)
    off = np.sqrt(((cells[lo:hi] - ends[0] - way[:, None] * turn) ** 2).sum(axis=1) / length)
    ramp = best_ramp(seconds[lo:hi], way)
    start, end = float(seconds[lo + ramp.first]), float(seconds[lo + ramp.last])
    rests = min(ramp.first, hi - lo - 1 - ramp.last)
    residual = float(off[ramp.first : ramp.last + 1].mean())
    if ramp.fit < MIN_FIT or end - start < MIN_TRANSITION_SEC or rests < MIN_REST or residual > MAX_RESIDUAL:
        return None
    return _Candidate(start, end, ramp.fit * (1.0 - residual))


def _without_jumps(cells: NDArray[np.float32], lo: int, hi: int, middle: int) -> tuple[int, int]:
    """Narrow a stretch to what lies between the jumps (cuts) around its middle."""
    steps = np.sqrt((np.diff(cells[lo:hi], axis=0) ** 2).mean(axis=1))
    jumps = np.flatnonzero(steps > max(MIN_TURN, 6.0 * float(np.median(steps)))) + lo
    before, behind = jumps[jumps < middle], jumps[jumps >= middle]
    return (int(before[-1]) + 1 if len(before) else lo), (int(behind[0]) + 1 if len(behind) else hi)


def _ends(cells: NDArray[np.float32], lo: int, hi: int) -> NDArray[np.float32]:
    """Mean of the first and of the last few pictures of a stretch, shape ``(2, cells)``."""
    few = max(1, min(3, (hi - lo) // 6))
    return np.stack([cells[lo : lo + few].mean(axis=0), cells[hi - few : hi].mean(axis=0)])
