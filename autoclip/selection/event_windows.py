"""Windows around events: as long as the event, snapped to nearby boundaries, without overlaps."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.event_spans import EventSpan, find_event_spans
from autoclip.selection.excitement import Excitement
from autoclip.selection.moments import is_reaction
from autoclip.selection.quality import WindowMeans, rate_content
from autoclip.selection.windows import Edge, Reach, Window, edge_reaches, widened
from autoclip.settings import SceneSettings, Settings, WindowSettings
from autoclip.timeline import Interval

FAST_Z = 2.0
"""Motion z-score from which motion is fast: one value in 44 of a normal distribution."""


TRIMMED_SHARE = 0.15
"""Share of an event that each edge may cut off to reach a boundary: excitement is averaged over `smoothing_sec`, so an
event appears to begin earlier and end later than it does.
"""


@dataclass(frozen=True, slots=True)
class _Limits:
    """The boundaries, and how windows are built."""

    starts: Reach
    ends: Reach
    windows: WindowSettings
    lengths: SceneSettings


def build_event_windows(
    anchors: Sequence[Anchor],
    boundaries: Sequence[Boundary],
    excitement: Excitement,
    duration_sec: float,
    *,
    settings: Settings,
    lengths: SceneSettings,
) -> tuple[Window, ...]:
    """Build a window around each event, ordered by time; a video shorter than a clip has none.

    Each edge snaps to the best boundary near the start or end of the event. The strongest events choose their edges
    first. Events that are close together share the time between them.

    Parameters
    ----------
    anchors, boundaries : sequence
        Detected anchors and boundaries. The anchor of an event is its strongest anchor, else its most exciting step.
    excitement : Excitement
        The excitement curve.
    duration_sec : float
        Length of the video.
    settings : Settings
        Supplies `anchor_threshold` and the window settings.
    lengths : SceneSettings
        Shortest and longest clip.
    """
    if duration_sec < lengths.min_clip_seconds:
        return ()
    spans = _spans(excitement, settings, lengths)
    limits = _Limits(*edge_reaches(boundaries, duration_sec), settings.windows, lengths)
    means = WindowMeans(excitement, settings.windows)
    windows: list[Window] = []
    for span in sorted(spans, key=lambda span: -span.mean):
        anchor = _anchor_of(span, anchors, excitement)
        free = _free_around(anchor.time_sec, windows, duration_sec, settings.windows)
        if free is None:
            continue
        reaction = is_reaction(anchor, excitement, span.first, span.after)
        anchor = replace(anchor, kind="audio_peak") if reaction else anchor
        lag = settings.windows.reaction_lag_sec if reaction else 0.0
        core = _core(span, lag, excitement, settings.windows)
        start, end = _edges(core, free, limits, trimmable=lag == 0 and not _fast_at(span.first, excitement))
        if end.time_sec - start.time_sec >= lengths.min_clip_seconds - 1e-9:
            quality = rate_content(
                means,
                start=start.time_sec,
                event_start=core.start + lag if lag else start.time_sec,
                end=end.time_sec,
                anchor_sec=anchor.time_sec,
                boundary=(start.score + end.score) / 2,
            )
            window = Window(Interval(start.time_sec, end.time_sec), anchor, start, end, quality)
            insort(windows, window, key=lambda built: built.interval)
    return tuple(windows)


def _spans(excitement: Excitement, settings: Settings, lengths: SceneSettings) -> tuple[EventSpan, ...]:
    step_sec, windows = excitement.grid.step_sec, settings.windows
    lead = 2 * windows.padding_sec
    shortest = max(step_sec, max(windows.moment_min_sec, lengths.min_clip_seconds) - lead)
    longest = max(shortest, min(windows.pre_max + windows.post_max, lengths.max_clip_seconds) - lead)
    return find_event_spans(
        excitement.curve,
        shortest=round(shortest / step_sec),
        longest=int(longest / step_sec),
        threshold=settings.anchors.anchor_threshold,
    )


def _anchor_of(span: EventSpan, anchors: Sequence[Anchor], excitement: Excitement) -> Anchor:
    inside = [anchor for anchor in anchors if span.first <= anchor.step < span.after]
    if inside:
        return max(inside, key=lambda anchor: anchor.score)
    step = span.first + int(excitement.curve[span.first : span.after].argmax())
    return Anchor((step + 0.5) * excitement.grid.step_sec, float(excitement.curve[step]), "excitement_peak", step)


def _core(span: EventSpan, lag_sec: float, excitement: Excitement, settings: WindowSettings) -> Interval:
    """Return what the window must contain: the event, and what its audio reacts to.

    For a reaction over calm video that is the `lag_sec` before it, otherwise fast motion that leads up to the event.
    """
    step_sec = excitement.grid.step_sec
    first = span.first
    if excitement.motion_z is not None and lag_sec == 0:
        before = excitement.motion_z[max(0, first - round(settings.reaction_lag_sec / step_sec)) : first]
        calm = np.flatnonzero(before < FAST_Z)
        first -= before.size - 1 - int(calm[-1]) if calm.size else before.size
    return Interval(first * step_sec - lag_sec, span.after * step_sec)


def _free_around(
    time_sec: float, windows: Sequence[Window], duration_sec: float, settings: WindowSettings
) -> Interval | None:
    """Return the free time around an anchor, from `pre_max` before to `post_max` after it.

    None if one of the windows, which are ordered and don't overlap, contains the anchor.
    """
    following = bisect_right(windows, time_sec, key=lambda window: window.interval.start)
    earlier = windows[following - 1].interval.end if following else 0.0
    if earlier > time_sec:
        return None
    later = windows[following].interval.start if following < len(windows) else duration_sec
    return Interval(max(earlier, time_sec - settings.pre_max), min(later, time_sec + settings.post_max))


def _fast_at(step: int, excitement: Excitement) -> bool:
    return excitement.motion_z is not None and bool(excitement.motion_z[step] >= FAST_Z)


def _edges(core: Interval, free: Interval, limits: _Limits, *, trimmable: bool) -> tuple[Edge, Edge]:
    """Choose where the window starts and ends within the free time; a good boundary may trim the event.

    An event that begins with fast motion, or long after what it reacts to, is not trimmed at its start.
    """
    windows, lengths = limits.windows, limits.lengths
    trim = TRIMMED_SHARE * core.duration
    latest = max(free.start, core.start + (trim if trimmable else 0.0))
    natural = max(free.start, core.start - windows.padding_sec)
    start = limits.starts.best(free.start, latest, natural, windows) or Edge(natural, None)
    limit = min(free.end, start.time_sec + lengths.max_clip_seconds)
    earliest = min(max(min(core.end, free.end) - trim, start.time_sec + lengths.min_clip_seconds), limit)
    natural = min(max(core.end + windows.padding_sec, earliest), limit)
    end = limits.ends.best(earliest, limit, natural, windows) or Edge(natural, None)
    if end.time_sec - start.time_sec < lengths.min_clip_seconds:
        return widened(start, end, free, lengths.min_clip_seconds)
    return start, end
