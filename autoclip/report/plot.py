"""The timeline: signals and events as SVG paths over one axis of seconds, of bounded size for any video length.

Each lane is a drawing that is stretched to the page. Its view box is as wide as the video is long, in seconds, and
`LANE_HEIGHT` high. Zooming changes the view box. Strokes don't scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.table import SIGNAL_UNITS, Event, Features
from autoclip.speech.transcript import Sentence

LANE_HEIGHT = 100.0
MAX_POINTS = 1500
"""Maximum number of buckets of a lane: more than the pixels of a wide page, so that zooming in shows more detail."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A series reduced to buckets: the minimum and maximum of each.

    Attributes
    ----------
    times : ndarray
        Middle of each bucket in seconds, shape ``(n,)``.
    low, high : ndarray
        Shape ``(n,)``; NaN where nothing was measured.
    """

    times: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class Lane:
    """One signal, drawn.

    Attributes
    ----------
    key : str
        Name of the signal; decides its color.
    title, unit : str
        Its name and unit on the page.
    line, area : str
        SVG path data: the highest values, and the area from the lowest to the highest (or from the floor).
    top, bottom : str
        The formatted values at the lane's edges.
    values : tuple of float or None
        The highest value of each bucket, shown under the pointer.
    """

    key: str
    title: str
    unit: str
    line: str
    area: str
    top: str
    bottom: str
    values: tuple[float | None, ...]


def reduce_series(values: NDArray[np.floating], step_sec: float, most: int = MAX_POINTS) -> Envelope:
    """Reduce a series to at most `most` buckets of equal length, keeping every bucket's extremes.

    Parameters
    ----------
    values : ndarray
        One value a step, shape ``(steps,)``; NaN where nothing was measured.
    step_sec : float
        Length of a step in seconds.
    most : int
        Most buckets.
    """
    series = np.asarray(values, np.float64)
    width = max(1, -(-len(series) // most))
    starts = np.arange(0, len(series), width)
    if not len(starts):
        return Envelope(starts.astype(np.float64), series, series)
    ends = np.minimum(starts + width, len(series))
    return Envelope(
        (starts + ends) / 2 * step_sec,
        np.fmin.reduceat(series, starts),
        np.fmax.reduceat(series, starts),
    )


MIN_SPEECH = 0.5
"""Speech activity below which a video gets no speech lane."""


def draw_lanes(features: Features, excitement: NDArray[np.floating] | None) -> tuple[Lane, ...]:
    """Draw the available signals: excitement, loudness, speech, motion, most replayed and chat."""
    series, step = features.series, features.grid.step_sec
    loudness = next((name for name in ("loudness_lufs", "audio_dbfs") if name in series), "audio_dbfs")
    lanes = []
    if excitement is not None and len(excitement):
        lanes.append(_lane("excitement", "Excitement", "", excitement, step))
    if loudness in series:
        lanes.append(_lane("loudness", "Loudness", SIGNAL_UNITS[loudness], series[loudness], step))
    if (series.get("speech_activity", np.zeros(1)) >= MIN_SPEECH).any():
        lanes.append(_lane("voice", "Speech activity", "%", 100.0 * series["speech_activity"], step))
    if "motion_score" in series:
        lanes.append(_lane("motion", "Motion", "%", 100.0 * series["motion_score"], step))
    if "most_replayed" in series:
        lanes.append(_lane("replayed", "Most replayed", "%", 100.0 * series["most_replayed"], step))
    if "chat_chatters" in series:
        lanes.append(_lane("chat", "Chat", "people", series["chat_chatters"], step))
    return tuple(lanes)


def _lane(key: str, title: str, unit: str, values: NDArray[np.floating], step_sec: float) -> Lane:
    envelope = reduce_series(values, step_sec)
    bottom, top = _range_of(envelope, key)
    scale = LANE_HEIGHT / (top - bottom)
    high = LANE_HEIGHT - (np.clip(envelope.high, bottom, top) - bottom) * scale
    decimated = len(values) > len(envelope.times)
    low = (
        LANE_HEIGHT - (np.clip(envelope.low, bottom, top) - bottom) * scale if decimated else np.full_like(high, 100.0)
    )
    return Lane(
        key=key,
        title=title,
        unit=unit,
        line=_line(envelope.times, high),
        area=_area(envelope.times, low, high),
        top=f"{top:.3g}",
        bottom=f"{bottom:.3g}",
        values=tuple(None if np.isnan(value) else float(f"{value:.4g}") for value in envelope.high.tolist()),
    )


def _range_of(envelope: Envelope, key: str) -> tuple[float, float]:
    """Return the values at the bottom and the top of a lane."""
    if key == "voice":
        return 0.0, 100.0  # a share
    known = envelope.high[~np.isnan(envelope.high)]
    if not len(known):
        return 0.0, 1.0
    # A cut or a flash makes one step of motion much larger than all others; cropping the top 2 % keeps the rest
    # readable.
    top = float(np.percentile(known, 98) if key == "motion" else known.max())
    # Silence at -120 dB would push all audible levels to the top; 70 dB below the maximum nothing is audible.
    bottom = max(float(np.nanpercentile(envelope.low, 1)), top - 70.0) if key == "loudness" else 0.0
    height = top - bottom
    return bottom, (top + 0.06 * height if height > 0 else bottom + 1.0)


def _runs(known: NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """Return the start and end of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _points(times: Values, heights: Values) -> str:
    return "L".join(f"{time:.2f} {height:.1f}" for time, height in zip(times.tolist(), heights.tolist(), strict=True))


