"""Freezes: runs of pictures that do not change, as FFmpeg's ``freezedetect`` means them.

``freezedetect`` compares each picture with the first of the run. Here each is compared with its predecessor and with
the picture one minimum length earlier, which finds the same stand-stills and the same slow drifts from pictures that
lie close together, so that a video can be measured in parts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.runs import runs_of
from autoclip.signals.table import Event


def earlier_picture(seconds: NDArray[np.float64], min_sec: float) -> NDArray[np.intp]:
    """Return, for each picture, the earliest one that is less than `min_sec` before it (itself if there is none)."""
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
    """Return the runs of unchanging pictures.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each picture, shape ``(n,)``.
    change : ndarray
        Mean absolute difference to the picture before, shape ``(n,)``; the first is infinite.
    drift : ndarray
        Mean absolute difference to the picture given by `earlier_picture`, shape ``(n,)``.
    noise : float
        Difference below which two pictures are the same.
    end_sec : float
        When the last picture ends.
    min_sec : float
        Shortest run that counts.

    Returns
    -------
    tuple of Event
        From the first of the equal pictures to the first that differs; the score is 1 - mean change / noise.
    """
    still = change <= noise
    runs = runs_of(still)
    earlier = earlier_picture(seconds, min_sec)
    ends = np.append(seconds, end_sec)
    events: list[Event] = []
    for first_still, after in zip(runs.first, runs.after, strict=True):
        for first, end in _without_drift(max(int(first_still) - 1, 0), int(after), drift, earlier, noise):
            if ends[end] - seconds[first] >= min_sec - 1e-9:
                stillness = (
                    1.0 - float(np.mean(change[first + 1 : end])) / noise if noise > 0 and end > first + 1 else 1.0
                )
                events.append(Event("freeze", float(seconds[first]), float(ends[end]), max(0.0, stillness)))
    return tuple(events)


def _without_drift(
    first: int, after: int, drift: NDArray[np.float32], earlier: NDArray[np.intp], noise: float
) -> list[tuple[int, int]]:
    """Part a run at the pictures that have drifted away from one earlier in it."""
    parts: list[tuple[int, int]] = []
    for index in np.flatnonzero(drift[first:after] > noise) + first:
        if earlier[index] >= first:
            parts.append((first, int(index)))
            first = int(index)
    return [*parts, (first, after)]
