"""Metadata of the source of a video: its chapters, what viewers replayed most, and the chat of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoclip.chat.activity import chat_activity
from autoclip.chat.messages import ChatLog
from autoclip.signals.table import Event, Features
from autoclip.timeline import Grid

SAME_CHAPTER_SEC = 0.5
"""Chapter marks closer together than this, in seconds, are one: the file's own, and the site's in whole seconds."""


@dataclass(frozen=True, slots=True)
class ReplayedSpan:
    """How often ``[start_sec, end_sec)`` is replayed, as a share of the peak, in [0, 1]."""

    start_sec: float
    end_sec: float
    value: float


@dataclass(frozen=True, slots=True)
class SourceMetadata:
    """The metadata that came with a download.

    Attributes
    ----------
    replayed : tuple of ReplayedSpan
        The "most replayed" curve, such as yt-dlp's ``heatmap``; empty if the source has none.
    chapter_starts_sec : tuple of float
        Start times of chapters.
    chat : ChatLog or None
        The chat of the stream, on the video's timeline.
    """

    replayed: tuple[ReplayedSpan, ...] = ()
    chapter_starts_sec: tuple[float, ...] = ()
    chat: ChatLog | None = None


def with_source_metadata(features: Features, metadata: SourceMetadata) -> Features:
    """Return the features with the signals of the source added: ``most_replayed``, ``chat_...``, ``chapter`` events.

    Chapters beyond the video's end, at its very start, or already present are left out. A signal that the source lacks
    is unchanged, or absent with the reason.
    """
    known = [event.start_sec for event in features.events_of("chapter")]
    added = tuple(
        Event("chapter", start)
        for start in sorted(set(metadata.chapter_starts_sec))
        if 0 < start < features.duration_sec and all(abs(start - other) > SAME_CHAPTER_SEC for other in known)
    )
    events = tuple(sorted((*features.events, *added), key=lambda event: (event.start_sec, event.kind)))
    brought = _brought(metadata, features.grid)
    absent = {name: reason for name, reason in features.absent.items() if name not in brought}
    if "most_replayed" not in {**features.series, **brought}:
        absent["most_replayed"] = "the source does not say what viewers replay"
    return replace(features, events=events, series={**features.series, **brought}, absent=absent)


def _brought(metadata: SourceMetadata, grid: Grid) -> dict[str, NDArray[np.float32]]:
    """Return the signals of the source by name, on the grid."""
    brought: dict[str, NDArray[np.float32]] = {}
    if metadata.replayed:
        brought["most_replayed"] = replayed_series(metadata.replayed, grid)
    if metadata.chat is not None:
        activity = chat_activity(metadata.chat, grid)
        brought |= {f"chat_{name}": series for name, series in asdict(activity).items()}
    return brought


def replayed_series(spans: Sequence[ReplayedSpan], grid: Grid) -> NDArray[np.float32]:
    """Put the curve on the grid: each step gets the value of the span that contains its middle; NaN without one.

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
