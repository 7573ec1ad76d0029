"""Moments: how long the excitement of an anchor lasts, and the natural start and end of its clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoclip.selection.anchors import Anchor
from autoclip.selection.excitement import Excitement
from autoclip.settings import WindowSettings
from autoclip.timeline import Interval

ONSET_SHARE = 1 / 3
"""Share of the peak above which the moment lasts: motion before it is heard, or sound alone after it, with a weight of
0.4 or 0.6, still belongs to it.
"""

CALM_Z = -1.0
"""Motion z-score up to which the video is calm: clearly less than usual.

At 0, half of every match is calm, and its clips begin seconds early.
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment of an anchor.

    Attributes
    ----------
    span : Interval
        The span in which excitement stays above `ONSET_SHARE` of its peak.
    natural : Interval
        The span of its clip if every instant were an equally good place to cut.
    latest_start_sec : float
        Latest start of a clip that contains the event.
    """

    span: Interval
    natural: Interval
    latest_start_sec: float


def moment_of(anchor: Anchor, excitement: Excitement, settings: WindowSettings) -> Moment:
    """Find how long the moment of an anchor lasts, within `pre_max` before and `post_max` after it.

    A loud moment over calm video is treated as a reaction: its natural start lies `reaction_lag_sec` before its onset,
    where the event is.

    Parameters
    ----------
    anchor : Anchor
        The anchor.
    excitement : Excitement
        The excitement curve it was found on.
    settings : WindowSettings
        `pre_max`, `post_max`, `padding_sec`, `moment_min_sec` and `reaction_lag_sec`.
    """
    step_sec = excitement.grid.step_sec
    first = max(0, anchor.step - round(settings.pre_max / step_sec))
    after = min(excitement.grid.count, anchor.step + round(settings.post_max / step_sec) + 1)
    limit = ONSET_SHARE * excitement.curve[anchor.step]
    low_before = np.flatnonzero(excitement.curve[first : anchor.step] < limit)
    low_after = np.flatnonzero(excitement.curve[anchor.step + 1 : after] < limit)
    start = first + int(low_before[-1]) + 1 if low_before.size else first
    end = anchor.step + 1 + int(low_after[0]) if low_after.size else after
    span = Interval(start * step_sec, max(end, anchor.step + 1) * step_sec)
    lag = settings.reaction_lag_sec if is_reaction(anchor, excitement, start, end) else 0.0
    event = max(0.0, span.start - lag)
    natural = Interval(max(0.0, event - settings.padding_sec), span.end + settings.padding_sec)
    missing = max(0.0, settings.moment_min_sec - natural.duration)
    return Moment(span, Interval(max(0.0, natural.start - missing / 2), natural.end + missing / 2), event)


def is_reaction(anchor: Anchor, excitement: Excitement, start: int, end: int) -> bool:
    """Return whether only audio stands out in the steps ``[start, end)``, although motion was measured."""
    if excitement.loudness_z is None or excitement.motion_z is None:
        return False
    if anchor.kind == "audio_peak":
        return True
    motion = excitement.motion_z[start : max(end, start + 1)]
    return float(excitement.loudness_z[anchor.step]) > CALM_Z and float(motion.mean()) <= CALM_Z
