"""Fades: the video gradually turns into one flat color, or out of it.

Monochrome frames and a linear ramp beside them, as in Rainer Lienhart, "Reliable Transition Detection in Videos"
(2001), section 5. The ramp is that of the frame's distance from the flat color, which falls the same way whatever
moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.ramps import best_ramp
from autoclip.signals.runs import runs_of
from autoclip.signals.table import Event

FLAT = 0.018
"""Standard deviation of the thumbnail's cells, as a share of full range, below which a frame has one color."""

STEADY = 0.004
"""Change of mean luma from frame to frame, as a share of full range, below which it is constant."""

REACH_SEC = 3.5
"""How far from a flat frame its fade may begin or end, in seconds."""

MIN_FADE_SEC = 0.12
"""Minimum length of a fade in seconds; anything faster is a cut."""

MIN_DISTANCE = 0.06
"""Minimum distance from the flat color at a fade's other end, as a share of full range; less is hardly a frame."""

MAX_CURVATURE = 0.1
"""Distance from the straight line, as a share of its height, up to which a ramp continues."""

MIN_FIT = 0.85
"""Minimum share of the variance that a ramp with constant ends must explain."""

SAME_PICTURE = 0.3
"""Maximum difference of level and distance before and after a flash, as a share of its height; less is the same shot.
"""

BEYOND = (1.5, 1.0, 0.7, 0.5)
"""How far beyond the linear part the end of a ramp is searched, the farthest first: what follows may move."""

_AT_REST = 3
_MIN_PICTURES = 4


def fades(
    seconds: NDArray[np.float64],
    luma_mean: NDArray[np.float32],
    contrast: NDArray[np.float32],
    core_contrast: NDArray[np.float32],
    cut_sec: NDArray[np.float64],
) -> tuple[Event, ...]:
    """Return the fades to and from flat frames.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each frame, shape ``(n,)``.
    luma_mean, contrast : ndarray
        Mean and standard deviation of each frame's thumbnail, as shares of full range, shape ``(n,)``.
    core_contrast : ndarray
        The same deviation without outlying cells (a permanent logo), shape ``(n,)``.
    cut_sec : ndarray
        Times of certain cuts, ascending; a fade ends there.

    Returns
    -------
    tuple of Event
        From the first changed frame to the first at the final level; the score is how linear the ramp is.
    """
    flat = runs_of((core_contrast < FLAT) & _at_rest(luma_mean))
    shots = np.concatenate([[0], np.searchsorted(seconds, cut_sec), [len(seconds)]])
    found: list[Event] = []
    for first, after in zip(flat.first.tolist(), flat.after.tolist(), strict=True):
        distance = _distance(luma_mean, contrast, first)
        begin = int(shots[np.searchsorted(shots, first, side="right") - 1])
        found.extend(_fade(seconds, distance, np.arange(min(first + _AT_REST, after) - 1, begin - 1, -1)))
        distance = _distance(luma_mean, contrast, after - 1)
        end = int(shots[np.searchsorted(shots, after)])
        into = _fade(seconds, distance, np.arange(max(after - _AT_REST, first), end))
        found.extend(event for event in into if not _is_flash(seconds, luma_mean, distance, first, event))
    return _apart(found)


def _distance(luma_mean: NDArray[np.float32], contrast: NDArray[np.float32], flat: int) -> NDArray[np.float32]:
    """Return the distance of each frame from a flat one, ignoring a logo on it."""
    distance = np.hypot(luma_mean - luma_mean[flat], np.maximum(contrast - contrast[flat], 0.0))
    return np.asarray(distance, np.float32)


def _at_rest(luma_mean: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether the level is constant, or reverses, at each frame."""
    before = np.diff(luma_mean, prepend=luma_mean[:1])
    behind = np.diff(luma_mean, append=luma_mean[-1:])
    stays = np.minimum(np.abs(before), np.abs(behind)) < STEADY
    return np.asarray(stays | (before * behind <= 0))


def _fade(seconds: NDArray[np.float64], distance: NDArray[np.float32], outward: NDArray[np.intp]) -> list[Event]:
    """Return the fade along a walk away from a flat frame, as a list of none or one."""
    if len(outward) == 0:
        return []
    away = np.abs(seconds[outward] - seconds[outward[0]])
    outward, away = outward[away <= REACH_SEC], away[away <= REACH_SEC]
    length = _straight_length(away, distance[outward].astype(np.float64))
    if length < _MIN_PICTURES:
        return []
    for share in BEYOND:
        walk = np.sort(outward[: int(share * length) + _AT_REST])
        ramp = best_ramp(seconds[walk], distance[walk].astype(np.float64))
        start, end = float(seconds[walk[ramp.first]]), float(seconds[walk[ramp.last]])
        if ramp.fit >= MIN_FIT and end - start >= MIN_FADE_SEC and distance[walk].max() >= MIN_DISTANCE:
            return [Event("fade", start, end, min(1.0, ramp.fit))]
    return []


def _is_flash(
    seconds: NDArray[np.float64],
    luma_mean: NDArray[np.float32],
    distance: NDArray[np.float32],
    first: int,
    event: Event,
) -> bool:
    """Whether a flat frame appears suddenly and the shot before it returns: a flash that decays."""
    if first == 0:
        return False
    back = int(np.searchsorted(seconds, event.end_sec or event.start_sec))
    height = float(distance[back])
    brighter = luma_mean[first] > max(luma_mean[first - 1], luma_mean[back])
    same = abs(luma_mean[first - 1] - luma_mean[back]) + abs(distance[first - 1] - height) < SAME_PICTURE * height
    return bool(brighter and same)


def _straight_length(away: NDArray[np.float64], distance: NDArray[np.float64]) -> int:
    """Return how many values from the first on lie near a rising straight line."""
    count = np.arange(1, len(away) + 1)
    x, y = np.cumsum(away), np.cumsum(distance)
    xx, xy, yy = np.cumsum(away * away), np.cumsum(away * distance), np.cumsum(distance * distance)
    covariance, spread = xy - x * y / count, np.maximum(xx - x * x / count, 1e-12)
    slope = covariance / spread
    error = np.sqrt(np.maximum(yy - y * y / count - slope * covariance, 0.0) / count)
    straight = (slope > 0) & (error <= MAX_CURVATURE * np.maximum(slope * away, 1e-9))
    last = np.flatnonzero(straight)
    return int(last[-1]) + 1 if len(last) else 0


def _apart(found: list[Event]) -> tuple[Event, ...]:
    """Of fades that overlap by half of the shorter (found from both sides), keep the better."""
    kept: list[Event] = []
    for event in sorted(found, key=lambda event: -event.score):
        if all(_overlap(event, other) < 0.5 for other in kept):  # noqa: PLR2004 - half
            kept.append(event)
    return tuple(sorted(kept, key=lambda event: event.start_sec))


def _overlap(a: Event, b: Event) -> float:
    """Return the overlap as a share of the shorter fade."""
    a_end, b_end = a.end_sec or a.start_sec, b.end_sec or b.start_sec
    shared = min(a_end, b_end) - max(a.start_sec, b.start_sec)
    return shared / max(min(a_end - a.start_sec, b_end - b.start_sec), 1e-9)
