"""Reasons: why a clip was chosen, or why there is none, in words."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from autoclip.selection.anchors import Anchor, AnchorKind
from autoclip.selection.excitement import Excitement
from autoclip.selection.windows import Window
from autoclip.settings import Settings
from autoclip.signals.robust_normalization import Series
from autoclip.signals.table import Features

_SPAN_SEC = 3.0
"""Length of the "loudest 3 s"."""

_HOURS_FROM_MINUTES = 120
"""Longer stretches are told in hours."""

_NOTABLE_SEC = 60.0
"""A lead over a shorter stretch than this is not worth telling."""

_FAST_Z, _CLEAR_Z = 2.0, 1.0
"""Z-scores from which motion is called fast, and lively: one value in 44, and in 6, of a normal distribution."""

_KINDS: dict[AnchorKind, str] = {
    "excitement_peak": "a peak of excitement",
    "audio_peak": "a loud moment over a calm picture",
    "action_sequence": "fast action in quick cuts",
}

_STARTS = {
    "cut": "starts on a cut",
    "pause": "starts as a pause ends",
    "fade": "starts after a fade",
    "black": "starts after black",
    "freeze": "starts as the picture begins to move",
    "chapter": "starts with a chapter",
    "valley": "starts in a calm moment",
}
_ENDS = {
    "cut": "ends on a cut",
    "pause": "ends in a pause",
    "fade": "ends before a fade",
    "black": "ends before black",
    "freeze": "ends as the picture freezes",
    "chapter": "ends with a chapter",
    "valley": "ends in a calm moment",
}


class ReasonWriter:
    """Says of each window what sets it apart.

    Parameters
    ----------
    excitement : Excitement
        The curve and the signals it is made of.
    features : Features
        What they were measured from: the loudest is the loudest as it is, not for its surroundings.
    """

    def __init__(self, excitement: Excitement, features: Features) -> None:
        self._excitement = excitement
        self._duration_sec = features.duration_sec
        width = max(1, round(_SPAN_SEC / excitement.grid.step_sec))
        self._loud = _smoothed(excitement.loudness_z, width)
        self._motion = _smoothed(excitement.motion_z, width)
        self._replayed = _smoothed(excitement.replayed_z, width)
        self._level = _measured(features, excitement.loudness_signal, width)
        self._speed = _measured(features, excitement.motion_signal, width)

    def of(self, window: Window) -> str:
        """Return a sentence such as "loudest 3 s of the last 10 minutes, with fast motion; starts on a cut"."""
        sound, motion = self._sound_words(window), self._motion_words(window)
        what = f"{sound}, with {motion}" if sound and motion else sound or motion
        if window.anchor.kind != "excitement_peak" or not what:
            kind = _KINDS[window.anchor.kind]
            what = f"{kind}: {what}" if what else kind
        if self._is_replayed(window):
            what += ", replayed by many viewers"
        return "; ".join(part for part in (what, self._edge_words(window), self._absent_words()) if part)

    def _sound_words(self, window: Window) -> str:
        """For how long nothing was louder (without sound: nothing moved more), or that it is loud at least."""
        scored, series, most, plain = self._loud, self._level, f"loudest {_SPAN_SEC:.0f} s", "a loud moment"
        if scored is None:
            scored, series, most, plain = self._motion, self._speed, f"fastest {_SPAN_SEC:.0f} s", ""
        if scored is None or series is None:
            return ""
        grid = self._excitement.grid
        first = grid.index_of(window.interval.start)
        after = max(first + 1, grid.index_of(window.interval.end))
        peak = first + int(series[first:after].argmax())
        if scored[first:after].max() < _CLEAR_Z:
            return ""
        before = np.flatnonzero(series[:first] > series[peak])
        behind = np.flatnonzero(series[after:] > series[peak])
        back = (peak - int(before[-1])) * grid.step_sec if before.size else None
        ahead = (after + int(behind[0]) - peak) * grid.step_sec if behind.size else None
        lead = _lead_words(back, ahead, so_far=peak * grid.step_sec)
        return f"{most} {lead}" if lead else plain

    def _motion_words(self, window: Window) -> str:
        if self._motion is None:
            return ""
        strength = float(self._motion[self._around(window)].max(initial=0.0))
        if strength >= _FAST_Z and self._loud is not None:
            return "fast motion"
        return "lively motion" if strength >= _CLEAR_Z and self._loud is not None else ""

    def _is_replayed(self, window: Window) -> bool:
        return self._replayed is not None and bool(self._replayed[self._around(window)].max(initial=0.0) >= _CLEAR_Z)

    def _edge_words(self, window: Window) -> str:
        """On what the clip starts and ends."""
        start, end = window.start.boundary, window.end.boundary
        starts = "starts with the video" if window.interval.start <= 0 else "starts as the moment sets in"
        ends = "ends with the video" if window.interval.end >= self._duration_sec else "ends as the moment fades"
        return f"{_STARTS[start.kind] if start else starts}, {_ENDS[end.kind] if end else ends}"

    def _around(self, window: Window) -> slice:
        reach = max(1, round(_SPAN_SEC / self._excitement.grid.step_sec))
        return slice(max(0, window.anchor.step - reach), window.anchor.step + reach + 1)

    def _absent_words(self) -> str:
        if self._loud is None and self._motion is not None:
            return "chosen by the picture alone: there is no sound"
        if self._motion is None and self._loud is not None:
            return "chosen by the sound alone: the picture does not move"
        return ""


def _measured(features: Features, name: str | None, width: int) -> Series | None:
    """Take a signal as it was measured, over the span that is spoken of; what was not measured is least."""
    if name is None:
        return None
    series = features.series[name].astype(np.float64)
    return _smoothed(np.where(np.isnan(series), np.nanmin(series), series), width)


def _smoothed(series: Series | None, width: int) -> Series | None:
    if series is None or series.size == 0:
        return None
    smooth: Series = uniform_filter1d(series, width, mode="nearest")
    return smooth


def _lead_words(back: float | None, ahead: float | None, *, so_far: float) -> str:
    """Say how far back, or ahead, the nearest greater moment lies; nothing when that is no time to speak of."""
    if back is None and ahead is None:
        return "of the whole video"
    if ahead is None or (back is not None and back >= ahead):
        return f"of the last {_length_words(back)}" if back is not None and back >= _NOTABLE_SEC else ""
    if back is None and so_far >= _NOTABLE_SEC:
        return "so far"
    return f"for the next {_length_words(ahead)}" if ahead >= _NOTABLE_SEC else ""


def _length_words(seconds: float) -> str:
    """Say how long, to follow "the last" or "the next"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    if minutes == 1:
        return "minute"
    return f"{minutes} minutes" if minutes < _HOURS_FROM_MINUTES else f"{minutes / 60:.0f} hours"


