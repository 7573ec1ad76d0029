"""Find the times of frames and keyframes from packets, without decoding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import cast

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autoclip.errors import MediaError
from autoclip.media.container import discard_other_streams, open_video, rewind
from autoclip.media.decoding.nal_units import VideoPacket, recovers_gradually
from autoclip.media.frame_order import demux_by_index
from autoclip.media.timing import MAX_REORDERED
from autoclip.media.video import Video
from autoclip.timeline import Interval

_FIRST_LEAD_SEC = 1.0
_LEAD_GROWTH = 4.0
_DECODED_LEAD_SEC = 10
_LONGEST_GROUP = 1500
"""Packets among which the second keyframe is looked for: 25 s at 60 frames per second."""
_STORES_TIMES = frozenset(
    ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "mpeg", "flv", "asf", "mxf", "nut", "ogg")
)
"""Formats whose packets have presentation times.

Other formats (AVI, raw streams) only store decoding order: the times derived for their packets may be off by a frame,
and only decoded frames have exact ones.
"""


@dataclass(frozen=True, slots=True)
class PacketTimes:
    """The video packets around an interval, in decode order.

    All times are in ticks of `time_base`, as in the container.

    Attributes
    ----------
    time_base : Fraction
        Seconds per tick.
    origin : int
        Presentation time of the first video frame, which is 0 on our timeline.
    pts, dts, duration : ndarray
        Shape ``(n,)``, int64.
    keyframe, hidden : ndarray
        Shape ``(n,)``, bool: decoding may start here; an edit list hides this frame.
    of_packets : bool
        Whether these are the times of the packets. Otherwise they come from decoded frames, in presentation order, and
        frames are identified by their number in that order, because programs derive different times for them.
    decoded_from : int or None
        For decoded frames: the decoding time of the keyframe where decoding started; None for the start of the file.
    reordered : bool
        For decoded frames: whether decoding order differs from presentation order.
    gradual : frozenset of int
        Presentation times of keyframes after which frames are correct only from the next keyframe on (intra refresh).
    """

    time_base: Fraction
    origin: int
    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    duration: NDArray[np.int64]
    keyframe: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    of_packets: bool = True
    decoded_from: int | None = None
    reordered: bool = False
    gradual: frozenset[int] = frozenset()

    @property
    def shown(self) -> NDArray[np.int64]:
        """Return the presentation times of the shown frames, ascending; none lies before time 0 of our timeline."""
        return np.unique(self.pts[~self.hidden & (self.pts >= self.origin)])

    @property
    def steps_back_to(self) -> int | None:
        """Return the earliest decoding time of a keyframe that precedes one before it, as where edits of a film meet.

        A file is sought by time, so a time from there on may lead behind the place where they meet.
        """
        keys = self.dts[self.keyframe]
        back = keys[keys < np.maximum.accumulate(keys)]
        return int(back.min()) if back.size else None

    def ticks(self, seconds: float) -> Fraction:
        """Return the container time, in ticks, of an instant on our timeline."""
        return Fraction(seconds) / self.time_base + self.origin

    def number_of(self, pts: int) -> int:
        """Return the number, from 0, of a frame among the shown frames."""
        return int(np.searchsorted(self.shown, pts))

    def keyframe_before(self, pts: int) -> int:
        """Return the index of the last keyframe from which the frame at `pts` is decoded correctly; 0 without one."""
        shown = np.flatnonzero(~self.hidden & (self.pts == pts))
        read = shown[0] + 1 if shown.size else len(self.pts)  # hidden keyframes behind it may have earlier times
        candidates = np.flatnonzero(self.keyframe[:read] & (self.pts[:read] <= pts))
        ordered = candidates[np.argsort(self.pts[candidates], kind="stable")]
        if ordered.size > 1 and int(self.pts[ordered[-1]]) in self.gradual:
            return int(ordered[-2])
        return int(ordered[-1]) if ordered.size else 0


def stores_times(video: Video) -> bool:
    """Whether packets of a video's format have presentation times; otherwise its frames must be decoded for them."""
    return video.container in _STORES_TIMES


def has_intra_refresh(video: Video) -> bool:
    """Whether a video begins with intra refresh, so that its keyframes give no whole frames by themselves.

    Raises
    ------
    MediaError
        If the file can't be opened.
    """
    if video.video.codec != "h264":
        return False
    with open_video(video) as container, suppress(FFmpegError):
        stream = container.streams[video.video.index]
        discard_other_streams(container, [stream])
        packets = islice(container.demux(stream), _LONGEST_GROUP)
        keyframes = (cast("VideoPacket", packet) for packet in packets if packet.is_keyframe and packet.size)
        return any(recovers_gradually(packet, video.video.codec) for packet in islice(keyframes, 2))
    return False


