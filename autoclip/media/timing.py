"""Derive timing from packets: where the frames end, and whether the frame rate is constant.

Headers can be wrong: a fragmented file may claim days, a truncated one its intended length, a live recording no length.
Reading every packet of a long video takes as long as reading the file, so the header is tested first: seek to shortly
before the claimed end and read what is there. If those packets end where the header says, the header is trusted and the
last packet's end is the duration. Otherwise every packet is read, without decoding any.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autoclip.media.clock_jumps import ClockJump, first_jump
from autoclip.media.container import rewind

TAIL_SEC = 10.0
"""How many seconds before the claimed end the test of the header begins; the seek continues to the keyframe before."""

TOLERANCE_SEC = 1.0
"""Tolerance in seconds between the header's end and the packets' end: headers often count the last audio packet, or
round.
"""

RATE_JITTER = 0.001
"""Relative deviation within which two intervals are equal: the difference between 24 and 24/1.001, the closest rates.
"""

MAX_REORDERED = 16
"""Maximum number of frames decoded ahead of being shown (``max_num_reorder_frames``, ITU-T H.264 E.2.1)."""

HEAD_PACKETS = 600
SAMPLED_PLACES = 8
SAMPLED_PACKETS = 120
"""Number of packets read for the frame rate: at the start, and at each of several places across the file."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a stream's frames are shown.

    Attributes
    ----------
    end_pts : int
        First instant after the last frame, in the stream's time base.
    variable : bool
        Whether an interval between frames differs from the usual one by more than rounding.
    mean_interval : Fraction or None
        Mean time between the sampled frames, in seconds; None with a single frame.
    warnings : tuple of str
        Warnings for the user.
    last_byte : int
        Position in the file behind the last packet that was read.
    jump : ClockJump or None
        Where another file was appended, if there is one; the other values are then those before it.
    """

    end_pts: int
    variable: bool
    mean_interval: Fraction | None
    warnings: tuple[str, ...]
    last_byte: int = 0
    jump: ClockJump | None = None


@dataclass(frozen=True, slots=True)
class PacketTimes:
    """Times of a stream's shown packets in decoding order, in the stream's time base, each of shape ``(n,)``.

    Attributes
    ----------
    pts, dts, duration : ndarray of int64
        Presentation time; decoding time, or `pts` if a packet has none; duration.
    first, complete : bool
        Whether reading began with the stream's first packet, and whether it reached the end of the file.
    last_byte : int
        Position in the file behind the last packet.
    jump : ClockJump or None
        The jump back at which reading ended; the packets are those before it.
    """

    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    duration: NDArray[np.int64]
    first: bool
    complete: bool
    last_byte: int = 0
    jump: ClockJump | None = None

    @property
    def end(self) -> int | None:
        """Return the end of the last packet; None without packets."""
        return int((self.pts + self.duration).max()) if len(self.pts) else None

    def end_beside(self, claimed: int | None, first: PacketTimes) -> int | None:
        """Return the end of the last packet, according to packets and header together.

        In MP4 a packet's duration lasts until the next one is decoded, not shown: with reordered frames of uneven
        length, no packet states how long the last one is shown. The header then decides, unless the packets contradict
        it: in any order, their durations add up to the length.

        Parameters
        ----------
        claimed : int or None
            The end according to the header.
        first : PacketTimes
            The file's first packets, which relate decoding times to presentation times.
        """
        if claimed is None or self.end is None or not self._lasts_until_decoded:
            return self.end
        by_sum = int(self.dts[-1] + self.duration[-1] + first.pts[0] - first.dts[0])
        plausible = int(self.pts.max()) < claimed <= max(self.end, by_sum) + int(self.duration.max())
        return claimed if plausible else self.end

    @property
    def _lasts_until_decoded(self) -> bool:
        """Whether durations follow decoding order, and that order matters."""
        steps = np.diff(self.dts)
        return bool(np.ptp(self.duration) > 1 and np.array_equal(steps, self.duration[:-1])) if len(steps) else False

    @property
    def intervals(self) -> NDArray[np.int64]:
        """Return the times between successive frames, shape ``(m,)``, of the span without missing frames.

        Reordering leaves gaps at both ends of a span that is read in decoding order. At its end, a later frame may be
        shown before the last one read, but never before its own decoding time. At its start, a frame decoded earlier
        may be shown after the first one read, but at most `MAX_REORDERED` frames later.
        """
        if not len(self.pts):
            return self.pts
        shown = np.unique(self.pts if self.complete else self.pts[self.pts <= self.dts.max()])
        return np.diff(shown if self.first else shown[MAX_REORDERED:])


def measure_timing(container: InputContainer, stream: VideoStream, first_pts: int) -> Timing:
    """Find out when a stream's frames end and whether their rate is constant.

    Parameters
    ----------
    container : InputContainer
        The open file; its position is lost.
    stream : VideoStream
        The video stream.
    first_pts : int
        Presentation time of the first frame, in the stream's time base.

    Returns
    -------
    Timing
    """
    rewind(container, stream)
    head = _read(container, stream, first_pts, HEAD_PACKETS, first=True)
    claimed = _claimed_end(container, stream, first_pts)
    if head.complete:
        # The container's claim may be about the audio, so it is not trusted.
        doubtful = stream.duration is None and len(container.streams) > 1
        end = head.end_beside(stream.duration and claimed, head)
        return _timing(end, [head], first_pts, () if doubtful else _disagreement(stream, claimed, end))
    tail = _read_tail(container, stream, claimed, head)
    if tail is not None:
        end = tail.end_beside(stream.duration and claimed, head)
        spans = [head, *_sampled(container, stream, first_pts, end or first_pts), tail]
        return _timing(end, spans, first_pts, ())
    whole = _read_whole(container, stream, first_pts)
    return _timing(whole.end, [whole], first_pts, _disagreement(stream, claimed, whole.end))


def _timing(end: int | None, spans: list[PacketTimes], first_pts: int, warnings: tuple[str, ...]) -> Timing:
    intervals = np.concatenate([span.intervals for span in spans])
    return Timing(
        end_pts=end if end is not None else first_pts,
        variable=_vary(intervals),
        mean_interval=Fraction(int(intervals.sum()), len(intervals)) if len(intervals) else None,
        warnings=warnings,
        last_byte=max(span.last_byte for span in spans),
        jump=next((span.jump for span in spans if span.jump), None),
    )


def _vary(intervals: NDArray[np.int64]) -> bool:
    """Whether intervals differ by more than rounding: one tick (33, 33, 34 at 1/1000 s), or `RATE_JITTER` of them."""
    if not len(intervals):
        return False
    usual = float(np.median(intervals))
    return bool(np.abs(intervals - usual).max() > max(1.0, usual * RATE_JITTER))


def _claimed_end(container: InputContainer, stream: VideoStream, first_pts: int) -> int | None:
    """Return the end that the header claims, in the stream's time base; None without a claim."""
    if stream.duration is not None and stream.duration > 0:
        return (stream.start_time if stream.start_time is not None else first_pts) + stream.duration
    if container.duration is None or container.duration <= 0:
        return None
    return _in_time_base_of(stream, (container.start_time or 0) + container.duration)