def _line(times: Values, heights: Values) -> str:
    """Return path data of a curve with gaps where nothing was measured."""
    return "".join("M" + _points(times[a:b], heights[a:b]) for a, b in _runs(~np.isnan(heights)))


def _area(times: Values, low: Values, high: Values) -> str:
    """Return path data of the area between two curves."""
    return "".join(
        f"M{_points(times[a:b], high[a:b])}L{_points(times[a:b][::-1], low[a:b][::-1])}Z"
        for a, b in _runs(~np.isnan(high))
    )


def draw_ticks(events: Sequence[Event]) -> str:
    """Return path data of a vertical line over the lane's full height at each event's start."""
    return "".join(f"M{event.start_sec:.3f} 0V{LANE_HEIGHT:.0f}" for event in events)


def draw_spans(events: Sequence[Event], shortest_sec: float) -> str:
    """Return path data of a box for each event, at least `shortest_sec` long so that it is visible."""
    boxes = []
    for event in events:
        end = event.end_sec if event.end_sec is not None else event.start_sec
        start, end = event.start_sec, max(end, event.start_sec + shortest_sec)
        boxes.append(f"M{start:.3f} 0H{end:.3f}V{LANE_HEIGHT:.0f}H{start:.3f}Z")
    return "".join(boxes)


def draw_boxes(sentences: Sequence[Sentence]) -> str:
    """Return path data of a low box for each sentence, with a gap before the next."""
    return "".join(f"M{said.start_sec:.2f} 45H{said.end_sec:.2f}V85H{said.start_sec:.2f}Z" for said in sentences)


def draw_dots(times: Sequence[float], curve: NDArray[np.floating] | None, step_sec: float) -> str:
    """Return path data of dots on a curve: zero-length lines that round caps and non-scaling strokes render as dots."""
    if curve is None or not len(curve):
        return ""
    bottom, top = _range_of(reduce_series(curve, step_sec), "excitement")
    steps = np.clip(np.asarray(times, np.float64) / step_sec, 0, len(curve) - 1).astype(np.intp)
    heights = LANE_HEIGHT * (1 - (np.nan_to_num(np.asarray(curve, np.float64)[steps]) - bottom) / (top - bottom))
    return "".join(f"M{time:.2f} {height:.1f}h0" for time, height in zip(times, heights.tolist(), strict=True))


def axis_marks(duration_sec: float, most: int = 9) -> tuple[float, ...]:
    """Return round times for the axis, from 0 on, with at most `most` intervals."""
    for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400):
        if duration_sec / step <= most:
            return tuple(float(mark) for mark in np.arange(0.0, duration_sec * (1 - 0.02), step))
    return (0.0,)
