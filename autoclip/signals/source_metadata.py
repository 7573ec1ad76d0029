"""What the source already knows of a video: its chapters, and which parts viewers replayed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.table import Event, Features
from autoclip.timeline import Grid

SAME_CHAPTER_SEC = 0.5
"""Chapter marks closer together than this are one: the file's own, and the same as the site tells it in whole
seconds."""


@dataclass(frozen=True, slots=True)
class ReplayedSpan:
    """How often ``[start_sec, end_sec)`` is replayed, as a share of the peak, in [0, 1]."""

    start_sec: float
    end_sec: float
    value: float


@dataclass(frozen=True, slots=True)
class SourceMetadata:
    """What a download brought along.

    Attributes
    ----------
    replayed : tuple of ReplayedSpan
        The "most replayed" curve, such as yt-dlp's ``heatmap``; empty when the source has none.
    chapter_starts_sec : tuple of float
        Where chapters begin.
    """

    replayed: tuple[ReplayedSpan, ...] = ()
    chapter_starts_sec: tuple[float, ...] = ()


def with_source_metadata(features: Features, knowledge: SourceMetadata) -> Features:
    """Return the features with the signal ``most_replayed`` and ``chapter`` events added.

    Chapters beyond the video's end, at its very start or already there are left out; without a curve the signal stays
    absent, and the reason says so.
    """
    known = [event.start_sec for event in features.events_of("chapter")]
    added = tuple(
        Event("chapter", start)
        for start in sorted(set(knowledge.chapter_starts_sec))
        if 0 < start < features.duration_sec and all(abs(start - other) > SAME_CHAPTER_SEC for other in known)
    )
    events = tuple(sorted((*features.events, *added), key=lambda event: (event.start_sec, event.kind)))
    if not knowledge.replayed:
        absent = {**features.absent, "most_replayed": "the source does not tell what viewers replay"}
        return replace(features, events=events, absent=absent)
    series = {**features.series, "most_replayed": replayed_series(knowledge.replayed, features.grid)}
    absent = {name: reason for name, reason in features.absent.items() if name != "most_replayed"}
    return replace(features, events=events, series=series, absent=absent)


def replayed_series(spans: Sequence[ReplayedSpan], grid: Grid) -> NDArray[np.float32]:
    """Put the curve on the grid: in each step the value of the span that holds its middle; NaN where there is none.

    Returns
    -------
    ndarray
        Shape ``(grid.count,)``, float32.
    """
    series = np.full(grid.count, np.nan, np.float32)
    ordered = sorted(spans, key=lambda span: span.start_sec)
    if not ordered:
        return series
    starts = np.array([span.start_sec for span in ordered])
    ends = np.array([span.end_sec for span in ordered])
    values = np.array([span.value for span in ordered], dtype=np.float32)
    middles = grid.times + grid.step_sec / 2
    index = np.clip(np.searchsorted(starts, middles, side="right") - 1, 0, None)
    inside = (middles >= starts[index]) & (middles < ends[index])
    series[inside] = values[index[inside]]
    return series