def _in_time_base_of(stream: Stream, microseconds: int) -> int:
    return round(Fraction(microseconds, av.time_base) / _time_base(stream))


def _time_base(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)


def _read_tail(
    container: InputContainer, stream: VideoStream, claimed: int | None, head: PacketTimes
) -> PacketTimes | None:
    """Read the end of the video; None if the header can't be trusted."""
    if claimed is None:
        return None
    first_pts = int(head.pts.min()) if len(head.pts) else 0
    time_base = _time_base(stream)
    tolerance = TOLERANCE_SEC / time_base
    sound_end = Fraction(0)

    def film() -> Iterator[Packet[Any]]:
        nonlocal sound_end
        for packet in container.demux(stream, *container.streams.audio):
            if packet.stream_index == stream.index:
                yield packet
            else:
                sound_end = max(sound_end, _end_sec(packet))

    try:
        container.seek(max(first_pts, claimed - round(TAIL_SEC / time_base)), stream=stream)
        tail = _noted(film(), stream, first_pts, first=False)
    except av.error.FFmpegError:
        return None
    end = tail.end_beside(stream.duration and claimed, head)
    if end is None:
        return None
    # The audio may be longer than the video, and the container's claim refers to the longer of the two.
    by_sound = stream.duration is None and abs(sound_end / time_base - claimed) <= tolerance
    return tail if tail.jump or abs(end - claimed) <= tolerance or by_sound else None


