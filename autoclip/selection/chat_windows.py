"""Windows around what a stream's chat reacted to: where there is a chat, it leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoclip.chat.reaction import BUILD_UP_SEC, REACTION_SEC, estimate_delay, people, reaction
from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.excitement import Excitement
from autoclip.selection.quality import Quality, WindowMeans, narrative_score, squashed
from autoclip.selection.windows import Edge, Reach, Window, edge_reaches
from autoclip.settings import Settings
from autoclip.signals.robust_normalization import Series
from autoclip.signals.table import Features
from autoclip.timeline import Interval

MIN_REACTION_Z = 3.0
"""A reaction counts from here on: the sum of both deviations, writing and laughing, in standard deviations. A choice of
ours; the picked moments of 11 streams lie above it."""

MIN_CROWD = 5
"""Fewer people in half a minute are a conversation, whatever is usual there."""

EDGE_REACH_SEC = 4.0
"""How far an edge moves to a boundary. The chat tells a moment to some seconds, not to the frame."""

QUALITY_Z = 10.0
"""Reaction that has the quality of an excitement of 1; it only scales what people are shown."""


@dataclass(frozen=True, slots=True)
class ChatReaction:
    """What the chat reacted to.

    Attributes
    ----------
    z : ndarray
        How far the people who write, and those who laugh, exceed the usual in the `REACTION_SEC` from each step on:
        the sum of both, in standard deviations, shape ``(grid.count,)``, float64.
    delay_sec : float
        From a moment to its reaction.
    """

    z: Series
    delay_sec: float


def chat_reaction(features: Features, excitement: Excitement) -> ChatReaction | None:
    """Return how the chat reacted; None without a chat, or when it never stands out."""
    chatters, laughter = (features.series.get(f"chat_{name}") for name in ("chatters", "laughter"))
    if chatters is None or laughter is None:
        return None
    step_sec = features.grid.step_sec
    z = reaction(chatters, step_sec) + reaction(laughter, step_sec)
    z = np.where(people(chatters, step_sec) >= MIN_CROWD, z, 0.0)
    if not z.size or z.max() < MIN_REACTION_Z:
        return None
    return ChatReaction(z, estimate_delay(excitement.curve, chatters, step_sec))


def build_chat_windows(
    found: ChatReaction,
    boundaries: Sequence[Boundary],
    excitement: Excitement,
    duration_sec: float,
    settings: Settings,
) -> tuple[Window, ...]:
    """Build a window around each moment the chat reacted to, the strongest first; by time, none overlapping another.

    Parameters
    ----------
    found : ChatReaction
        How the chat reacted.
    boundaries : sequence of Boundary
        Where edges may lie.
    excitement : Excitement
        What is heard and seen, for the parts of the quality.
    duration_sec : float
        Length of the video.
    settings : Settings
        Lengths of clips, and how edges are drawn to boundaries.
    """
    step_sec = excitement.grid.step_sec
    length = float(np.clip(REACTION_SEC, *_lengths(settings)))
    reaches = edge_reaches(boundaries, duration_sec)
    means = WindowMeans(excitement, settings.windows)
    left = found.z.copy()
    windows: list[Window] = []
    while left.size and left.max() >= MIN_REACTION_Z:
        step = int(left.argmax())
        apart = round(length / step_sec)
        left[max(0, step - apart + 1) : step + apart] = -np.inf
        moment = max(0.0, step * step_sec - found.delay_sec)
        natural = Interval(max(0.0, moment - BUILD_UP_SEC), min(duration_sec, moment - BUILD_UP_SEC + length))
        start, end = (
            _edge(reach, at, settings) for reach, at in zip(reaches, (natural.start, natural.end), strict=True)
        )
        if end.time_sec - start.time_sec < _lengths(settings)[0] - 1e-9:
            continue
        interval = Interval(start.time_sec, end.time_sec)
        anchor_sec = min(max(moment, interval.start), interval.end)
        anchor = Anchor(anchor_sec, float(found.z[step]), "chat_reaction", excitement.grid.index_of(anchor_sec))
        windows.append(Window(interval, anchor, start, end, _quality(anchor, start, end, means)))
    return _apart(windows)


def _lengths(settings: Settings) -> tuple[float, float]:
    lengths = settings.lengths()
    return lengths.min_clip_seconds, lengths.max_clip_seconds


def _edge(reach: Reach, natural: float, settings: Settings) -> Edge:
    """Return the best boundary close by, else the natural edge."""
    found = reach.best(natural - EDGE_REACH_SEC, natural + EDGE_REACH_SEC, natural, settings.windows)
    return found or Edge(natural, None)


def _quality(anchor: Anchor, start: Edge, end: Edge, means: WindowMeans) -> Quality:
    """Rate a window by the reaction alone; the other parts are told, and do not count."""
    excitement = squashed(anchor.score / QUALITY_Z)
    return Quality(
        excitement=excitement,
        boundary=(start.score + end.score) / 2,
        narrative=narrative_score(start.time_sec, end.time_sec, anchor.time_sec),
        dead_time=means.dead_share(start.time_sec, end.time_sec),
        anchor_boost=1.0,
        score=excitement,
    )


def _apart(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Keep windows that share nothing with a stronger one; by time. `windows` come strongest first."""
    kept: list[Window] = []
    for window in windows:
        if all(window.interval.end <= k.interval.start or k.interval.end <= window.interval.start for k in kept):
            kept.append(window)
    return tuple(sorted(kept, key=lambda window: window.interval))
