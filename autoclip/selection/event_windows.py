"""Windows around events: as long as what happens in them, snapped to boundaries close by, none overlapping another."""

from __future__ import annotations

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
"""Motion z-score from which the picture moves fast: one value in 44 of a normal distribution."""


TRIMMED_SHARE = 0.15
"""Share of an event that either edge may leave out for the sake of a boundary: excitement is averaged over
`smoothing_sec`, so that an event seems to begin earlier and to end later than it does."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """Where boundaries lie, and how windows are built."""

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
    """Build a window around each event, by time; a video shorter than a clip has none.

    Each edge is snapped to the best boundary close to where the event sets in or has faded; the more happens in an
    event, the sooner its edges are chosen. Where events lie close together the time between them is shared.

    Parameters
    ----------
    anchors, boundaries : sequence
        What was found; the strongest anchor inside an event is its anchor, else its most exciting step.
    excitement : Excitement
        The curve.
    duration_sec : float
        Length of the video.
    settings : Settings
        `anchor_threshold`, and all of the windows' settings.
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
            windows.append(Window(Interval(start.time_sec, end.time_sec), anchor, start, end, quality))
    return tuple(sorted(windows, key=lambda window: window.interval))


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
    """Return what the window must hold: the span, and what its sound answers to.

    That is the `lag_sec` before a reaction over a calm picture, else fast motion that leads up to the span.
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
    """Return the time around an anchor, `pre_max` before to `post_max` after it, that no window has taken.

    None when one has taken the instant itself.
    """
    if any(window.interval.contains(time_sec) for window in windows):
        return None
    earlier = [window.interval.end for window in windows if window.interval.end <= time_sec]
    later = [window.interval.start for window in windows if window.interval.start > time_sec]
    return Interval(
        max(*earlier, 0.0, time_sec - settings.pre_max), min(*later, duration_sec, time_sec + settings.post_max)
    )


def _fast_at(step: int, excitement: Excitement) -> bool:
    return excitement.motion_z is not None and bool(excitement.motion_z[step] >= FAST_Z)


def _edges(core: Interval, free: Interval, limits: _Limits, *, trimmable: bool) -> tuple[Edge, Edge]:
    """Choose where the window starts and ends, inside the time that is free; a good boundary may trim the event.

    One that begins in fast motion, or long after what it answers to, is not trimmed at its start.
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
