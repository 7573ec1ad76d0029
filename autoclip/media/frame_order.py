"""Find streams whose packets have the times at which frames are decoded instead of those at which they are shown.

FFmpeg writes H.264 with B-frames into MXF so, and AVI stores no other times. Decoded frames then have times that go
back and forth.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, pairwise
from operator import attrgetter
from typing import Any

from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from autoclip.media.container import rewind
from autoclip.media.decoding.nal_units import VideoPacket, is_fresh_start, is_reference
from autoclip.media.timing import MAX_REORDERED

_PACKETS = 64
"""Number of packets that are read: B-frames, if there are any, are among them."""

_CHUNK_HEADER_BYTES = 8
"""An AVI's index has the positions of chunks, FFmpeg's packets those behind their headers."""


def demux_by_index(container: InputContainer, track: VideoStream, *others: Stream) -> Iterator[Packet[Any]]:
    """Read packets as `InputContainer.demux` does, in AVI with the times of its index for those of the video.

    After a seek, FFmpeg counts empty chunks twice that lie between the positions of the streams.
    """
    packets = container.demux(track, *others)
    return _by_index(packets, track) if container.format.name == "avi" else packets


def _by_index(packets: Iterator[Packet[Any]], track: VideoStream) -> Iterator[Packet[Any]]:
    late: int | None = None
    for packet in packets:
        if packet.stream_index == track.index and packet.dts is not None:
            late = _lateness(packet, track) if late is None else late
            packet.dts -= late
            packet.pts = packet.pts if packet.pts is None else packet.pts - late
        yield packet


def _lateness(packet: Packet[Any], track: VideoStream) -> int:
    """Return by how much a packet's time differs from that in the index; 0 if it is not there."""
    start = (packet.pos or 0) - _CHUNK_HEADER_BYTES
    place = bisect_left(track.index_entries, start, key=attrgetter("pos"))
    entry = track.index_entries[place] if place < len(track.index_entries) else None
    return packet.dts - entry.timestamp if entry and entry.pos == start and packet.dts is not None else 0


def demux_in_order(container: InputContainer, track: VideoStream, *others: Stream) -> Iterator[Packet[Any]]:
    """Read packets as `demux_by_index` does; in AVI, those of H.264 have the times at which they are shown.

    FFmpeg derives such times for other codecs. Of H.264 behind a seek to a keyframe that later frames may precede,
    nothing is read.
    """
    packets = demux_by_index(container, track, *others)
    unordered = container.format.name == "avi" and track.codec_context.codec.canonical_name == "h264"
    return _in_order(packets, track) if unordered and track.codec_context.has_b_frames else packets


def _in_order(packets: Iterator[Packet[Any]], track: VideoStream) -> Iterator[Packet[Any]]:
    """Give the packets of a stream their own times in the order in which they are shown."""
    order: _ShownOrder | None = None
    for packet in packets:
        if packet.size and packet.stream_index == track.index:
            if order is None and (packet.dts or 0) > (track.start_time or 0) and not is_fresh_start(packet, "h264"):
                return
            order = order or _ShownOrder(track)
            yield from order.add(packet)
            continue
        if not packet.size and order is not None:  # the end of the file, for one of its streams
            yield from order.finish()
        yield packet


class _ShownOrder:
    """Finds out from the headers of packets in which order they are shown."""

    def __init__(self, track: VideoStream) -> None:
        self._numbering = BitStreamFilterContext("dts2pts", track)
        self._count = 0
        self._decoded: dict[int, tuple[int | None, int | None]] = {}
        self._shown: dict[int, int | None] = {}
        self._numbered: list[Packet[Any]] = []
        self._first: int | None = None

    def add(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Take the next packet; yield those before it whose place is known."""
        self._decoded[self._count] = packet.dts, packet.duration
        self._shown[self._count] = packet.pts
        packet.pts, packet.dts, packet.duration = None, self._count, 1
        self._count += 1
        with suppress(FFmpegError):  # a damaged header: the packet is lost
            self._numbered += self._numbering.filter(packet)
        if self._first is not None or len(self._numbered) > MAX_REORDERED:
            yield from map(self._timed, self._taken())

    def finish(self) -> Iterator[Packet[Any]]:
        """Yield the remaining packets. FFmpeg knows only the order of the last of a group; they have the times left."""
        self._numbered += self._numbering.filter(None)
        packets = self._taken()
        numbers = [packet.pts or 0 for packet in packets]
        rest = list(map(self._timed, packets))
        last = [index for index, packet in enumerate(rest) if packet.pts is None]
        # Those at the end of a group of pictures follow each other, before those of the next group.
        starts = [index for before, index in pairwise([-MAX_REORDERED, *last]) if index - before > MAX_REORDERED]
        last.sort(key=lambda index: (bisect_right(starts, index), numbers[index]))
        for index, pts in zip(reversed(last), reversed(self._shown.values()), strict=False):
            rest[index].pts = pts
        yield from rest

    def _taken(self) -> list[Packet[Any]]:
        packets, self._numbered = self._numbered, []
        if self._first is None:
            self._first = min((packet.pts for packet in packets if packet.pts is not None), default=0)
        return packets

    def _timed(self, packet: Packet[Any]) -> Packet[Any]:
        """Replace the number of a packet by its times; no time of presentation if its place is taken."""
        number, place = packet.dts or 0, packet.pts or 0
        packet.pts = self._shown.pop(place - (self._first or 0), None) if place >= number else None
        packet.dts, packet.duration = self._decoded.pop(number)
        return packet


def is_out_of_order(container: InputContainer, track: VideoStream) -> bool:
    """Whether the times of decoded frames go back.

    Frames are decoded only if the packets' times are those of decoding and some of the packets may be B-frames.

    Parameters
    ----------
    container : InputContainer
        The open file; its position is lost.
    track : VideoStream
        The video stream.
    """
    if not track.codec_context.has_b_frames:
        return False
    rewind(container, track)
    packets: list[VideoPacket] = []
    for packet in islice(container.demux(track), _PACKETS):
        if packet.size and packet.pts != packet.dts:
            return False
        packets.append(packet)
    if all(is_reference(packet, track.codec_context.codec.canonical_name) for packet in packets if packet.size):
        return False
    times: list[int] = []
    for packet in packets:
        with suppress(FFmpegError):
            times += [frame.pts for frame in packet.decode() if frame.pts is not None]
    return sum(later < earlier for earlier, later in pairwise(times)) > 1  # a single one is a jump of the clock


def way_out(track: VideoStream) -> str:
    """Return what is wrong with such a stream, and what to do about it."""
    rate = track.average_rate or track.guessed_rate
    return (
        "stores when its frames are decoded, not when they are shown; encode it again with "
        f'`ffmpeg -i VIDEO -vf "setpts=N/({rate}*TB)" -crf 16 FIXED.mp4`'
    )
