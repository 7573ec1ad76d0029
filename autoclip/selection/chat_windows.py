"""Windows around the moments that a stream's chat reacted to. If there is a chat, it decides the moments."""

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
"""Minimum reaction: the sum of the deviations of writing and of laughter, in standard deviations.

Our own choice; the picked moments of 11 streams lie above it.
"""

MIN_CROWD = 5
"""Minimum number of people in half a minute; fewer are a conversation, whatever is usual there."""

EDGE_REACH_SEC = 4.0
"""How far an edge may move to a boundary, in seconds. The chat locates a moment to a few seconds, not to a frame."""

QUALITY_Z = 10.0
"""Reaction that corresponds to an excitement of 1; it only scales the displayed quality."""


@dataclass(frozen=True, slots=True)
class ChatReaction:
    """The reaction of the chat over time.

    Attributes
    ----------
    z : ndarray
        By how many standard deviations the people who write exceed the usual in the `REACTION_SEC` from each step on,
        plus the same for the people who laugh; shape ``(grid.count,)``, float64.
    delay_sec : float
        Seconds from a moment to its reaction.
    """

    z: Series
    delay_sec: float


def chat_reaction(features: Features, excitement: Excitement) -> ChatReaction | None:
    """Return the chat's reaction; None without a chat, or if it never stands out."""
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
    """Build a window around each moment the chat reacted to, the strongest first; return disjoint windows by time.

    Parameters
    ----------
    found : ChatReaction
        The chat's reaction.
    boundaries : sequence of Boundary
        Boundaries that edges may snap to.
    excitement : Excitement
        Excitement of audio and video, for the components of the quality.
    duration_sec : float
        Length of the video.
    settings : Settings
        Lengths of clips, and how edges snap to boundaries.
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
    """Return the best boundary nearby, else the natural edge."""
    found = reach.best(natural - EDGE_REACH_SEC, natural + EDGE_REACH_SEC, natural, settings.windows)
    return found or Edge(natural, None)


def _quality(anchor: Anchor, start: Edge, end: Edge, means: WindowMeans) -> Quality:
    """Rate a window by the reaction alone. The other components are reported but don't count."""
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
    """Keep the windows that overlap no stronger one; return them by time. `windows` must be ordered by strength."""
    kept: list[Window] = []
    for window in windows:
        if all(window.interval.end <= k.interval.start or k.interval.end <= window.interval.start for k in kept):
            kept.append(window)
    return tuple(sorted(kept, key=lambda window: window.interval))
