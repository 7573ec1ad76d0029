"""Convert seconds to frames: find the frames of the source in an interval."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import MediaError, ParameterError
from autoclip.media.packets import PacketTimes, decoded_pts, read_packet_times
from autoclip.media.video import Video
from autoclip.timeline import Interval

_FEW_TICKS = 2
_MIN_FRAME_SEC = Fraction(1, 60)
"""Duration of a frame in seconds at the highest rate in common use."""


@dataclass(frozen=True, slots=True)
class FrameSpan:
    """The frames of a cut; all times in ticks of `time_base`, as in the container.

    Attributes
    ----------
    times : PacketTimes
        The packet times in which the span was found.
    first, last : int
        Presentation times of the first and the last frame.
    start, end : int
        When the cut starts and ends. `start` is `first`, and `end` is the presentation time of the frame after `last`,
        unless the cut splits a long frame of a variable rate.
    before, after : int or None
        Presentation times of the frames just outside; None if there is none.
    count : int
        Number of frames.
    """

    times: PacketTimes
    first: int
    last: int
    start: int
    end: int
    before: int | None
    after: int | None
    count: int

    @property
    def time_base(self) -> Fraction:
        """Return the seconds per tick."""
        return self.times.time_base

    @property
    def duration_sec(self) -> Fraction:
        """Return the exact length of the cut in seconds."""
        return (self.end - self.start) * self.time_base

    @property
    def frame_sec(self) -> float:
        """Return the usual frame duration in seconds: the mean, or the median if a few long frames distort the mean."""
        lengths = np.diff([*np.maximum(self.pts, self.start), self.end])
        return float(min(self.duration_sec / self.count, Fraction(float(np.median(lengths))) * self.time_base))

    @property
    def interval(self) -> Interval:
        """Return the cut on our timeline, in seconds."""
        origin = self.times.origin
        return Interval(
            float(max(0, self.start - origin) * self.time_base), float(max(0, self.end - origin) * self.time_base)
        )

    @property
    def pts(self) -> tuple[int, ...]:
        """Return the presentation times of all frames, ascending."""
        shown = self.times.shown
        return tuple(shown[(shown >= self.first) & (shown <= self.last)].tolist())

    @property
    def leaves_out(self) -> bool:
        """Whether pictures between its first and its last frame are not shown."""
        times = self.times
        return bool(np.any(times.hidden & (times.pts > self.first) & (times.pts < self.last)))

    def part(self, first: int, last: int) -> FrameSpan:
        """Return the frames from `first` to `last` (presentation times) as another span."""
        shown = self.times.shown
        a, b = (int(np.searchsorted(shown, pts)) for pts in (first, last))
        return FrameSpan(
            times=self.times,
            first=first,
            last=last,
            start=self.start if first == self.first else first,
            end=self.end if last == self.last else int(shown[b + 1]),
            before=int(shown[a - 1]) if a > 0 else None,
            after=int(shown[b + 1]) if b + 1 < len(shown) else None,
            count=b - a + 1,
        )

    @property
    def is_even(self) -> bool:
        """Whether all frames last equally long, to the tick, so that their packets do too, in any order.

        One or two ticks are too few to tell a frame that was dropped from rounding.
        """
        lengths = np.diff([*np.maximum(self.pts, self.start), self.end])
        return int(np.ptp(lengths)) <= int(lengths.min() > _FEW_TICKS)

    def without(self, lost: Collection[int]) -> FrameSpan:
        """Return the span without the frames of these presentation times; the frames before them last longer instead.

        Raises
        ------
        ValueError
            If no frame is left.
        """
        kept = [pts for pts in self.pts if pts not in lost]
        if not kept:
            raise ValueError("no frame is left")
        times = replace(self.times, hidden=self.times.hidden | np.isin(self.times.pts, list(lost)))
        return replace(self, times=times, first=kept[0], last=kept[-1], count=len(kept))

    def container_seconds(self, ticks: float | Fraction) -> Fraction:
        """Convert ticks to container time in seconds."""
        return Fraction(ticks) * self.time_base


def find_frame_span(video: Video, interval: Interval) -> FrameSpan:
    """Find the frames of a cut.

    Both ends snap to the nearest frame boundary within half a frame, so that a time written with few digits still
    selects its frame. If there is none, within a long frame of a variable rate, the end stays where it was requested:
    the frame shown at the start is the first one.

    Parameters
    ----------
    video : Video
        The probed file.
    interval : Interval
        Seconds from the first video frame.

    Returns
    -------
    FrameSpan
        At least one frame.

    Raises
    ------
    ParameterError
        If the interval lies outside the video or contains no frame.
    MediaError
        If the file can't be read.
    """
    _require_inside(video, interval)
    times = read_packet_times(video, interval)
    shown = times.shown
    half = _snap_ticks(times, video)
    asked_start, asked_end = times.ticks(interval.start), times.ticks(interval.end)

    first = _nearest_boundary(shown, asked_start, half)
    held = first is None
    if first is None:  # within a long frame: the last frame is the one shown before
        first = max(int(np.searchsorted(shown, float(asked_start))) - 1, 0)
    behind = _nearest_boundary(shown, asked_end, half)
    if behind is None:
        behind = int(np.searchsorted(shown, float(asked_end)))
    if behind <= first:
        raise ParameterError(
            f"{video.path.name}: no frame lies between {interval.start:.3f} and {interval.end:.3f} s; "
            "ask for a longer clip"
        )
    last = int(shown[behind - 1])
    after = int(shown[behind]) if behind < len(shown) else None
    natural_end = after if after is not None else last + _duration_of(times, last)
    if natural_end <= asked_start:
        end_sec, start_sec = float((natural_end - times.origin) * times.time_base), interval.start
        raise ParameterError(
            f"{video.path.name}: its pictures end at {end_sec:.3f} s, before {start_sec:.3f} s; choose another part"
        )
    return FrameSpan(
        times=times,
        first=int(shown[first]),
        last=last,
        start=round(asked_start) if held else int(shown[first]),
        end=natural_end if natural_end - asked_end <= half else max(round(asked_end), last + 1),
        before=int(shown[first - 1]) if first > 0 else None,
        after=after,
        count=behind - first,
    )


def undecodable(video: Video, span: FrameSpan) -> frozenset[int]:
    """Return the presentation times of a span's frames that can't be decoded because the source is damaged.

    Raises
    ------
    MediaError
        If none of them can be decoded, or the file can't be read.
    """
    if not span.times.of_packets:
        return frozenset()
    lost = frozenset(span.pts) - decoded_pts(video, span.times, span.first, span.last)
    if len(lost) == span.count:
        interval = span.interval
        raise MediaError(
            video.path,
            f"not a single frame from {interval.start:.3f} to {interval.end:.3f} s can be decoded; choose another part",
        )
    return lost


def closed_run(span: FrameSpan, first: int) -> tuple[int, ...]:
    """Return which packets from packet `first` on can be copied unchanged, in decoding order.

    They are consecutive, so that a decoder that starts with the first one has every reference frame; none is shown at
    or after the span's end; and their frames have no gap. Frames that follow the first one but are shown before it are
    left out: they may need earlier frames (an open GOP), and no later one needs them.

    Parameters
    ----------
    span : FrameSpan
        The cut.
    first : int
        Index, in ``span.times``, of a packet at which decoding can start.
    """
    times = span.times
    kept = first + np.flatnonzero(times.pts[first:] >= times.pts[first])
    pts = times.pts[kept]
    barred = np.flatnonzero((pts > span.last) | times.hidden[kept])
    shown = times.shown
    for count in range(int(barred[0]) if barred.size else len(pts), 0, -1):
        taken = np.sort(pts[:count])
        if np.array_equal(taken, shown[(shown >= taken[0]) & (shown <= taken[-1])]):
            return tuple(kept[:count].tolist())
    return ()


def _nearest_boundary(shown: NDArray[np.int64], asked: Fraction, half: Fraction) -> int | None:
    """Return the index of the frame whose start is nearest to `asked`; None if none is within half a frame."""
    behind = int(np.searchsorted(shown, float(asked)))
    near = [
        index for index in (behind - 1, behind) if 0 <= index < len(shown) and abs(int(shown[index]) - asked) <= half
    ]
    return min(near, key=lambda index: abs(int(shown[index]) - asked)) if near else None


def _require_inside(video: Video, interval: Interval) -> None:
    if interval.start < 0 or interval.start >= video.duration_sec:
        raise ParameterError(
            f"{video.path.name}: {interval.start:.3f} s lies outside of the video, "
            f"which lasts {video.duration_sec:.3f} s"
        )


def _snap_ticks(times: PacketTimes, video: Video) -> Fraction:
    """Return the ticks within which a time belongs to a frame's start: half of a usual frame duration.

    That is the median gap nearby or, where long frames are the rule, the duration according to the video's rates, but
    at least `_MIN_FRAME_SEC`, so that a time written with few digits does not include a flash of the previous frame.
    """
    facts = video.video
    rates = [rate for rate in (facts.average_rate, facts.nominal_rate) if rate]
    said = [1 / (rate * times.time_base) for rate in rates]
    gaps = np.diff(times.shown)
    usual = Fraction(int(np.median(gaps))) if gaps.size else None
    if usual is None:
        return (said[0] if said else Fraction(int(times.duration.max(initial=1)))) / 2
    if not facts.variable_frame_rate:
        return usual / 2
    return min(usual, max(min([usual, *said]), _MIN_FRAME_SEC / times.time_base)) / 2


def _duration_of(times: PacketTimes, pts: int) -> int:
    """Return the duration in ticks of the frame at `pts`; for the last frame of a file only its packet states it."""
    duration = int(times.duration[np.flatnonzero(times.pts == pts)[0]])
    gaps = np.diff(times.shown)
    usual = int(np.median(gaps)) if gaps.size else 1
    return duration if duration > 0 else usual
