"""Detect jumps of a recording's clock: concatenated recordings, or a transmitter that restarted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

JUMP_SEC = 10.0
"""A gap of decoding times longer than this, in seconds, is a jump (``-dts_delta_threshold`` of the ffmpeg command)."""

MAY_JUMP = frozenset({"mpegts", "mpeg"})
"""Formats whose clock is the transmitter's (``AVFMT_TS_DISCONT`` in FFmpeg). In other formats a gap is intended."""

_CONFIRMING_PACKETS = 25
"""Number of frames that must follow the new clock; a single damaged timestamp is not a jump."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The clock jumped. Nothing after the jump was read.

    Attributes
    ----------
    at_sec : float
        End of the last frame before it, in seconds from the first video frame.
    by_sec : float
        Size of the jump in seconds; negative if the clock was set back.
    """

    at_sec: float
    by_sec: float


def until_clock_jumps(
    packets: Iterable[Packet[Stream]], film: int, time_base: Fraction, start_pts: int
) -> Iterator[Packet[Stream] | ClockJump]:
    """Pass packets on until the decoding times of the video stream jump for good; then yield the jump and end.

    Parameters
    ----------
    packets : iterable of Packet
        Packets of one or more streams, in file order.
    film : int
        Index of the video stream.
    time_base : Fraction
        Its time base, in seconds.
    start_pts : int
        Presentation time of its first frame.
    """
    clock = _Clock(round(JUMP_SEC / time_base))
    held: list[Packet[Stream]] = []
    end = start_pts
    for packet in packets:
        if packet.stream_index == film and packet.dts is not None:
            clock.tick(packet.dts)
            if clock.confirmed >= _CONFIRMING_PACKETS:
                yield ClockJump(float((end - start_pts) * time_base), float(clock.jumped_by * time_base))
                return
            if not clock.confirmed:
                end = max(end, (packet.pts or packet.dts) + (packet.duration or 0))
                yield from held
                held = []
        if clock.confirmed:
            held.append(packet)
        else:
            yield packet
    yield from held


class _Clock:
    """Detects whether decoding times are continuous. `confirmed` counts packets since a jump; 0 without one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._last: int | None = None
        self._new: int | None = None
        self.jumped_by = 0
        self.confirmed = 0

    def tick(self, dts: int) -> None:
        """Take the next decoding time."""
        if self._last is None or 0 <= dts - self._last <= self._limit:
            self._last, self._new, self.confirmed = dts, None, 0
        elif self._new is not None and 0 <= dts - self._new <= self._limit:
            self._new, self.confirmed = dts, self.confirmed + 1
        elif self._new is not None and dts > self._new > self._last:  # frames that are as far apart as that
            self._last, self._new, self.confirmed = dts, None, 0
        else:
            self._new, self.confirmed, self.jumped_by = dts, 1, dts - self._last