def read_packet_times(video: Video, interval: Interval) -> PacketTimes:
    """Read the times of the video packets from the last keyframe before `interval` to a little after it.

    Parameters
    ----------
    video : Video
        The probed file.
    interval : Interval
        Seconds from the first video frame.

    Returns
    -------
    PacketTimes
        From a keyframe at or before the interval's start, if the file has one, to the first frame after its end, if
        there is one.

    Raises
    ------
    MediaError
        If the file can no longer be read, or has no packets there.
    """
    if stores_times(video):
        with open_video(video) as container:
            rows = _rows(container, video, interval)
        if all(row.pts is not None for row in rows):
            return _times(video, rows)
    return _decoded_times(video, interval)


@dataclass(frozen=True, slots=True)
class _Row:
    pts: int | None
    dts: int | None
    duration: int
    keyframe: bool
    hidden: bool = False
    gradual: bool = False


def _rows(container: InputContainer, video: Video, interval: Interval) -> list[_Row]:
    facts = video.video
    stream = container.streams[facts.index]
    first, last = (Fraction(t) / facts.time_base + facts.start_pts for t in (interval.start, interval.end))
    lead = _FIRST_LEAD_SEC
    while True:
        from_file_start = lead > interval.start
        if from_file_start:
            _to_start(container, video)
        else:
            container.seek(int(first - Fraction(lead) / facts.time_base), stream=stream)
        rows = list(_until(container.demux(stream), last, facts.codec))
        starts = list(_starts(rows, first))
        wanted = 2 if starts and rows[starts[-1]].gradual else 1
        # A binary search (MPEG-TS) may land between keyframes; then retry from further back.
        if len(starts) >= wanted or from_file_start:
            break
        lead *= _LEAD_GROWTH
    if not rows:
        raise MediaError(video.path, f"has no frame from {interval.start:.3f} to {interval.end:.3f} s")
    return rows[starts[-wanted] if len(starts) >= wanted else 0 :]


def _starts(rows: list[_Row], first: Fraction) -> Iterator[int]:
    """Yield the numbers of the keyframes from which the frame shown at `first` can be decoded.

    Behind that frame, hidden keyframes may have earlier times: those that precede the next entry of an edit list.
    """
    for number, row in enumerate(rows):
        if row.keyframe and (row.pts is None or row.pts <= first):
            yield number
        if not row.hidden and row.pts is not None and row.pts >= first:
            return


def _to_start(container: InputContainer, video: Video) -> None:
    """Seek to the first packet, wherever the file's clock starts."""
    stream = container.streams[video.video.index]
    assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
    rewind(container, stream)


def _until(packets: Iterator[Packet[Stream]], last: Fraction, codec: str) -> Iterator[_Row]:
    """Yield packet times until no frame that is shown before or right after `last` can follow.

    Where recordings that overlap by a few frames were joined, frames whose times come again are hidden.
    """
    following: int | None = None
    latest: int | None = None
    shown_before = seam = -math.inf
    for packet in packets:
        if packet.size == 0:  # the flush packet at the end of the file
            return
        if latest is not None and packet.dts is not None and packet.dts < latest:
            seam = shown_before
        latest = packet.dts if packet.dts is not None else latest
        again = packet.pts is not None and packet.pts <= seam
        hidden = again or packet.is_discard
        if not hidden and packet.pts is not None:
            shown_before = max(shown_before, packet.pts)
        gradual = packet.is_keyframe and recovers_gradually(cast("VideoPacket", packet), codec)
        yield _Row(packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe, hidden, gradual)
        # No frame is shown before it is decoded, so all later frames are shown at or after this packet's dts.
        if following is not None and packet.dts is not None and packet.dts > following:
            return
        if not hidden and packet.pts is not None and packet.pts >= last + (packet.duration or 0):
            following = packet.pts if following is None else min(following, packet.pts)


def decode_as_counted(container: InputContainer, video: Video, times: PacketTimes) -> Iterator[VideoFrame]:
    """Decode the frames from which `times` was derived, from the first one on; the n-th is that of ``times.shown[n]``.

    Parameters
    ----------
    container : av.container.InputContainer
        The video's file, freshly opened.
    video : Video
        The probed video.
    times : PacketTimes
        The times that `read_packet_times` derived by decoding.
    """
    stream = container.streams[video.video.index]
    assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
    if times.decoded_from is not None:
        container.seek(times.decoded_from, stream=stream)
    yield from _decoded(stream, demux_by_index(container, stream))


