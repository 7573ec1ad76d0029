"""Scenes: the V1 pipeline, from cuts to segments that cover the video."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoclip.settings import SceneSettings
from autoclip.timeline import Interval

Times = NDArray[np.float64]


def segment_scenes(cuts: Times, duration_sec: float, settings: SceneSettings) -> tuple[Interval, ...]:
    """Turn cuts into segments by time: cut, split long ones, merge short ones, merge more if there are too many.

    The segments touch and cover ``[0, duration_sec)``. In a video of at least `min_clip_seconds`, each segment is at
    least that long and at most `max_clip_seconds` long, if both are possible.

    Parameters
    ----------
    cuts : ndarray
        Times of the cuts in seconds, ascending.
    duration_sec : float
        Length of the video.
    settings : SceneSettings
        Length limits, `soft_clip_limit` and `merge_growth`.
    """
    if duration_sec <= 0:
        return ()
    raw = np.unique(np.concatenate(([0.0], cuts[(cuts > 0) & (cuts < duration_sec)], [duration_sec])))
    split = split_long(raw, settings.max_clip_seconds)
    merged = split_long(merge_short(split, settings.min_clip_seconds), settings.max_clip_seconds)
    edges = merge_adaptively(merged, settings)
    return tuple(Interval(start, end) for start, end in itertools.pairwise(edges.tolist()))


def split_long(edges: Times, longest: float) -> Times:
    """Split every segment above `longest` seconds into the fewest equal parts within the limit."""
    parts = [
        np.linspace(start, end, max(1, math.ceil((end - start) / longest - 1e-12)), endpoint=False)
        for start, end in itertools.pairwise(edges.tolist())
    ]
    return np.concatenate([*parts, edges[-1:]])


def merge_short(edges: Times, shortest: float, longest: float = math.inf) -> Times:
    """Merge each segment below `shortest` seconds with its shorter neighbor, the shortest segments first.

    A merge never exceeds `longest`. The video's own ends stay.
    """
    kept = edges.tolist()
    waiting = sorted((end - start, start) for start, end in itertools.pairwise(kept) if end - start < shortest)
    chain = _Chain(kept)
    for _, start in waiting:
        chain.merge(start, shortest, longest)
    return np.array(chain.edges())


class _Chain:
    """The edges of touching segments; removing one takes constant time."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._after: dict[float, float] = dict(itertools.pairwise(edges))
        self._before: dict[float, float] = {end: start for start, end in itertools.pairwise(edges)}
        self._first = edges[0]

    def merge(self, start: float, shortest: float, longest: float) -> None:
        """Merge the segment from `start` with its shorter neighbor until it is long enough or can't grow."""
        if start not in self._after:
            return  # An earlier merge has absorbed it.
        while self._after[start] - start < shortest:
            edge = self._edge_to_drop(start, longest)
            if edge is None:
                return
            if edge == start:
                start = self._before[start]
            self._drop(edge)

    def _edge_to_drop(self, start: float, longest: float) -> float | None:
        """Return the edge towards the shorter neighbor; None if neither merge is allowed."""
        end = self._after[start]
        options = []
        if start in self._before:
            options.append((end - self._before[start], start))
        if end in self._after:
            options.append((self._after[end] - start, end))
        allowed = [option for option in options if option[0] <= longest]
        return min(allowed)[1] if allowed else None

    def _drop(self, edge: float) -> None:
        before, after = self._before.pop(edge), self._after.pop(edge)
        self._after[before], self._before[after] = after, before

    def edges(self) -> list[float]:
        """Return all edges, ascending."""
        found = [self._first]
        while found[-1] in self._after:
            found.append(self._after[found[-1]])
        return found


def merge_adaptively(edges: Times, settings: SceneSettings) -> Times:
    """Raise the minimum length by `merge_growth` per pass until at most `soft_clip_limit` segments are left.

    No merge exceeds `max_clip_seconds`. If that limit stops the passes too early, the segments are packed from the
    start. A very long video may still keep more: the limit is soft.
    """
    shortest, merged = settings.min_clip_seconds, edges
    while merged.size - 1 > settings.soft_clip_limit and shortest < settings.max_clip_seconds:
        shortest = min(shortest * settings.merge_growth, settings.max_clip_seconds)
        merged = merge_short(merged, shortest, settings.max_clip_seconds)
    return pack(edges, settings.max_clip_seconds) if merged.size - 1 > settings.soft_clip_limit else merged


def pack(edges: Times, longest: float) -> Times:
    """Merge neighbors from the start on, each segment as long as `longest` allows."""
    kept = [float(edges[0])]
    for edge, following in itertools.pairwise(edges[1:].tolist()):
        if following - kept[-1] > longest:
            kept.append(edge)
    return np.array([*kept, float(edges[-1])])
