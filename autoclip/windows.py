"""Windows: a clip's span around each anchor, snapped to the best boundaries in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.anchors import Anchor
from autoclip.boundaries import Boundary
from autoclip.excitement import Excitement
from autoclip.quality import Quality, WindowMeans, rate
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a window.

    Attributes
    ----------
    time_sec : float
        Where it lies.
    boundary : Boundary or None
        What it was snapped to; None for a fall-back, and for the video's own start or end.
    """

    time_sec: float
    boundary: Boundary | None

    @property
    def score(self) -> float:
        """Score of the boundary; 0 for a fall-back."""
        return 0.0 if self.boundary is None else self.boundary.score


@dataclass(frozen=True, slots=True)
class Window:
    """A candidate clip.

    Attributes
    ----------
    interval : Interval
        Its span.
    anchor : Anchor
        The moment it was built around.
    start, end : Edge
        What its ends were snapped to.
    quality : Quality
        The parts of its quality.
    """

    interval: Interval
    anchor: Anchor
    start: Edge
    end: Edge
    quality: Quality


@dataclass(frozen=True, slots=True)
class _Reach:
    """Boundaries in the order of one kind of edge, for searching."""

    boundaries: tuple[Boundary, ...]
    times: NDArray[np.float64]
    scores: NDArray[np.float64]

    @classmethod
    def of(cls, boundaries: Sequence[Boundary], times: Sequence[float]) -> _Reach:
        order = np.argsort(np.asarray(times), kind="stable")
        ordered = tuple(boundaries[int(i)] for i in order)
        return cls(ordered, np.asarray(times, dtype=np.float64)[order], np.array([b.score for b in ordered]))

    def best(self, earliest: float, latest: float, preferred: float) -> Edge | None:
        """Return the best boundary in ``[earliest, latest]``; of equal ones the nearest to `preferred`."""
        low, high = np.searchsorted(self.times, (earliest - 1e-9, latest + 1e-9))
        if low >= high:
            return None
        near = slice(int(low), int(high))
        index = int(np.lexsort((np.abs(self.times[near] - preferred), -self.scores[near]))[0]) + int(low)
        return Edge(float(self.times[index]), self.boundaries[index])


def build_windows(
    anchors: Sequence[Anchor],
    boundaries: Sequence[Boundary],
    excitement: Excitement,
    duration_sec: float,
    *,
    settings: WindowSettings,
    lengths: SceneSettings,
) -> tuple[Window, ...]:
    """Build a window around each anchor, in their order; an anchor in a video shorter than a clip has none.

    The start is the best boundary in ``[anchor - pre_max, anchor - pre_min]``, else ``anchor - pre_fallback``; the
    end the best in ``[anchor + post_min, anchor + post_max]``, else ``anchor + post_fallback``. Windows lie inside
    the video and are `min_clip_seconds` to `max_clip_seconds` long.
    """
    if duration_sec < lengths.min_clip_seconds:
        return ()
    starts = _Reach.of(boundaries, [boundary.starts_at_sec for boundary in boundaries])
    ends = _Reach.of(boundaries, [boundary.ends_at_sec for boundary in boundaries])
    means = WindowMeans(excitement.curve, excitement.grid.step_sec, settings.dead_time_threshold)
    windows = []
    for anchor in anchors:
        start = _start_edge(anchor, starts, settings, lengths)
        end = _end_edge(anchor, start, ends, duration_sec=duration_sec, settings=settings, lengths=lengths)
        start, end = _long_enough(start, end, duration_sec, lengths.min_clip_seconds)
        quality = rate(
            means,
            start=start.time_sec,
            end=end.time_sec,
            anchor_sec=anchor.time_sec,
            anchor_score=anchor.score,
            boundary=(start.score + end.score) / 2,
            settings=settings,
        )
        windows.append(Window(Interval(start.time_sec, end.time_sec), anchor, start, end, quality))
    return tuple(windows)


def _start_edge(anchor: Anchor, starts: _Reach, settings: WindowSettings, lengths: SceneSettings) -> Edge:
    """Choose where the window starts: at the video's start when the whole range lies before it."""
    # Half of the longest clip is left for what follows the anchor.
    reach = min(settings.pre_max, lengths.max_clip_seconds / 2)
    latest = anchor.time_sec - min(settings.pre_min, reach)
    fallback = anchor.time_sec - min(max(settings.pre_fallback, settings.pre_min), reach)
    if latest <= 0:
        return Edge(0.0, None)
    found = starts.best(max(0.0, anchor.time_sec - reach), latest, fallback)
    return found or Edge(max(0.0, fallback), None)


def _end_edge(
    anchor: Anchor, start: Edge, ends: _Reach, *, duration_sec: float, settings: WindowSettings, lengths: SceneSettings
) -> Edge:
    """Choose where the window ends: no later than the video, nor `max_clip_seconds` from its start."""
    limit = min(duration_sec, start.time_sec + lengths.max_clip_seconds)
    earliest = max(anchor.time_sec + settings.post_min, start.time_sec + lengths.min_clip_seconds)
    latest = min(anchor.time_sec + settings.post_max, limit)
    fallback = min(max(anchor.time_sec + settings.post_fallback, earliest), limit)
    if earliest >= limit:
        return Edge(limit, None)
    return ends.best(earliest, max(earliest, latest), fallback) or Edge(fallback, None)


def _long_enough(start: Edge, end: Edge, duration_sec: float, shortest: float) -> tuple[Edge, Edge]:
    """Widen a window that the video's start or end made too short."""
    if end.time_sec - start.time_sec >= shortest:
        return start, end
    if end.time_sec >= shortest:
        return Edge(end.time_sec - shortest, None), end
    return Edge(0.0, None), Edge(min(shortest, duration_sec), None)
