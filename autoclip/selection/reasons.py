"""Reasons: why a clip was selected, or why there is none, in words."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.ndimage import uniform_filter1d

from autoclip.chat.reaction import MAX_DELAY_SEC, times_usual
from autoclip.selection.anchors import Anchor, AnchorKind
from autoclip.selection.excitement import Excitement
from autoclip.selection.windows import Window
from autoclip.settings import Settings
from autoclip.signals.robust_normalization import Series
from autoclip.signals.table import Features

_SPAN_SEC = 3.0
"""Length in seconds of the "loudest 3 s"."""

_HOURS_FROM_MINUTES = 120
"""Longer stretches are stated in hours."""

_NOTABLE_SEC = 60.0
"""A lead over a shorter stretch than this is not mentioned."""

_FAST_Z, _CLEAR_Z = 2.0, 1.0
"""Z-scores from which motion is called fast and lively: one value in 44, and in 6, of a normal distribution."""

_KINDS: dict[AnchorKind, str] = {
    "excitement_peak": "",
    "audio_peak": "a loud moment over a calm picture",
    "action_sequence": "fast action in quick cuts",
    "thought": "",
    "chat_reaction": "",
}

_AUDIBLE_DB, _VISIBLE_TIMES = 1.0, 1.2
"""Minimum increase of level and of motion that is stated as a number: listeners notice no less than 1 dB (Zwicker &
Fastl, "Psychoacoustics", section 7.1), and motion varies by a fifth when nothing happens.
"""

_MAX_RISE_DB, _MAX_TIMES = 50.0, 20.0
"""Above these the usual is silence or a still picture, and a number is meaningless."""

MovedEdges = frozenset[Literal["start", "end"]]
"""Edges of a clip that a person has moved."""

_STARTS = {
    "cut": "starts on a cut",
    "pause": "starts as a pause ends",
    "fade": "starts after a fade",
    "black": "starts after black",
    "freeze": "starts as the picture begins to move",
    "chapter": "starts with a chapter",
    "valley": "starts in a calm moment",
    "sentence": "starts with a sentence",
}
_ENDS = {
    "cut": "ends on a cut",
    "pause": "ends in a pause",
    "fade": "ends just before a fade",
    "black": "ends just before the picture goes black",
    "freeze": "ends where the picture stands still",
    "chapter": "ends where a chapter ends",
    "valley": "ends in a calm moment",
    "sentence": "ends with a sentence",
}


class ReasonWriter:
    """Describes what distinguishes each window.

    Parameters
    ----------
    excitement : Excitement
        The excitement curve and its signals.
    features : Features
        Their features: the loudest moment is the loudest in absolute terms, not relative to its surroundings.
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
        self._cuts = [event.start_sec for event in features.events_of("cut")]
        self._laughter = _times_usual(features, "chat_laughter")
        self._chatters = _times_usual(features, "chat_chatters")

    def of(self, window: Window, moved: MovedEdges | None = None) -> str:
        """Return a sentence such as "loudest 3 s of the last 10 minutes, with fast motion; starts on a cut".

        Parameters
        ----------
        window : Window
            The clip.
        moved : set of {"start", "end"}, optional
            Edges that a person moved, for a clip that was changed by hand.
        """
        greatest, motion = self._superlative(window), self._motion_words(window)
        what = f"{greatest}, with {motion}" if greatest and motion else greatest or self._figures(window)
        what = ": ".join(part for part in (self._kind_words(window), what) if part)
        if self._is_replayed(window):
            what += ", replayed by many viewers"
        edges = self._edge_words(window) if moved is None else self._edge_words_by_hand(window, moved)
        return "; ".join(part for part in (what, edges, self._absent_words()) if part)

    def _kind_words(self, window: Window) -> str:
        """Describe the kind of moment; an excitement peak is described by its figures."""
        if window.anchor.kind == "chat_reaction":
            return self._chat_words(window)
        kind = _KINDS[window.anchor.kind]
        if window.anchor.kind != "action_sequence":
            return kind
        inside = sum(window.interval.contains(cut) for cut in self._cuts)
        return f"{kind} ({inside} in {window.interval.duration:.0f} s)" if inside > 1 else kind

    def _chat_words(self, window: Window) -> str:
        """Describe how many times as many people as usual laughed or wrote in the chat."""
        span = slice(window.anchor.step, window.anchor.step + round(MAX_DELAY_SEC / self._excitement.grid.step_sec) + 1)
        laughed, wrote = (
            1.0 if times is None else float(times[span].max(initial=1.0)) for times in (self._laughter, self._chatters)
        )
        if laughed >= wrote:
            return f"the chat laughed {laughed:.0f} times as much as usual"
        return f"the chat wrote {wrote:.0f} times as much as usual"

    def _figures(self, window: Window) -> str:
        """Describe by how much the moment is louder and faster than usual in this video."""
        around = self._around(window)
        words = []
        rise = self._rise_db(around)
        if rise is not None and rise >= _AUDIBLE_DB:
            words.append(f"{rise:.0f} dB louder than usual" if rise <= _MAX_RISE_DB else "sound after silence")
        times = self._times_as_fast(around)
        if times is not None and times >= _VISIBLE_TIMES:
            often = f"{times:.1f} times as fast as usual" if times <= _MAX_TIMES else "where it usually stands still"
            words.append(f"the picture moves {often}")
        return " and ".join(words) or self._local_lead(window.anchor.step)

    def _local_lead(self, step: int) -> str:
        """Describe for how long around the moment nothing is more exciting."""
        curve = self._excitement.curve
        higher = np.flatnonzero(curve > curve[step])
        reach = np.abs(higher - step).min() if higher.size else curve.size
        seconds = max(1.0, float(reach) * self._excitement.grid.step_sec)
        return f"the most that happens for {seconds:.0f} s around" if higher.size else "the most that happens at all"

    def _rise_db(self, around: slice) -> float | None:
        """Return how far the level rises above its median, in dB."""
        series = self._level
        if series is None:
            return None
        peak, usual = float(series[around].max()), float(np.median(series))
        if self._excitement.loudness_signal == "audio_rms":
            return float(20 * np.log10(max(peak, 1e-6) / max(usual, 1e-6)))
        return peak - usual

    def _times_as_fast(self, around: slice) -> float | None:
        """Return motion as a multiple of its median; None if the video is usually still."""
        if self._speed is None:
            return None
        usual = float(np.median(self._speed))
        return float(self._speed[around].max()) / usual if usual > 0.0 else None

    def _superlative(self, window: Window) -> str:
        """Describe for how long nothing was louder (without audio: nothing moved more); empty if that is not long."""
        scored, series, most = self._loud, self._level, f"loudest {_SPAN_SEC:.0f} s"
        if scored is None:
            scored, series, most = self._motion, self._speed, f"fastest {_SPAN_SEC:.0f} s"
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
        return f"{most} {lead}" if lead else ""

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
        """Describe what the clip starts and ends on."""
        start, end = window.start.boundary, window.end.boundary
        starts = "starts with the video" if window.interval.start <= 0 else "starts as it builds up"
        ends = "ends with the video" if window.interval.end >= self._duration_sec else "ends once it calms down"
        return f"{_STARTS[start.kind] if start else starts}, {_ENDS[end.kind] if end else ends}"

    def _edge_words_by_hand(self, window: Window, moved: MovedEdges) -> str:
        """Describe what the edges of a changed clip lie on; otherwise say that a person set them."""
        start, end = window.start.boundary, window.end.boundary
        starts = _STARTS[start.kind] if start else "start set by hand" if "start" in moved else ""
        ends = _ENDS[end.kind] if end else "end set by hand" if "end" in moved else ""
        starts = "starts with the video" if window.interval.start <= 0 else starts
        ends = "ends with the video" if window.interval.end >= self._duration_sec else ends
        return ", ".join(part for part in (starts, ends) if part)

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
    """Return the mean of a signal over `LOUDEST_SEC`, or over a shorter clip; missing values count as the lowest."""
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
    """Describe how far back or ahead the nearest greater moment lies; empty if that is not far."""
    if back is None and ahead is None:
        return "of the whole video"
    if ahead is None or (back is not None and back >= ahead):
        return f"of the last {_length_words(back)}" if back is not None and back >= _NOTABLE_SEC else ""
    if back is None and so_far >= _NOTABLE_SEC:
        return f"of the first {_length_words(so_far)}"
    return f"for the next {_length_words(ahead)}" if ahead >= _NOTABLE_SEC else ""


