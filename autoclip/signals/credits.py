"""Credits: text that scrolls steadily upwards over a still background, and text cards at the ends of a film.

What differs from the background (the median of two seconds) is text if it moves up by the same number of lines again
and again while the background stays. A camera tilt moves the background, a ticker moves sideways, captions appear and
disappear, and objects in front of a still camera have no constant speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.runs import runs_of
from autoclip.signals.table import Event

GROUND_PICTURES = (-4, -2, 0, 2, 4)
"""Number of frames, at four per second, whose median is the background: text covers a place for less than half of the
time.
"""

LAG = 2
"""Frames half a second apart are compared: at two lines per second, the slowest roll, text moves by one line in that
time.
"""

STANDS_OUT = 12
"""Minimum difference in code values between text and its background; coding noise stays below it."""

STILL_SHARE = 0.55
"""Minimum share of the frame that must be background: moving video may be shown beside the text."""

TEXT_SHARE = (0.002, 0.4)
"""Range of the share of the frame that text covers."""

ONE_SIDED = 0.8
"""Minimum share of the foreground's energy that is brighter, or darker, than the background: letters have one color,
whereas both are equally frequent during a camera tilt.
"""

LIKENESS, GAIN = 0.6, 0.15
"""Minimum correlation of text with itself half a second before, shifted; and by how much it must exceed the correlation
without a shift.
"""

STEADY_SEC = 3.0
STEADY_SHARE = 0.6
"""Share of the surrounding frames that must agree on the speed."""

PACE_TOLERANCE = 0.2
"""Maximum relative deviation from their median speed; one line in half a second is always allowed."""

MIN_ROLL_SEC = 5.0
GAP_SEC = 4.0
"""Minimum length of a roll in seconds (a number may float up in a game), and the maximum gap inside one (a blank
between two parts).
"""

FLAT_LEVEL, FLAT_SHARE = 8, 0.75
"""A card's background: three quarters of the frame within this many code values of the most frequent value."""

INK_LEVEL, INK_SHARE = 32, (0.002, 0.22)
INK_RUN = 24.0
"""Text on a card differs from the background by more than this, covers this share, and has strokes no longer than this
on average, in samples of 160 across.
"""

CARD_CHANGE = 0.3
"""Maximum change from one frame to the next while a card is shown, as a share of its text."""

MIN_CARD_SEC = 1.5
CARD_GAP_SEC = 3.0
"""Minimum time a card is shown, and maximum time that black or a fade between two cards lasts, in seconds."""

MAX_VIDEO_SHARE = 0.5
"""If cards fill more than this share of a video, they are its content: slides, or a still for a song."""

Luma = NDArray[np.uint8]
Offset = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class TextRows:
    """Detected text, one row per frame that is used for motion.

    Attributes
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``, float64.
    rise : ndarray
        Lines by which text moved up in `LAG` frames, shape ``(n,)``, float32; NaN where nothing rises.
    card : ndarray
        Whether the frame is a card, shape ``(n,)``, bool.
    """

    seconds: NDArray[np.float64]
    rise: NDArray[np.float32]
    card: NDArray[np.bool_]


class TextTracker:
    """Detects text in consecutive frames; keeps only a few of them."""

    def __init__(self) -> None:
        self._held: Luma | None = None
        self._standing: Offset | None = None
        self._seconds: list[NDArray[np.float64]] = []
        self._rise: list[NDArray[np.float32]] = []
        self._card: list[NDArray[np.bool_]] = []

    def push(self, seconds: NDArray[np.float64], luma: Luma) -> None:
        """Take the next frames; `luma` has the shape ``(n, height, width)``, uint8."""
        self._seconds.append(seconds)
        before = luma[:1] if self._held is None else self._held[-1:]
        self._card.append(are_cards(luma, np.concatenate([before, luma[:-1]])))
        held = luma if self._held is None else np.concatenate([self._held, luma])
        reach = GROUND_PICTURES[-1]
        if self._held is None:  # nothing precedes the first frame: it counts as unchanged
            held = np.concatenate([np.repeat(held[:1], reach, axis=0), held])
        self._measure(held)
        self._held = held[max(0, len(held) - 2 * reach) :].copy()

    def finish(self) -> TextRows:
        """Return the rows of all frames."""
        if self._held is None:
            return TextRows(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.bool_))
        self._measure(np.concatenate([self._held, np.repeat(self._held[-1:], GROUND_PICTURES[-1], axis=0)]))
        rise = np.concatenate(self._rise)
        return TextRows(np.concatenate(self._seconds), rise, np.concatenate(self._card))

    def _measure(self, held: Luma) -> None:
        reach = GROUND_PICTURES[-1]
        if len(held) <= 2 * reach:
            return
        standing = standing_out(held)
        before = np.repeat(standing[:1], LAG, axis=0) if self._standing is None else self._standing
        both = np.concatenate([before, standing])
        self._rise.append(np.array([rise_of(a, b) for a, b in zip(both, both[LAG:], strict=False)], np.float32))
        self._standing = both[-LAG:].copy()


