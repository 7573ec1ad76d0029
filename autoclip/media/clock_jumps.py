"""Find jumps of a recording's clock: files appended to each other, or a transmitter that restarted.

Times are unique only up to a jump, so the file is taken to end there: PyAV and ffmpeg open it up to that byte and find
the same frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from autoclip.media.container import discard_other_streams, rewind

JUMP_SEC = 10.0
"""A gap of decoding times longer than this, in seconds, is a jump (``-dts_delta_threshold`` of the ffmpeg command)."""

MAY_JUMP = frozenset({"mpegts", "mpeg"})
"""Formats whose clock is the transmitter's (``AVFMT_TS_DISCONT`` in FFmpeg). In other formats a gap is intended."""

WRAP_SEC = Fraction(2**33, 90_000)
"""Seconds until the clock wraps (ISO/IEC 13818-1, 2.4.3.7). FFmpeg takes one set far back for one that wrapped."""

_APPENDED = "another file was appended to this one; give it as a video of its own"

_NEVER = 2**62

_DISORDER_SEC = 1
"""Where the format stores no decoding times, FFmpeg gives frames that are shown in another order times that go back."""

_CONFIRMING_PACKETS = 25
"""Number of frames that must follow the new clock; a single damaged timestamp is not a jump."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The first jump of a recording's clock.

    Attributes
    ----------
    at_sec : float
        End of the last frame before it, in seconds from the first video frame.
    by_sec : float
        Size of the jump in seconds; negative if the clock was set back.
    byte : int
        Position in the file of the first packet after it.
    """

    at_sec: float
    by_sec: float
    byte: int

    def advice(self, container: str) -> str:
        """Return what it means for the clips, and what to do about it in a format with FFmpeg's name `container`."""
        by = self.by_sec
        how = f"timestamps jump back by {-by:.2f} s" if by < 0 else f"the recording's clock jumps ahead by {by:.2f} s"
        copy = "ffmpeg -i RECORDING -map 0 -c copy CONTINUOUS.mkv"
        way_out = f"make it run on with `{copy}`, and take that" if container in MAY_JUMP else _APPENDED
        return f"{how} at {self.at_sec:.2f} s: clips end there; {way_out}"


def find_clock_jump(container: InputContainer, film: VideoStream, start_pts: int) -> ClockJump | None:
    """Read the packets of a video stream until its clock jumps; return None if it doesn't.

    Every packet is read: seeking relies on a clock that never jumps.

    Parameters
    ----------
    container : InputContainer
        The file; its position is lost, and its other streams are no longer read.
    film : VideoStream
        The video stream.
    start_pts : int
        Presentation time of its first frame.
    """
    assert film.time_base is not None  # noqa: S101 - as probed
    rewind(container, film)
    discard_other_streams(container, [film])
    return first_jump(container.demux(film), film.time_base, start_pts)


def first_jump(
    packets: Iterable[Packet[Any]], time_base: Fraction, start_pts: int, *, only_back: bool = False
) -> ClockJump | None:
    """Return the first jump of decoding times that lasts, in the packets of one stream in file order.

    Parameters
    ----------
    packets : iterable of Packet
        The packets.
    time_base : Fraction
        Their time base, in seconds.
    start_pts : int
        Presentation time of the first frame.
    only_back : bool
        Whether gaps ahead are intended, however long.
    """
    clock = _Clock(_NEVER if only_back else round(JUMP_SEC / time_base), round(_DISORDER_SEC / time_base))
    end, place, before = start_pts, 0, 0
    try:
        for packet in packets:
            if packet.dts is None:
                continue
            clock.tick(packet.dts)
            if not clock.confirmed:
                end = max(end, (packet.pts or packet.dts) + (packet.duration or 0))
                before = max(before, packet.pos or 0)
            elif clock.confirmed == 1:
                place = packet.pos if packet.pos is not None else place
            elif clock.confirmed >= _CONFIRMING_PACKETS and place > before:
                by = clock.jumped_by * time_base
                by = by if only_back else by - round(by / WRAP_SEC) * WRAP_SEC
                return ClockJump(float((end - start_pts) * time_base), float(by), place)
    except av.error.FFmpegError:
        pass  # whoever reads the file reports where it can't be read
    return None


class _Clock:
    """Detects whether decoding times are continuous. `confirmed` counts packets since a jump; 0 without one."""

    def __init__(self, limit: int, disorder: int) -> None:
        self._limit = limit
        self._disorder = disorder
        self._last: int | None = None
        self._new: int | None = None
        self.jumped_by = 0
        self.confirmed = 0

    def tick(self, dts: int) -> None:
        """Take the next decoding time."""
        if self._last is None or 0 <= dts - self._last <= self._limit:
            self._last, self._new, self.confirmed = dts, None, 0
        elif self._new is not None and -self._disorder <= dts - self._new <= self._limit:
            self._new, self.confirmed = max(dts, self._new), self.confirmed + 1
        elif self._new is not None and dts > self._new > self._last:  # frames that are as far apart as that
            self._last, self._new, self.confirmed = dts, None, 0
        else:
            self._new, self.confirmed, self.jumped_by = dts, 1, dts - self._last
