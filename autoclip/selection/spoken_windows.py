"""Windows at sentences: edges that would cut into speech move to the start or end of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from autoclip.selection.sentence_edges import SentenceEdges, SpanLimits
from autoclip.selection.windows import Edge, Window
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.timeline import Interval


def at_sentences(
    windows: Sequence[Window], sentences: SentenceEdges, settings: WindowSettings, lengths: SceneSettings
) -> tuple[Window, ...]:
    """Move the edges of windows to sentences, within the ranges around their anchors and the limits of length.

    An edge inside a sentence moves to the nearest start, or end, of a sentence; if none is in range, out of the word it
    would cut. Windows that did not overlap still don't. The quality stays that of the moment.

    Parameters
    ----------
    windows : sequence of Window
        Candidates.
    sentences : SentenceEdges
        The edges that the words allow.
    settings : WindowSettings
        `pre_min`, `pre_max`, `post_min` and `post_max`: how far an edge may lie from the anchor.
    lengths : SceneSettings
        Shortest and longest clip.
    """
    order = sorted(range(len(windows)), key=lambda index: windows[index].interval)
    following = dict(pairwise(order))
    moved: dict[int, Window] = {}
    floor = 0.0
    for index in order:
        window = windows[index]
        floor = floor if floor <= window.interval.start else 0.0
        behind = windows[following[index]].interval.start if index in following else float("inf")
        ceiling = behind if behind >= window.interval.end else float("inf")
        moved[index] = _moved(window, sentences, SpanLimits(floor, ceiling), settings, lengths)
        floor = moved[index].interval.end
    return tuple(moved[index] for index in range(len(windows)))


def _moved(
    window: Window, sentences: SentenceEdges, free: SpanLimits, settings: WindowSettings, lengths: SceneSettings
) -> Window:
    """Move first the start, then the end."""
    anchor, span = window.anchor.time_sec, window.interval
    shortest, longest = lengths.min_clip_seconds, lengths.max_clip_seconds
    limits = SpanLimits(min(anchor - settings.pre_max, span.start), max(anchor - settings.pre_min, span.start))
    limits = limits.within(max(free.earliest, span.end - longest), span.end - shortest)
    start = _start(window.start, sentences, limits)
    limits = SpanLimits(min(anchor + settings.post_min, span.end), max(anchor + settings.post_max, span.end))
    limits = limits.within(start.time_sec + shortest, min(free.latest, start.time_sec + longest))
    end = _end(window.end, sentences, limits)
    return replace(window, interval=Interval(start.time_sec, end.time_sec), start=start, end=end)


def _start(edge: Edge, sentences: SentenceEdges, limits: SpanLimits) -> Edge:
    boundary = sentences.start_near(edge.time_sec, limits)
    return Edge(boundary.starts_at_sec, boundary) if boundary else _outside_words(edge, sentences, limits)


def _end(edge: Edge, sentences: SentenceEdges, limits: SpanLimits) -> Edge:
    boundary = sentences.end_near(edge.time_sec, limits)
    return Edge(boundary.ends_at_sec, boundary) if boundary else _outside_words(edge, sentences, limits)


def _outside_words(edge: Edge, sentences: SentenceEdges, limits: SpanLimits) -> Edge:
    """Move an edge out of a word; an edge outside words is unchanged."""
    time_sec = sentences.outside_words(edge.time_sec, limits)
    return edge if time_sec == edge.time_sec else Edge(time_sec, None)