def standing_out(pictures: Luma) -> Offset:
    """Return by how much each frame is brighter than its background; 0 for differences up to `STANDS_OUT`.

    Parameters
    ----------
    frames : ndarray
        Shape ``(n, height, width)``; the first and the last four lack surroundings and have no result.
    """
    reach, count = GROUND_PICTURES[-1], len(pictures) - 2 * GROUND_PICTURES[-1]
    ground = _median_of_five(*(pictures[reach + by : reach + by + count] for by in GROUND_PICTURES))
    off = pictures[reach : reach + count].astype(np.int16) - ground
    off[np.abs(off) <= STANDS_OUT] = 0
    return off


def rise_of(before: Offset, now: Offset) -> float:
    """Return by how many lines the foreground has moved up from one frame to another; NaN if it has not."""
    share = np.count_nonzero(now) / now.size
    if not TEXT_SHARE[0] <= share <= min(TEXT_SHARE[1], 1 - STILL_SHARE) or not before.any():
        return np.nan
    a, b = before.astype(np.float32), now.astype(np.float32)
    brighter = float((np.maximum(b, 0) ** 2).sum() / (b**2).sum())
    if max(brighter, 1 - brighter) < ONE_SIDED:
        return np.nan
    a, b = (np.maximum(part if brighter >= ONE_SIDED else -part, 0) for part in (a, b))
    lines_before, lines_now = a.sum(axis=1), b.sum(axis=1)
    reach = len(lines_now) // 3
    alike = [float(lines_before[by:] @ lines_now[: len(lines_now) - by]) for by in range(1, reach)]
    near = int(np.argmax(alike)) + 1 if alike else 0
    best = max((_likeness(a, b, by), by) for by in range(max(1, near - 1), near + 2))
    if best[0] < LIKENESS or best[0] < _likeness(a, b, 0) + GAIN:
        return np.nan
    return float(best[1])


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32], by: int) -> float:
    """Return the correlation of two frames, the first shifted up."""
    x, y = a[by:], b[: len(b) - by]
    return float((x * y).sum() / np.sqrt(max(float((x * x).sum() * (y * y).sum()), 1.0)))


def are_cards(luma: Luma, before: Luma) -> NDArray[np.bool_]:
    """Return which frames show static text on a flat background, shape ``(n,)``; `before` holds their predecessors."""
    flat = luma.reshape(len(luma), -1)
    levels = flat >> 3
    ground = np.array([np.bincount(picture, minlength=32).argmax() for picture in levels], np.int16) * 8 + 4
    off = np.abs(luma.astype(np.int16) - ground[:, None, None])
    still = (off <= FLAT_LEVEL).mean(axis=(1, 2))
    ink = off > INK_LEVEL
    share = ink.mean(axis=(1, 2))
    begins = np.count_nonzero(ink[:, :, 1:] & ~ink[:, :, :-1], axis=(1, 2)) + np.count_nonzero(ink[:, :, 0], axis=1)
    run = np.count_nonzero(ink, axis=(1, 2)) / np.maximum(begins, 1) * (160 / luma.shape[2])
    inside = (share >= INK_SHARE[0]) & (share <= INK_SHARE[1])
    change = np.maximum(luma, before) - np.minimum(luma, before) > STANDS_OUT
    stands = change.mean(axis=(1, 2)) <= CARD_CHANGE * share
    return np.asarray((still >= FLAT_SHARE) & inside & (run <= INK_RUN) & stands)


