"""Rate a span that a person chose: score, anchor and reason of a clip that was trimmed, split or merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autoclip.clips import Scores
from autoclip.selection.anchors import Anchor, find_anchors
from autoclip.selection.boundaries import Boundary, cut_times, find_boundaries
from autoclip.selection.excitement import measure_excitement
from autoclip.selection.quality import Quality, WindowMeans, rate, rate_content
from autoclip.selection.reasons import MovedEdges, ReasonWriter
from autoclip.selection.windows import Edge, Window
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.timeline import Interval

NEAR_SEC = 0.06
"""Distance in seconds within which an edge lies on a boundary: a frame and a half at 25 frames per second."""


@dataclass(frozen=True, slots=True)
class Rating:
    """The rating of a span; the fields are those of `autoclip.clips.Clip`."""

    quality_score: float
    scores: Scores
    anchor_time_sec: float
    anchor_reason: str
    reason: str


class IntervalRater:
    """Rates spans of one video as highlights.

    Parameters
    ----------
    features : Features
        The features of the video.
    settings : Settings
        The settings of the selection.
    """

    def __init__(self, features: Features, settings: Settings) -> None:
        self._settings = settings
        self._excitement = measure_excitement(features, settings.anchors)
        self._anchors = find_anchors(self._excitement, cut_times(features, settings.boundaries), settings.anchors)
        self._boundaries = find_boundaries(features, settings.boundaries)
        self._means = WindowMeans(self._excitement, settings.windows)
        self._reasons = ReasonWriter(self._excitement, features)

    def rate(
        self, interval: Interval, moved: MovedEdges = frozenset(), *, known_anchor_sec: float | None = None
    ) -> Rating | None:
        """Rate a span.

        Its anchor is the previous one if that still lies in the span, or else the best anchor in it; without one, the
        step of the greatest excitement. An edge that coincides with a boundary is described by that boundary, even if a
        person moved it.

        Parameters
        ----------
        interval : Interval
            The span.
        moved : set of {"start", "end"}
            Edges that a person moved.
        known_anchor_sec : float, optional
            The anchor of the clip before it was changed.

        Returns
        -------
        Rating or None
            None if the span contains no step of the grid, as when it lies beyond the end.
        """
        anchor = self._moment_in(interval, known_anchor_sec)
        if anchor is None:
            return None
        start = _edge(interval.start, self._boundaries, lambda boundary: boundary.starts_at_sec)
        end = _edge(interval.end, self._boundaries, lambda boundary: boundary.ends_at_sec)
        quality = self._quality(interval, anchor, (start.score + end.score) / 2)
        return Rating(
            quality_score=quality.score,
            scores=quality.scores,
            anchor_time_sec=anchor.time_sec,
            anchor_reason=anchor.reason,
            reason=self._reasons.of(Window(interval, anchor, start, end, quality), moved),
        )

    def _quality(self, interval: Interval, anchor: Anchor, boundary: float) -> Quality:
        """Rate by the formula that the selection ranks by."""
        start, end = interval.start, interval.end
        if self._settings.windows.window_formula == "event":
            return rate_content(
                self._means, start=start, event_start=start, end=end, anchor_sec=anchor.time_sec, boundary=boundary
            )
        return rate(
            self._means,
            start=start,
            end=end,
            anchor_sec=anchor.time_sec,
            anchor_score=anchor.score,
            boundary=boundary,
            settings=self._settings.windows,
        )

    def _moment_in(self, interval: Interval, known_sec: float | None) -> Anchor | None:
        inside = [anchor for anchor in self._anchors if interval.contains(anchor.time_sec)]
        if inside:
            return max(inside, key=lambda anchor: (anchor.time_sec == known_sec, anchor.score))
        curve, grid = self._excitement.curve, self._excitement.grid
        middles = grid.times + grid.step_sec / 2
        steps = np.flatnonzero((middles >= interval.start) & (middles < interval.end))
        if not steps.size:
            return None
        step = int(steps[curve[steps].argmax()])
        return Anchor(float(middles[step]), max(0.0, float(curve[step])), "excitement_peak", step)


def _edge(time_sec: float, boundaries: Sequence[Boundary], place: Callable[[Boundary], float]) -> Edge:
    near = [boundary for boundary in boundaries if abs(place(boundary) - time_sec) <= NEAR_SEC]
    return Edge(time_sec, max(near, key=lambda boundary: boundary.score, default=None))