def why_nothing(features: Features, excitement: Excitement, settings: Settings) -> str:
    """Say why a video can't have a clip, before any moment is looked for; empty when it can."""
    shortest = settings.lengths().min_clip_seconds
    if features.duration_sec < shortest:
        return (
            f"No clip: the video lasts {features.duration_sec:.1f} s, less than the shortest clip of {shortest:g} s "
            "(length or min_clip_seconds)."
        )
    if not excitement.content.any():
        sound = "there is no sound" if excitement.loudness_z is None else "the sound is silent"
        return f"No clip: {sound} and the picture is black or still throughout, so there is nothing to show."
    return ""


def why_no_highlight(anchors: tuple[Anchor, ...], excitement: Excitement, settings: Settings) -> str:
    """Say why no window was left."""
    signals = " and ".join(excitement.carried_by)
    rises = "rise" if len(excitement.carried_by) > 1 else "rises"
    if not anchors:
        return (
            f"No clip: nothing stands out; {signals} never {rises} above the usual by more than anchor_threshold = "
            f"{settings.anchors.anchor_threshold:g}. A lower one finds weaker moments, mode v1 cuts by scenes."
        )
    return (
        f"No clip: all {len(anchors)} moments were dropped by the filters as boring; the debug file names the figures. "
        f"A lower boring_threshold (now {settings.filters.boring_threshold:g}) keeps more."
    )