def credits_of(rows: TextRows, black: tuple[Event, ...], duration_sec: float) -> tuple[Event, ...]:
    """Return the spans of credits: rolls anywhere, and cards at the start or end of the video.

    Parameters
    ----------
    rows : TextRows
        The detected text.
    black : tuple of Event
        Black runs, which may lie between cards and before the first.
    duration_sec : float
        Length of the video.
    """
    if rows.seconds.size == 0:
        return ()
    rolls = _joined_spans(_rolling(rows), GAP_SEC)
    rolls = [(start, end) for start, end in rolls if end - start >= MIN_ROLL_SEC]
    cards = [(start, end) for start, end in _spans(rows.seconds, rows.card) if end - start >= MIN_CARD_SEC]
    ends = _at_ends(
        [*rolls, *cards], [(event.start_sec, event.end_sec or event.start_sec) for event in black], duration_sec
    )
    if sum(end - start for start, end in ends) > MAX_VIDEO_SHARE * duration_sec:
        ends = []
    spans = _joined_spans(sorted([*rolls, *ends]), 0.0)
    return tuple(Event("credits", start, min(end, duration_sec)) for start, end in spans)


def _rolling(rows: TextRows) -> list[tuple[float, float]]:
    """Return the spans in which text keeps its speed."""
    pictures = max(
        1, int(STEADY_SEC / max(float(np.median(np.diff(rows.seconds))) if rows.seconds.size > 1 else 1, 0.01))
    )
    padded = np.pad(rows.rise, (pictures // 2, pictures - 1 - pictures // 2), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, pictures)
    ordered = np.sort(around, axis=1)
    known = np.count_nonzero(~np.isnan(ordered), axis=1)
    pace = ordered[np.arange(len(ordered)), np.maximum(known - 1, 0) // 2]
    with np.errstate(invalid="ignore"):
        agreeing = np.abs(around - pace[:, None]) <= np.maximum(1.0, PACE_TOLERANCE * pace)[:, None]
    return _spans(rows.seconds, agreeing.mean(axis=1) >= STEADY_SHARE)


def _at_ends(
    spans: list[tuple[float, float]], black: list[tuple[float, float]], duration_sec: float
) -> list[tuple[float, float]]:
    """Return the consecutive spans that begin at the start of the video, or end at its end."""
    chosen = []
    dark = _joined_spans(sorted(black), 0.0)
    for turn in (_unturned, partial(_mirrored, duration_sec)):
        reached = 0.0
        for start, end in sorted(turn(span) for span in spans):
            covered = sum(max(0.0, min(after, start) - max(first, reached)) for first, after in map(turn, dark))
            if start - reached - covered > CARD_GAP_SEC:
                break
            chosen.append(turn((start, end)))
            reached = max(reached, end)
    return _joined_spans(sorted(chosen), CARD_GAP_SEC)


def _unturned(span: tuple[float, float]) -> tuple[float, float]:
    return span


def _mirrored(duration_sec: float, span: tuple[float, float]) -> tuple[float, float]:
    """Mirror a span, so that it counts from the end of the video."""
    return duration_sec - span[1], duration_sec - span[0]


def _spans(seconds: NDArray[np.float64], inside: NDArray[np.bool_]) -> list[tuple[float, float]]:
    runs = runs_of(inside)
    ends = np.append(seconds, seconds[-1] + (seconds[-1] - seconds[-2] if seconds.size > 1 else 0.0))
    return [(float(seconds[a]), float(ends[b])) for a, b in zip(runs.first, runs.after, strict=True)]


def _joined_spans(spans: list[tuple[float, float]], gap_sec: float) -> list[tuple[float, float]]:
    """Join spans that touch or are at most a gap apart; `spans` must be ordered by time."""
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap_sec:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _median_of_five(a: Luma, b: Luma, c: Luma, d: Luma, e: Luma) -> Luma:
    """Return the median of five frames, sample by sample, using only comparisons."""
    low, high = np.maximum(np.minimum(a, b), np.minimum(c, d)), np.minimum(np.maximum(a, b), np.maximum(c, d))
    return np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), e))
