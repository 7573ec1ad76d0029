"""The reaction of a chat: how far it rises above its surroundings, and how long after the moment it comes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

REACTION_SEC = 30.0
"""How long people react to a moment.

Of 10 to 45 s tried on 11 streams (docs/decisions/0013-chat.md), 25 and 30 rank the moments that fans picked highest.
"""

SURROUNDINGS_SEC = 1800.0
"""Length of the surroundings that define the usual rate. Between 15 minutes and an hour the ranking hardly changes."""

DEFAULT_DELAY_SEC = 8.0
"""Delay from a moment to the chat's reaction: the stream's latency, and typing."""

BUILD_UP_SEC = 7.0
"""Time before a moment that belongs to its clip.

With the default delay a clip begins 15 s before the reaction: of 0 to 30 s tried on the same streams, 15 and 20 contain
most of the picked moments.
"""

MIN_USUAL = 0.3
"""Lower bound of the usual rate, as a share of the whole stream's mean, so that three messages in a dead hour are no
peak.
"""

MAX_DELAY_SEC = 40.0
"""A reaction later than this can't be distinguished from a reaction to something else."""

MIN_DELAY_CORRELATION = 0.3
"""Correlation below which the delay can't be estimated and the default is used."""

Series = NDArray[np.floating]


def reaction(counts: Series, step_sec: float) -> NDArray[np.float64]:
    """Return by how many standard deviations the next `REACTION_SEC` of a chat exceed the usual rate around them.

    Messages are modeled as a Poisson process at the usual rate, whose variance equals its mean: ``z = (n - usual) /
    sqrt(usual)``.

    Parameters
    ----------
    counts : ndarray
        People in each step, shape ``(count,)``.
    step_sec : float
        Length of a step in seconds.

    Returns
    -------
    ndarray
        Shape ``(count,)``, float64; each value is for the time that begins at its step.
    """
    found, usual = _rates(counts, step_sec)
    width = max(1, round(REACTION_SEC / step_sec))
    return np.asarray((found - usual) * np.sqrt(width / usual), np.float64)


def times_usual(counts: Series, step_sec: float) -> NDArray[np.float64]:
    """Return how many times as many people as usual take part in the `REACTION_SEC` that begin at each step.

    Returns
    -------
    ndarray
        Shape ``(count,)``, float64; 1 means as many as usual.
    """
    found, usual = _rates(counts, step_sec)
    return np.asarray(found / usual, np.float64)


def people(counts: Series, step_sec: float) -> NDArray[np.float64]:
    """Count the people in the `REACTION_SEC` that begin at each step; shape ``(count,)``, float64."""
    found, _ = _rates(counts, step_sec)
    return found * max(1, round(REACTION_SEC / step_sec))


def estimate_delay(excitement: Series, counts: Series, step_sec: float) -> float:
    """Estimate the delay of the chat behind the video from their correlation; else return `DEFAULT_DELAY_SEC`.

    Parameters
    ----------
    excitement : ndarray
        Excitement of audio and video, shape ``(count,)``; NaN where nothing was measured.
    counts : ndarray
        People of the chat in each step, the same shape.
    step_sec : float
        Length of a step in seconds.
    """
    smooth = uniform_filter1d(np.nan_to_num(excitement.astype(np.float64)), max(1, round(5.0 / step_sec)))
    crowd = uniform_filter1d(counts.astype(np.float64), max(1, round(5.0 / step_sec)))
    lags = range(max(0, min(smooth.size - 1, round(MAX_DELAY_SEC / step_sec) + 1)))
    found = [_correlation(smooth[: smooth.size - lag], crowd[lag:]) for lag in lags]
    if not found or max(found) < MIN_DELAY_CORRELATION:
        return DEFAULT_DELAY_SEC
    return float(np.argmax(found) * step_sec)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Pearson's correlation; 0 if one of them is constant."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _rates(counts: Series, step_sec: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the people per step in the `REACTION_SEC` from each step on, and the usual rate there, never 0."""
    width = max(1, round(REACTION_SEC / step_sec))
    sums = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
    starts = np.arange(counts.size)
    found = (sums[np.minimum(starts + width, counts.size)] - sums[starts]) / width
    around = max(1, min(counts.size, round(SURROUNDINGS_SEC / step_sec)))
    if not counts.any():
        return found, np.ones(counts.size)
    return found, uniform_filter1d(counts.astype(np.float64), around, mode="nearest") + MIN_USUAL * counts.mean()