def _decoded(
    stream: VideoStream, packets: Iterable[Packet[Stream] | Packet[VideoStream] | None]
) -> Iterator[VideoFrame]:
    """Decode packets, past those that are damaged, as ffmpeg does; None flushes the decoder."""
    for packet in packets:
        try:
            frames = stream.decode(packet)
        except FFmpegError:
            continue
        yield from frames


def decoded_pts(video: Video, times: PacketTimes, first: int, last: int) -> frozenset[int]:
    """Decode the frames shown from `first` to `last`, in ticks; return the times of the decoded frames."""
    begin = times.keyframe_before(first)
    found: set[int] = set()
    with open_video(video) as container:
        stream = container.streams[video.video.index]
        assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
        packets = (*demux_packets(container, video, times, range(begin, len(times.pts))), None)
        for frame in _decoded(stream, packets):
            if frame.pts is not None and first <= frame.pts <= last:
                found.add(frame.pts)
    return frozenset(found)


def _decoded_times(video: Video, interval: Interval) -> PacketTimes:
    facts = video.video
    first, last = (Fraction(t) / facts.time_base + facts.start_pts for t in (interval.start, interval.end))
    with open_video(video) as container:
        stream = container.streams[facts.index]
        assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
        target = int(first - _DECODED_LEAD_SEC / facts.time_base)
        # A newly opened file is at its start, which AVI can't seek to; a raw stream can't be sought at all.
        begun = _sought(container, stream, target) if target > facts.start_pts and len(stream.index_entries) else None
        rows = list(_decoded_until(_decoded(stream, demux_by_index(container, stream)), last))
        reordered = bool(stream.codec_context.has_b_frames)
    if not rows:
        raise MediaError(video.path, f"has no frame from {interval.start:.3f} to {interval.end:.3f} s")
    times = _times(video, rows)
    # Frames come in presentation order, whatever times were derived for them.
    ordered = np.sort(times.pts)
    return replace(times, pts=ordered, dts=ordered, of_packets=False, decoded_from=begun, reordered=reordered)


def _decoded_until(frames: Iterator[VideoFrame], last: Fraction) -> Iterator[_Row]:
    for frame in frames:
        pts = frame.dts if frame.pts is None else frame.pts
        if pts is None:
            continue
        yield _Row(pts, pts, frame.duration or 0, frame.key_frame)
        if pts > last + MAX_REORDERED * (frame.duration or 0):
            return


def _sought(container: InputContainer, stream: VideoStream, target: int) -> int | None:
    """Seek to the keyframe before a time; return its decoding time."""
    container.seek(target, stream=stream)
    packet = next(demux_by_index(container, stream))
    if packet.dts is None or not packet.is_keyframe:
        container.seek(0, stream=stream)
        return None
    container.seek(packet.dts, stream=stream)
    return packet.dts


def _times(video: Video, rows: list[_Row]) -> PacketTimes:
    return PacketTimes(
        time_base=video.video.time_base,
        origin=video.video.start_pts,
        pts=np.array([row.pts for row in rows], np.int64),
        dts=np.array([row.pts if row.dts is None else row.dts for row in rows], np.int64),
        duration=np.array([row.duration for row in rows], np.int64),
        keyframe=np.array([row.keyframe for row in rows], bool),
        hidden=np.array([row.hidden for row in rows], bool),
        gradual=frozenset(row.pts for row in rows if row.gradual and row.pts is not None),
    )


def demux_packets(
    container: InputContainer, video: Video, times: PacketTimes, indices: Sequence[int]
) -> Iterator[Packet[Stream]]:
    """Read packets of `times` again, with their data.

    Parameters
    ----------
    container : av.container.InputContainer
        The video's file, open.
    video : Video
        The probed video.
    times : PacketTimes
        The result of `read_packet_times`.
    indices : sequence of int
        Indices of the packets in `times`, ascending.

    Yields
    ------
    av.Packet
        With the container's times.

    Raises
    ------
    MediaError
        If the file no longer contains them.
    """
    stream = container.streams[video.video.index]
    # Matched by presentation times only: Matroska stores no others, and what FFmpeg derives depends on where reading
    # began.
    first, count, chosen = indices[0], indices[-1] - indices[0] + 1, frozenset(indices)
    wanted = int(times.pts[first])
    begin = int(min(times.dts[first], wanted))
    lead = int(_FIRST_LEAD_SEC / times.time_base)
    for from_file_start in (False, True):
        if from_file_start or begin - lead <= times.origin:
            _to_start(container, video)
        else:
            container.seek(begin - lead, stream=stream)
        left = count
        for packet in container.demux(stream):
            if packet.size == 0 or left == 0:
                break
            if left < count or packet.pts == wanted:
                if first + count - left in chosen:
                    yield packet
                left -= 1
        if left == 0:
            return
        if left < count:
            break
    raise MediaError(video.path, "was changed while it was read")
