"""Reasons: why a clip was chosen, or why there is none, in words."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from autoclip.anchors import Anchor, AnchorKind
from autoclip.excitement import Excitement
from autoclip.settings import Settings
from autoclip.signals.robust_normalisation import Series
from autoclip.signals.table import Features
from autoclip.windows import Edge, Window

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
    duration_sec : float
        Length of the video.
    """

    def __init__(self, excitement: Excitement, duration_sec: float) -> None:
        self._excitement = excitement
        self._duration_sec = duration_sec
        width = max(1, round(_SPAN_SEC / excitement.grid.step_sec))
        self._loud = _smoothed(excitement.loudness_z, width)
        self._motion = _smoothed(excitement.motion_z, width)
        self._replayed = _smoothed(excitement.replayed_z, width)

    def of(self, window: Window) -> str:
        """Return a sentence such as "loudest 3 s of the last 10 minutes, with fast motion; starts on a cut"."""
        moment = [
            words
            for words in (self._superlative(window), self._motion_words(window), self._replayed_words(window))
            if words
        ]
        what = ", ".join(moment) if moment else _KINDS[window.anchor.kind]
        if window.anchor.kind != "excitement_peak" and moment:
            what = f"{_KINDS[window.anchor.kind]}: {what}"
        edges = ", ".join(part for part in (_edge_words(window.start, _STARTS), _edge_words(window.end, _ENDS)) if part)
        return "; ".join(part for part in (what, edges, self._absent_words()) if part)

    def _superlative(self, window: Window) -> str:
        """How long ago anything was louder (without sound: moved more)."""
        for series, word in ((self._loud, "loudest"), (self._motion, "most motion in")):
            if series is None:
                continue
            step_sec = self._excitement.grid.step_sec
            first = self._excitement.grid.index_of(window.interval.start)
            after = max(first + 1, self._excitement.grid.index_of(window.interval.end))
            peak = first + int(series[first:after].argmax())
            if series[peak] <= 0:
                return ""
            louder_before = np.flatnonzero(series[:first] > series[peak])
            louder_after = np.flatnonzero(series[after:] > series[peak])
            since = (peak - int(louder_before[-1])) * step_sec if louder_before.size else None
            span = f"{word} {_SPAN_SEC:.0f} s"
            if since is None and not louder_after.size:
                return f"{span} of the whole video"
            if since is None:
                return f"{span} so far" if peak * step_sec >= _NOTABLE_SEC else f"{word.split()[0]} opening moment"
            return f"{span} of the last {_length_words(since)}" if since >= _NOTABLE_SEC else ""
        return ""

    def _motion_words(self, window: Window) -> str:
        if self._motion is None or self._loud is None:
            return ""
        strength = float(self._motion[self._around(window)].max(initial=0.0))
        if strength >= _FAST_Z:
            return "with fast motion"
        return "with lively motion" if strength >= _CLEAR_Z else ""

    def _replayed_words(self, window: Window) -> str:
        if self._replayed is None or self._replayed[self._around(window)].max(initial=0.0) < _CLEAR_Z:
            return ""
        return "replayed by many viewers"

    def _around(self, window: Window) -> slice:
        reach = max(1, round(_SPAN_SEC / self._excitement.grid.step_sec))
        return slice(max(0, window.anchor.step - reach), window.anchor.step + reach + 1)

    def _absent_words(self) -> str:
        if self._loud is None and self._motion is not None:
            return "chosen by the picture alone: there is no sound"
        if self._motion is None and self._loud is not None:
            return "chosen by the sound alone: motion was not measured"
        return ""


def _smoothed(series: Series | None, width: int) -> Series | None:
    if series is None or series.size == 0:
        return None
    smooth: Series = uniform_filter1d(series, width, mode="nearest")
    return smooth


def _edge_words(edge: Edge, words: dict[str, str]) -> str:
    return "" if edge.boundary is None else words[edge.boundary.kind]


def _length_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    if minutes == 1:
        return "minute"
    return f"{minutes} minutes" if minutes < _HOURS_FROM_MINUTES else f"{minutes / 60:.0f} hours"


def why_nothing(features: Features, excitement: Excitement, settings: Settings) -> str:
    """Say why a video can't have a clip, before any moment is looked for; empty when it can."""
    shortest = settings.scenes.min_clip_seconds
    if features.duration_sec < shortest:
        return (
            f"No clip: the video lasts {features.duration_sec:.1f} s, less than the shortest clip of {shortest:g} s "
            "(min_clip_seconds)."
        )
    if not excitement.content.any():
        sound = "there is no sound" if excitement.loudness_z is None else "the sound is silent"
        return f"No clip: {sound} and the picture is black or still throughout, so there is nothing to show."
    return ""


def why_no_highlight(anchors: tuple[Anchor, ...], excitement: Excitement, settings: Settings) -> str:
    """Say why no window was left."""
    signals = " and ".join(excitement.carried_by)
    if not anchors:
        return (
            f"No clip: nothing stands out; {signals} never rise above the usual by more than anchor_threshold = "
            f"{settings.anchors.anchor_threshold:g}. A lower one finds weaker moments, mode v1 cuts by scenes."
        )
    return (
        f"No clip: all {len(anchors)} moments were dropped by the filters as boring; the debug file names the figures. "
        f"A lower boring_threshold (now {settings.filters.boring_threshold:g}) keeps more."
    )
