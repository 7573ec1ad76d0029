"""Quality: how good a window is as a clip, from four components."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoclip.clips import Scores
from autoclip.selection.excitement import Excitement
from autoclip.settings import WindowSettings
from autoclip.signals.robust_normalization import Series

WELL_INSIDE = 0.2
"""Share of a clip at each edge within which an anchor is too close to the edge."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The components of a quality before weighting, and the total score.

    Attributes
    ----------
    excitement : float
        Excitement integral: the greatest mean excitement ``m`` of any `moment_min_sec` of the window, mapped to
        ``1 / (1 + exp(-m))``, in (0, 1). A long clip neither gains from its length nor loses from the calm around its
        moment.
    boundary : float
        Mean score of both boundaries, in [0, 1].
    narrative : float
        1 if the anchor lies well inside, falling to 0 at the edges.
    dead_time : float
        Share of steps below `dead_time_threshold`: the penalty before weighting.
    anchor_boost : float
        ``1 + s / (1 + s)`` of the anchor's score `s`, in [1, 2).
    score : float
        ``(w_excitement * excitement + w_boundary * boundary + w_narrative * narrative - w_dead_time * dead_time) *
        anchor_boost``, at least 0.
    """

    excitement: float
    boundary: float
    narrative: float
    dead_time: float
    anchor_boost: float
    score: float

    @property
    def scores(self) -> Scores:
        """Return the components as a clip has them."""
        return Scores(
            excitement=self.excitement, boundary=self.boundary, narrative=self.narrative, dead_time=self.dead_time
        )


class WindowMeans:
    """Means of one curve over any window, from cumulative sums.

    Parameters
    ----------
    excitement : Excitement
        The excitement curve, and the activity, which is low in dead time.
    settings : WindowSettings
        `dead_time_threshold` and `moment_min_sec`.
    """

    def __init__(self, excitement: Excitement, settings: WindowSettings) -> None:
        step_sec = excitement.grid.step_sec
        self._step_sec = step_sec
        self._span = max(1, round(settings.moment_min_sec / step_sec))
        self._knots = np.arange(excitement.grid.count + 1, dtype=np.float64) * step_sec
        self._sums = np.concatenate(([0.0], np.cumsum(excitement.curve))) * step_sec
        self._dead = np.concatenate(([0.0], np.cumsum(excitement.activity < settings.dead_time_threshold))) * step_sec

    def excitement(self, start: float, end: float) -> float:
        """Return the greatest mean over `moment_min_sec` inside the window; the mean of a shorter window."""
        first = int(np.ceil(start / self._step_sec - 1e-9))
        last = min(int(end / self._step_sec + 1e-9), self._sums.size - 1) - self._span
        if last < first:
            return self._mean(self._sums, start, end)
        sums = self._sums[first + self._span : last + self._span + 1] - self._sums[first : last + 1]
        return float(sums.max()) / (self._span * self._step_sec)

    def mean(self, start: float, end: float) -> float:
        """Return the mean from `start` to `end`."""
        return self._mean(self._sums, start, end)

    def dead_share(self, start: float, end: float) -> float:
        """Return the share of ``[start, end)`` that is dead time."""
        return self._mean(self._dead, start, end)

    def _mean(self, sums: Series, start: float, end: float) -> float:
        low, high = np.interp((start, end), self._knots, sums)
        return float(high - low) / (end - start) if end > start else 0.0


def rate_content(
    means: WindowMeans, *, start: float, event_start: float, end: float, anchor_sec: float, boundary: float
) -> Quality:
    """Rate a window only by what happens in it: its mean excitement, mapped to (0, 1).

    The calm before a reaction, up to `event_start`, does not count. The other arguments are those of `rate`.
    """
    excitement = squashed(means.mean(max(start, event_start), end))
    return Quality(
        excitement=excitement,
        boundary=boundary,
        narrative=narrative_score(start, end, anchor_sec),
        dead_time=means.dead_share(start, end),
        anchor_boost=1.0,
        score=excitement,
    )


def narrative_score(start: float, end: float, anchor: float) -> float:
    """Return 1 if the anchor lies in the middle three fifths of the window, falling linearly to 0 at its edges."""
    if not start < anchor < end:
        return 0.0
    position = (anchor - start) / (end - start)
    return min(1.0, position / WELL_INSIDE, (1.0 - position) / WELL_INSIDE)


def squashed(mean: float) -> float:
    """Map excitement, which is unbounded, to (0, 1) by the logistic function; the usual is 0.5."""
    return 1.0 / (1.0 + math.exp(-mean))


def rate(
    means: WindowMeans,
    *,
    start: float,
    end: float,
    anchor_sec: float,
    anchor_score: float,
    boundary: float,
    settings: WindowSettings,
) -> Quality:
    """Compute the quality of the window ``[start, end)`` around an anchor.

    Parameters
    ----------
    means : WindowMeans
        Means of the excitement curve.
    start, end, anchor_sec : float
        Times in seconds.
    anchor_score : float
        Score of the anchor.
    boundary : float
        Mean score of both boundaries.
    settings : WindowSettings
        The weights.
    """
    mean = means.excitement(start, end)
    excitement = squashed(mean)
    narrative = narrative_score(start, end, anchor_sec)
    dead_time = means.dead_share(start, end)
    boost = 1.0 + anchor_score / (1.0 + anchor_score)
    parts = (
        settings.quality_w_excitement * excitement
        + settings.quality_w_boundary * boundary
        + settings.quality_w_narrative * narrative
        - settings.quality_w_dead_time * dead_time
    )
    return Quality(excitement, boundary, narrative, dead_time, boost, max(0.0, parts * boost))
