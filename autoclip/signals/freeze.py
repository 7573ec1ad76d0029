"""Freezes: runs of frames that do not change, as in FFmpeg's ``freezedetect``.

``freezedetect`` compares each frame with the first of the run. Here each frame is compared with its predecessor and
with the frame one minimum length earlier, which finds the same freezes and the same slow drifts from frames that are
close together, so that a video can be measured in parts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.runs import runs_of
from autoclip.signals.table import Event

DRIFT = 1.5
"""Frames of a run may differ by this many times the noise over its minimum length, because the codec's refinements add
up.
"""

SETTLING = 3.0
SETTLING_PICTURES = 5
"""After a freeze begins, a codec refines the frame over the first few repetitions, by up to this many times the noise.
"""

STANDS_OUT = 2.0
"""A freeze changes by at most the reciprocal of this number times what its surroundings change."""

AROUND = 8
"""Number of frames on each side that are its surroundings."""

PERFECTLY_STILL = 0.1
"""Share of the noise below which only the codec changes the frame: such a run is a freeze in any surroundings."""


def earlier_picture(seconds: NDArray[np.float64], min_sec: float) -> NDArray[np.intp]:
    """Return, for each frame, the index of the earliest one less than `min_sec` before it (itself if there is none)."""
    return np.asarray(np.searchsorted(seconds, seconds - min_sec + 1e-6, side="left"), np.intp)


def freeze_runs(
    seconds: NDArray[np.float64],
    change: NDArray[np.float32],
    drift: NDArray[np.float32],
    *,
    noise: float,
    end_sec: float,
    min_sec: float,
) -> tuple[Event, ...]:
    """Return the runs of unchanging frames.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each frame, shape ``(n,)``.
    change : ndarray
        Mean absolute difference from the previous frame, shape ``(n,)``; the first is infinite.
    drift : ndarray
        Mean absolute difference from the frame given by `earlier_picture`, shape ``(n,)``.
    noise : float
        Difference below which two frames are equal.
    end_sec : float
        When the last frame ends.
    min_sec : float
        Minimum length of a run in seconds.

    Returns
    -------
    tuple of Event
        From the first of the equal frames to the first that differs; the score is 1 - mean change / noise.
    """
    earlier = earlier_picture(seconds, min_sec)
    ends = np.append(seconds, end_sec)
    events: list[Event] = []
    runs = runs_of(change <= noise)
    for first_still, after_still in zip(runs.first.tolist(), runs.after.tolist(), strict=True):
        begin = _settling(change, max(first_still - 1, 0), noise)
        for first, after in _without_drift(begin, after_still, change, drift, earlier, noise=noise):
            long_enough = ends[after] - seconds[first] >= min_sec - 1e-9
            if long_enough and _stands_out(change, first, after, noise):
                events.append(
                    Event("freeze", float(seconds[first]), float(ends[after]), _stillness(change, first, after, noise))
                )
    return tuple(events)


def _settling(change: NDArray[np.float32], first: int, noise: float) -> int:
    """Return where a run begins if the frames in which the codec still refines the frozen one are included."""
    begin = first
    while begin > 0 and first - begin < SETTLING_PICTURES and change[begin] <= SETTLING * noise:
        begin -= 1
    # A codec refines only after a sudden stop; motion that slows down has not frozen yet.
    sudden = change[begin] >= STANDS_OUT * change[begin + 1 : first + 1].max(initial=noise)
    return begin if begin < first and sudden else first


def _stands_out(change: NDArray[np.float32], first: int, after: int, noise: float) -> bool:
    """Whether a run changes less than its surroundings, or not at all: grain next to grain is no freeze."""
    within = float(np.median(change[first + 1 : after])) if after > first + 1 else 0.0
    if within <= noise * PERFECTLY_STILL:
        return True
    before, behind = change[max(first + 1 - AROUND, 0) : first + 1], change[after : after + AROUND]
    levels = [float(np.median(side)) for side in (before, behind) if len(side)]
    return max(levels, default=0.0) >= STANDS_OUT * within


def _stillness(change: NDArray[np.float32], first: int, after: int, noise: float) -> float:
    if noise <= 0 or after <= first + 1:
        return 1.0
    return max(0.0, 1.0 - float(np.mean(change[first + 1 : after])) / noise)


def _without_drift(
    first: int,
    after: int,
    change: NDArray[np.float32],
    drift: NDArray[np.float32],
    earlier: NDArray[np.intp],
    *,
    noise: float,
) -> list[tuple[int, int]]:
    """Split a run where it drifted: at the last larger change before a frame that has moved away."""
    parts: list[tuple[int, int]] = []
    for index in (np.flatnonzero(drift[first:after] > DRIFT * noise) + first).tolist():
        if first <= earlier[index] < index:
            steps = change[earlier[index] + 1 : index + 1]
            moved = int(earlier[index]) + 1 + int(np.flatnonzero(steps >= steps.max() / 2)[-1])
            parts.append((first, moved))
            first = moved
    return [*parts, (first, after)]