def _end_sec(packet: Packet[Any]) -> Fraction:
    start, time_base = packet.pts if packet.pts is not None else packet.dts, packet.stream.time_base
    if start is None or time_base is None:
        return Fraction(0)
    return (start + (packet.duration or 0)) * Fraction(time_base)


def _read_whole(container: InputContainer, stream: VideoStream, first_pts: int) -> PacketTimes:
    rewind(container, stream)
    return _read(container, stream, first_pts, None, first=True)


def _sampled(container: InputContainer, stream: VideoStream, first_pts: int, end_pts: int) -> list[PacketTimes]:
    """Read some packets at places across the file. Places that can't be sought are skipped."""
    spans = []
    for place in range(1, SAMPLED_PLACES + 1):
        try:
            container.seek(first_pts + (end_pts - first_pts) * place // (SAMPLED_PLACES + 1), stream=stream)
            spans.append(_read(container, stream, first_pts, SAMPLED_PACKETS, first=False))
        except av.error.FFmpegError:
            continue
    return spans


def _read(
    container: InputContainer, stream: VideoStream, first_pts: int, limit: int | None, *, first: bool
) -> PacketTimes:
    """Read packets from the current position: `limit` of them, or all that are readable."""
    return _noted(container.demux(stream), stream, first_pts, first=first, limit=limit)


def _noted(
    packets: Iterator[Packet[Any]], stream: VideoStream, first_pts: int, *, first: bool, limit: int | None = None
) -> PacketTimes:
    """Note the times of packets up to a jump back or to damage, behind which reading on leads nowhere."""
    usual = round(1 / (stream.guessed_rate * _time_base(stream))) if stream.guessed_rate else 0
    rows = array("q")
    count = last_byte = 0

    def shown() -> Iterator[Packet[Any]]:
        nonlocal count, last_byte
        for packet in islice(packets, limit):
            count += 1
            # An edit list hides frames that are only needed to decode others.
            if packet.size and not packet.is_discard and not packet.is_corrupt:
                pts = packet.pts if packet.pts is not None else packet.dts
                if pts is not None:
                    place = packet.pos if packet.pos is not None else -1
                    rows.extend((pts, packet.dts if packet.dts is not None else pts, packet.duration or usual, place))
                    last_byte = max(last_byte, place + packet.size)
                yield packet

    jump = first_jump(shown(), _time_base(stream), first_pts, only_back=True)
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    if jump is not None:
        table = table[table[:, 3] < jump.byte]
    complete = jump is not None or limit is None or count < limit
    pts, dts, duration = table[:, :3].T
    return PacketTimes(pts, dts, duration, first=first, complete=complete, last_byte=last_byte, jump=jump)


def _disagreement(stream: VideoStream, claimed: int | None, end: int | None) -> tuple[str, ...]:
    if claimed is None or end is None:
        return ()
    claimed_sec, end_sec = float(claimed * _time_base(stream)), float(end * _time_base(stream))
    if abs(claimed_sec - end_sec) <= TOLERANCE_SEC:
        return ()
    return (f"the header says the video ends at {claimed_sec:.3f} s, the frames at {end_sec:.3f} s; used the frames",)
