"""Read single frames by time: one open file, sought and decoded only around the requested instants."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from autoclip.errors import MediaError
from autoclip.media.container import media_errors, open_container, rewind
from autoclip.media.decoding.frame_selection import can_skip
from autoclip.media.decoding.nal_units import recovers_gradually
from autoclip.media.frame_order import demux_in_order
from autoclip.media.orientation import sane_aspect_ratio
from autoclip.media.pixel_limit import decoder_options
from autoclip.media.video import Video
from autoclip.timeline import Interval

_KEYFRAME_PACKETS = 1_000
"""Maximum number of packets read in search of a keyframe after a seek."""

_PREROLL_MARGIN_SEC = 0.5
"""Every frame is decoded from this many seconds, and a frame, before the requested one; before that, only reference
frames."""

_ROUNDING_SEC = Fraction(1, 2000)
"""An instant so many seconds before a frame is the frame's: times are often rounded to milliseconds."""

_READ_ON_SEC = 2.0
"""Maximum distance of a frame that is reached by decoding on, rather than by seeking to its keyframe."""

_FIRST_STEP_BACK_SEC = 1.0


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A decoded frame and when it is shown.

    Attributes
    ----------
    instant, end : float
        When it is shown, in seconds from the first video frame.
    frame : av.VideoFrame
        The frame.
    pixel_aspect : Fraction
        Pixel width divided by pixel height, which may change within a stream.
    """

    instant: float
    end: float
    frame: VideoFrame
    pixel_aspect: Fraction


@contextmanager
def open_frames(path: Path, video: Video, *, in_runs: bool = False, small: bool = False) -> Iterator[FrameReader]:
    """Open a video for reading single frames.

    Parameters
    ----------
    path : Path
        The video file.
    video : Video
        The probed video.
    in_runs : bool, optional
        Whether reaching a frame mostly requires decoding many before it. Then several frames are decoded at once, which
        makes runs faster on several cores and single keyframes slower.
    small : bool, optional
        Whether frames are displayed much smaller than they are. Then the loop filter of H.264 and HEVC is skipped on
        the way to a frame, which saves a fifth of the time; 1080p shown at 320x180 keeps a PSNR of 41 dB.

    Raises
    ------
    MediaError
        As in `autoclip.media.container.open_container`, and if the stream no longer exists.
    """
    with open_container(path, end_byte=video.end_byte) as container:
        reader = FrameReader(path, video, container)
        context = container.streams[video.video.index].codec_context
        context.thread_type = "AUTO" if in_runs else "SLICE"
        if small:
            context.options = decoder_options(skip_loop_filter="all")
        yield reader


class FrameReader:
    """Reads frames of one open video; see `open_frames`. Requesting frames in order of time is cheapest."""

    def __init__(self, path: Path, video: Video, container: InputContainer) -> None:
        stream = container.streams[video.video.index]
        if not isinstance(stream, VideoStream) or stream.codec_context is None:
            raise MediaError(path, f"stream {video.video.index} is no longer a video stream; probe the file again")
        self._path = path
        self._container = container
        self._stream = stream
        self._time_base = video.video.time_base
        self._start_pts = video.video.start_pts
        self._variable = video.video.variable_frame_rate
        self._frame_sec = float(1 / video.video.average_rate) if video.video.average_rate else 0.0
        self._pixel_aspect = video.video.sample_aspect_ratio
        self._coded_aspect = stream.codec_context.sample_aspect_ratio
        self._frames: Iterator[VideoFrame] = iter(())
        self._references_only = False
        self._codec = video.video.codec
        self._gradual_start: int | None = None
        self._shown: VideoFrame | None = None
        self._next: VideoFrame | None = None

    def keyframe(
        self, instant: float, within: Interval, *, unless: frozenset[float] = frozenset()
    ) -> TimedFrame | None:
        """Return the keyframe from which decoding would start for an instant, which is the cheapest frame to read.

        Parameters
        ----------
        instant : float
            Seconds from the first video frame.
        within : Interval
            Span that must contain the keyframe; one outside is not decoded.
        unless : frozenset of float
            Instants of keyframes that are already known; they are not decoded again.

        Returns
        -------
        TimedFrame or None
            None if it lies outside, is one of `unless`, or can't be decoded by itself.
        """
        with media_errors(self._path):
            self._seek(self._pts(instant))
            packet = self._keyframe_packet()
            if packet is None or packet.pts is None:
                return None
            shown = self._instant(packet.pts)
            if shown in unless or not within.contains(shown):
                return None
            self._stream.codec_context.skip_frame = "DEFAULT"
            try:
                frames = [*self._stream.decode(packet), *self._stream.decode(None)]
            except av.error.InvalidDataError:
                return None
        return self._timed(frames[0]) if frames else None

    def at(self, instant: float, *, references_only: bool = False) -> TimedFrame:
        """Return the frame shown at an instant: the last one at or before it, or the first of all.

        Parameters
        ----------
        instant : float
            Seconds from the first video frame.
        references_only : bool, optional
            Whether to return only reference frames, which may be some frames earlier but are found faster.

        Raises
        ------
        MediaError
            If no frame can be decoded there.
        """
        target = self._pts(instant)
        with media_errors(self._path):
            found = self._shown_at(target, references_only=references_only)
        if found is None:
            raise MediaError(self._path, f"no frame can be decoded at {instant:.3f} s")
        return self._timed(found, self._next)

    def _shown_at(self, target: int, *, references_only: bool) -> VideoFrame | None:
        if references_only != self._references_only or not self._reaches(target):
            self._references_only = references_only
            self._start_before(target)
        while self._next is not None and self._pts_of(self._next) <= target:
            self._shown, self._next = self._next, None  # so that a failed decode leaves no stale frame behind
            self._next = next(self._frames, None)
        return self._shown if self._shown is not None else self._next

    def _reaches(self, target: int) -> bool:
        """Whether decoding on from the present position is an efficient way to reach a frame."""
        if self._shown is None or self._next is None or target < self._pts_of(self._shown):
            return False
        here = self._pts_of(self._next)
        if (target - here) * self._time_base <= _READ_ON_SEC:
            return True
        index = self._stream.index_entries
        place = index.search_timestamp(target) if len(index) else -1
        return place >= 0 and index[place].timestamp <= here

    def _start_before(self, target: int) -> None:
        """Start decoding at a keyframe from which the frame shown at `target` can be reached."""
        back, refreshed = 0, False
        while True:
            self._seek(target - back)
            self._shown, self._frames = None, self._decode(target)
            self._next = next(self._frames, None)
            reached = self._next is not None and self._pts_of(self._next) <= target
            if (reached and (refreshed or self._gradual_start is None)) or target - back <= self._start_pts:
                return
            if reached and self._gradual_start is not None:  # intra refresh: correct from the next keyframe on
                back, refreshed = target - self._gradual_start + 1, True
                continue
            # Formats that are sought by decoding time, or have a coarse index, may land after the target.
            back = max(2 * back, round(_FIRST_STEP_BACK_SEC / self._time_base))

    def _decode(self, target: int) -> Iterator[VideoFrame]:
        margin = round((_PREROLL_MARGIN_SEC + self._frame_sec) / self._time_base)
        for place, packet in enumerate(demux_in_order(self._container, self._stream)):
            if place == 0:
                self._gradual_start = packet.pts if recovers_gradually(packet, self._codec) else None
            # With a variable rate a frame may be shown for long: one well before the target may be the right one.
            preroll = packet.pts is not None and packet.pts < target - margin and not self._variable
            skips = (preroll or self._references_only) and can_skip(self._codec)
            self._stream.codec_context.skip_frame = "NONREF" if skips else "DEFAULT"
            try:
                frames = self._stream.decode(packet)
            except av.error.InvalidDataError:
                continue  # one damaged packet; the frames around it can still be returned
            yield from (frame for frame in frames if frame.pts is not None)

    def _keyframe_packet(self) -> Packet[Any] | None:
        packets = islice(self._container.demux(self._stream), _KEYFRAME_PACKETS)
        return next(
            (packet for packet in packets if packet.is_keyframe and packet.size and not packet.is_discard), None
        )

    def _seek(self, pts: int) -> None:
        self._shown = self._next = None
        if pts > self._start_pts:
            try:
                self._container.seek(pts, stream=self._stream)
            except av.error.FFmpegError:
                pass  # no index entry that early, or none at all: start from the beginning
            else:
                return
        rewind(self._container, self._stream)

    def _pts(self, instant: float) -> int:
        # A tick may be as long as a frame, so that rounding to the nearest would reach the next frame.
        room = min(Fraction(1, 2), _ROUNDING_SEC / self._time_base)
        return self._start_pts + math.floor(Fraction(instant) / self._time_base + room)

    def _instant(self, pts: int) -> float:
        return float((pts - self._start_pts) * self._time_base)

    def _timed(self, frame: VideoFrame, successor: VideoFrame | None = None) -> TimedFrame:
        pts = self._pts_of(frame)
        end = (
            self._pts_of(successor) if successor is not None and successor is not frame else pts + (frame.duration or 0)
        )
        return TimedFrame(self._instant(pts), self._instant(end), frame, self._present_aspect())

    def _present_aspect(self) -> Fraction:
        """Return the pixel aspect at the decoder's position: a container may contradict the stream until it changes."""
        coded = self._stream.codec_context.sample_aspect_ratio
        return self._pixel_aspect if coded == self._coded_aspect else sane_aspect_ratio(coded)

    def _pts_of(self, frame: VideoFrame) -> int:
        return frame.pts if frame.pts is not None else self._start_pts
