"""Windows: the span of a clip around each anchor, snapped to the best boundaries in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary, BoundaryKind
from autoclip.selection.excitement import Excitement
from autoclip.selection.moments import Moment, moment_of
from autoclip.selection.quality import Quality, WindowMeans, rate
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.timeline import Interval

EDITED: frozenset[BoundaryKind] = frozenset({"cut", "fade", "black", "chapter"})
"""Boundaries that an editor made; they attract edges from further away than detected ones."""


MAX_PHRASE_SEC = 10.0
"""Maximum time between pauses in speech, in seconds: speakers pause at least this often to breathe; sound that
continues for longer is no speech.
"""


SPEECH_SEC, PAUSES_OF_SPEECH = 15.0, 4
"""Number of pauses within this time on either side that indicates speech; shots and steps also have some."""

EDITED_SHOT_SEC = 15.0
"""Mean shot length in seconds up to which a video is edited: that of films lies between 3 and 12 s (Cutting et al.

2011, "Quicker, faster, darker: Changes in Hollywood film over 75 years"), and not every cut is detected. With longer
shots a cut is an exception.
"""

EDITED_STRETCH = 7.5
"""Factor on the reach of cuts in an edited video, where nearly every good edge is a cut: 15 s."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a window.

    Attributes
    ----------
    time_sec : float
        Its time.
    boundary : Boundary or None
        The boundary it snapped to; None for a fallback, and for the start or end of the video.
    """

    time_sec: float
    boundary: Boundary | None

    @property
    def score(self) -> float:
        """Return the score of the boundary; 0 for a fallback."""
        return 0.0 if self.boundary is None else self.boundary.score


@dataclass(frozen=True, slots=True)
class Window:
    """A candidate clip.

    Attributes
    ----------
    interval : Interval
        Its span.
    anchor : Anchor
        The anchor it was built around.
    start, end : Edge
        Its edges.
    quality : Quality
        Its quality.
    """

    interval: Interval
    anchor: Anchor
    start: Edge
    end: Edge
    quality: Quality


@dataclass(frozen=True, slots=True)
class Reach:
    """Boundaries sorted for one kind of edge, for searching."""

    boundaries: tuple[Boundary, ...]
    times: NDArray[np.float64]
    scores: NDArray[np.float64]
    edited: NDArray[np.bool_]
    quiet: NDArray[np.bool_]
    pauses: NDArray[np.float64]
    cut_stretch: float

    @classmethod
    def of(cls, boundaries: Sequence[Boundary], times: Sequence[float], cut_stretch: float) -> Reach:
        """Sort boundaries by where an edge on them lies; cuts reach `cut_stretch` times as far."""
        order = np.argsort(np.asarray(times), kind="stable")
        ordered = tuple(boundaries[int(i)] for i in order)
        quiet = np.array([boundary.kind == "pause" for boundary in ordered], dtype=np.bool_)
        spoken = np.array([boundary.in_speech for boundary in ordered], dtype=np.bool_)
        sorted_times = np.asarray(times, dtype=np.float64)[order]
        return cls(
            ordered,
            sorted_times,
            np.array([boundary.score for boundary in ordered]),
            np.array([boundary.kind in EDITED for boundary in ordered], dtype=np.bool_),
            quiet,
            sorted_times[quiet & spoken],
            cut_stretch,
        )

    def best(self, earliest: float, latest: float, preferred: float, settings: WindowSettings) -> Edge | None:
        """Return the boundary in ``[earliest, latest]`` with the greatest ``score * exp(-distance / decay)``."""
        low, high = np.searchsorted(self.times, (earliest - 1e-9, latest + 1e-9))
        if low >= high:
            return None
        near = slice(int(low), int(high))
        decay = np.where(self.edited[near], settings.cut_snap_decay_sec * self.cut_stretch, settings.snap_decay_sec)
        pull = self.scores[near] * np.exp(-np.abs(self.times[near] - preferred) / decay)
        if self.quiet[near].any():
            # With a pause in reach, calm video is no reason to cut into a word.
            pull = np.where(self.edited[near] | self.quiet[near], pull, 0.0)
        index = int(pull.argmax()) + int(low)
        reach = settings.cut_snap_reach_sec * self.cut_stretch if self.edited[index] else settings.snap_reach_sec
        distance = abs(float(self.times[index]) - preferred)
        if distance > reach and not (
            distance <= MAX_PHRASE_SEC and self._in_phrase(min(max(preferred, earliest), latest))
        ):
            return Edge(min(max(preferred, earliest), latest), None)
        return Edge(float(self.times[index]), self.boundaries[index])

    def _in_phrase(self, instant: float) -> bool:
        """Whether the pauses around an instant are as frequent as those of speech, so that it lies among words."""
        index = int(np.searchsorted(self.pauses, instant))
        if not 0 < index < self.pauses.size or self.pauses[index] - self.pauses[index - 1] > MAX_PHRASE_SEC:
            return False
        low, high = np.searchsorted(self.pauses, (instant - SPEECH_SEC, instant + SPEECH_SEC))
        return bool(high - low >= PAUSES_OF_SPEECH)


def build_windows(
    anchors: Sequence[Anchor],
    boundaries: Sequence[Boundary],
    excitement: Excitement,
    duration_sec: float,
    *,
    settings: WindowSettings,
    lengths: SceneSettings,
) -> tuple[Window, ...]:
    """Build a window around each anchor, in the same order; in a video shorter than a clip an anchor has none.

    The start is the best boundary in ``[anchor - pre_max, anchor - pre_min]``, else ``anchor - pre_fallback``. The end
    is the best boundary in ``[anchor + post_min, anchor + post_max]``, else ``anchor + post_fallback``. Windows lie
    inside the video and are `min_clip_seconds` to `max_clip_seconds` long.
    """
    if duration_sec < lengths.min_clip_seconds:
        return ()
    starts, ends = edge_reaches(boundaries, duration_sec)
    means = WindowMeans(excitement, settings)
    windows = []
    for anchor in anchors:
        moment = moment_of(anchor, excitement, settings)
        start = _start_edge(anchor, moment, starts, settings, lengths)
        end = _end_edge(
            anchor, moment.natural.end, start, ends, duration_sec=duration_sec, settings=settings, lengths=lengths
        )
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


def edge_reaches(boundaries: Sequence[Boundary], duration_sec: float) -> tuple[Reach, Reach]:
    """Sort boundaries for searching starts, and ends; cuts reach further in an edited video."""
    shot_sec = duration_sec / (1 + sum(boundary.kind == "cut" for boundary in boundaries))
    stretch = EDITED_STRETCH if shot_sec <= EDITED_SHOT_SEC else 1.0
    return (
        Reach.of(boundaries, [boundary.starts_at_sec for boundary in boundaries], stretch),
        Reach.of(boundaries, [boundary.ends_at_sec for boundary in boundaries], stretch),
    )


def widened(start: Edge, end: Edge, free: Interval, shortest: float) -> tuple[Edge, Edge]:
    """Widen a window that is too short on both sides, as far as there is free time."""
    missing = max(0.0, shortest - (end.time_sec - start.time_sec))
    earlier = min(missing / 2, start.time_sec - free.start)
    later = min(missing - earlier, free.end - end.time_sec)
    earlier = min(missing - later, start.time_sec - free.start)
    return (
        Edge(start.time_sec - earlier, None) if earlier > 0 else start,
        Edge(end.time_sec + later, None) if later > 0 else end,
    )


def _start_edge(
    anchor: Anchor, moment: Moment, starts: Reach, settings: WindowSettings, lengths: SceneSettings
) -> Edge:
    """Choose where the window starts: at the video's start if the whole range lies before it."""
    # Half of the maximum clip length is reserved for what follows the anchor.
    reach = min(settings.pre_max, lengths.max_clip_seconds / 2)
    earliest = anchor.time_sec - reach
    latest = max(earliest, min(anchor.time_sec - min(settings.pre_min, reach), moment.latest_start_sec))
    fallback = anchor.time_sec - min(max(settings.pre_fallback, settings.pre_min), reach)
    if latest <= 0:
        return Edge(0.0, None)
    found = starts.best(max(0.0, earliest), latest, moment.natural.start, settings)
    return found or Edge(max(0.0, min(fallback, latest)), None)


def _end_edge(
    anchor: Anchor,
    natural: float,
    start: Edge,
    ends: Reach,
    *,
    duration_sec: float,
    settings: WindowSettings,
    lengths: SceneSettings,
) -> Edge:
    """Choose where the window ends: at most at the end of the video and `max_clip_seconds` after its start."""
    limit = min(duration_sec, start.time_sec + lengths.max_clip_seconds)
    earliest = max(anchor.time_sec + settings.post_min, start.time_sec + lengths.min_clip_seconds)
    latest = min(anchor.time_sec + settings.post_max, limit)
    fallback = min(max(anchor.time_sec + settings.post_fallback, earliest), limit)
    if earliest >= limit:
        return Edge(limit, None)
    return ends.best(earliest, max(earliest, latest), natural, settings) or Edge(fallback, None)


def _long_enough(start: Edge, end: Edge, duration_sec: float, shortest: float) -> tuple[Edge, Edge]:
    """Widen a window that the video's start or end made too short."""
    if end.time_sec - start.time_sec >= shortest:
        return start, end
    if end.time_sec >= shortest:
        return Edge(end.time_sec - shortest, None), end
    return Edge(0.0, None), Edge(min(shortest, duration_sec), None)