def _length_words(seconds: float) -> str:
    """Format a length of a minute or more, to follow "the last" or "the next"; rounded down, so that it holds."""
    minutes = int(seconds // 60)
    if minutes == 1:
        return "minute"
    return f"{minutes} minutes" if minutes < _HOURS_FROM_MINUTES else f"{minutes // 60} hours"


def _times_usual(features: Features, name: str) -> Series | None:
    """Return a chat signal as a multiple of the usual; None without a chat."""
    counts = features.series.get(name)
    return None if counts is None else times_usual(counts, features.grid.step_sec).astype(np.float64)


def why_nothing(features: Features, excitement: Excitement, settings: Settings) -> str:
    """Return why a video can't have a clip, before anchors are searched; empty if it can."""
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
    """Return why no window is left."""
    signals = " and ".join(excitement.carried_by)
    rises = "rise" if len(excitement.carried_by) > 1 else "rises"
    if not anchors:
        return (
            f"No clip: nothing stands out; {signals} never {rises} above the usual by more than anchor_threshold = "
            f"{settings.anchors.anchor_threshold:g}. A lower one finds weaker moments, mode v1 cuts by scenes."
        )
    return (
        f"No clip: the filters dropped {'the only moment' if len(anchors) == 1 else f'all {len(anchors)} moments'} "
        "as boring or as credits; the debug file names the figures. "
        f"A lower boring_threshold (now {settings.filters.boring_threshold:g}) keeps more."
    )
