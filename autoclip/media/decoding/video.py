"""Decode a group of packets to reduced frames, without the frames that the policy skips."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from autoclip.media.decoding.frame_sampling import FrameSampler, SampleGrid, is_full_range
from autoclip.media.decoding.frame_selection import (
    MIN_PIXELS_TO_SKIP,
    PacketFacts,
    can_skip,
    motion_pictures,
    pictures_at_changes,
    surprising_pictures,
)
from autoclip.media.decoding.nal_units import VideoPacket, is_fresh_start, is_reference
from autoclip.media.decoding.packet_groups import PacketGroup, shown_pts
from autoclip.media.pixel_limit import decoder_options
from autoclip.media.video import Video

SkipFrame = Literal["DEFAULT", "NONREF", "NONKEY"]

SECOND_LOOKS = 0.5
"""At most this share of a group's packets is decoded again: cuts that cost more stay a picture or two late."""

_PLANAR_FORMATS = {"nv12": "yuv420p", "p010le": "yuv420p10le"}
"""Software pixel formats for frames from hardware, with the same samples as software decoding stores."""


@dataclass(frozen=True, slots=True)
class DecodePolicy:
    """What is decoded, and how far frames are reduced.

    Attributes
    ----------
    skip_frame : str
        Frames that are not decoded: none (``DEFAULT``), non-reference frames (``NONREF``), all but keyframes.
    skip_loop_filter : bool
        Whether the deblocking filter is skipped.
    longest_side : int
        Samples along the longer side of a reduced frame.
    motion_fps : float
        Rate at which frames are also reduced to cell means, in Hz.
    decoders : int
        Number of threads that decode video.
    by_groups : bool
        Whether decoding restarts with each group that allows it. Otherwise the whole stream goes through one decoder
        with frame threads.
    device : str or None
        FFmpeg's name of the decoding hardware; None for software.
    """

    skip_frame: SkipFrame
    skip_loop_filter: bool
    longest_side: int
    motion_fps: float
    decoders: int
    by_groups: bool = True
    device: str | None = None

    def skipped(self, video: Video) -> SkipFrame:
        """Return which frames of a video are not decoded.

        Of small frames, only those between keyframes may be skipped.
        """
        heeded = self.skip_frame == "NONKEY" or can_skip(video.video.codec)
        return self.skip_frame if heeded and self._spares(video) else "DEFAULT"

    def options(self, video: Video) -> dict[str, str]:
        """Return the decoder's options."""
        return decoder_options(skip_loop_filter="all") if self.skip_loop_filter and self._spares(video) else {}

    def _spares(self, video: Video) -> bool:
        return self.skip_frame == "NONKEY" or not is_small(video)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Consecutive decoded frames, reduced.

    Attributes
    ----------
    pts : ndarray
        Presentation timestamps relative to the first video frame, in the stream's time base; shape ``(n,)``, int64,
        ascending.
    luma : ndarray
        Samples of luma, shape ``(n, height, width)``, uint8.
    chroma : ndarray
        Samples of Cb and Cr, shape ``(n, 2, height / 2, width / 2)``, uint8.
    motion_index : ndarray
        Indices of the frames used for motion, shape ``(m,)``.
    motion_luma : ndarray
        Mean luma of each cell of those frames, shape ``(m, height, width)``, uint8.
    full_range : bool
        Whether luma runs over 0..255 instead of 16..235.
    """

    pts: NDArray[np.int64]
    luma: NDArray[np.uint8]
    chroma: NDArray[np.uint8]
    motion_index: NDArray[np.intp]
    motion_luma: NDArray[np.uint8]
    full_range: bool

    def with_others(self, others: Pictures) -> Pictures:
        """Return these pictures and others that motion does not look at, in order of presentation."""
        pts = np.concatenate([self.pts, others.pts])
        order = np.argsort(pts, kind="stable")
        return Pictures(
            pts[order],
            np.concatenate([self.luma, others.luma])[order],
            np.concatenate([self.chroma, others.chroma])[order],
            np.searchsorted(pts[order], self.pts[self.motion_index]),
            self.motion_luma,
            self.full_range,
        )


@dataclass(frozen=True, slots=True)
class VideoDamage:
    """A frame that could not be decoded, or only in part; `pts` is its time, relative to the first video frame."""

    pts: int | None
    reason: str


class DecodingStopped(Exception):  # noqa: N818 - a signal between our threads, never seen outside
    """The caller has ended; stop decoding."""


class HardwareDecodingError(Exception):
    """A hardware decoder failed. The pass must be repeated in software."""

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"the decoder {device} failed ({reason})")


class VideoDecoder:
    """One decoder and its frame sampler."""

    def __init__(self, context: VideoCodecContext, video: Video, policy: DecodePolicy) -> None:
        self._context = context
        self._one_by_one = not policy.by_groups
        self._ticks_a_unit = video.video.time_base * Fraction(policy.motion_fps).limit_denominator(1000)
        self._grid = SampleGrid.of(video.video.width, video.video.height, policy.longest_side)
        self._sampler = FrameSampler(self._grid)
        self._motion_pts: frozenset[int] = frozenset()
        context.thread_type = "AUTO" if self._one_by_one else "NONE"
        context.thread_count = 0 if self._one_by_one else 1
        self._codec = video.video.codec
        self._small = is_small(video)
        self._skip_frame = policy.skipped(video)
        self._device = policy.device
        if options := policy.options(video):
            context.options = options

    def reset(self) -> None:
        """Flush the decoder, ready for a clean keyframe."""
        self._context.flush_buffers()
        self._motion_pts = frozenset()

    def decode(self, group: PacketGroup, stop: threading.Event) -> tuple[Pictures | None, list[VideoDamage]]:
        """Decode and reduce a group's frames, in presentation order."""
        motion = self._motion_pictures(group)
        wanted = motion | surprising_pictures(_facts(group))
        # If the decoder continues with the next group, it returns the last frames of this one then.
        builder = _PicturesBuilder(self._sampler, self._grid, motion | self._motion_pts, len(group.packets) + 64)
        self._motion_pts = motion
        damage: list[VideoDamage] = []
        for packet in self._feed(group):
            if stop.is_set():
                raise DecodingStopped
            if packet is not None:
                self._context.skip_frame = "DEFAULT" if packet.pts in wanted else self._skip_frame
            try:
                frames = self._context.decode(packet)
            except av.error.FFmpegError as error:
                reason = error.strerror or "invalid data"
                self._require_software(reason)
                damage.append(VideoDamage(packet.pts if packet else None, reason))
                continue
            for frame in map(as_planar, frames):
                if _is_before_time_zero(frame) or (not self._one_by_one and not _belongs(frame, group)):
                    continue
                if frame.is_corrupt:
                    self._require_software("a frame is damaged")
                    damage.append(VideoDamage(frame.pts, "the picture is damaged"))
                if not builder.add(frame):
                    damage.append(VideoDamage(frame.pts, "timestamps jump back; left out"))
        pictures = builder.pictures()
        if pictures is not None and self._may_look_again(group):
            pictures = self._with_second_look(group, pictures, stop)
        return pictures, damage

    def _may_look_again(self, group: PacketGroup) -> bool:
        """Whether pictures of a group were skipped, and the decoder is free to decode some of it again."""
        return self._skip_frame == "NONREF" and not self._one_by_one and group.restarts and group.ends

    def _with_second_look(self, group: PacketGroup, pictures: Pictures, stop: threading.Event) -> Pictures:
        """Return a whole group's pictures with those that were skipped where a cut may be."""
        for start, end, wanted in _second_looks(group, pictures, self._codec):
            self._context.flush_buffers()
            builder = _PicturesBuilder(self._sampler, self._grid, frozenset(), len(wanted))
            for packet in (*group.packets[start:end], None):
                if stop.is_set():
                    raise DecodingStopped
                if packet is not None:
                    self._context.skip_frame = "DEFAULT" if packet.pts in wanted else self._skip_frame
                for frame in self._decoded_again(packet):
                    if frame.pts in wanted and not frame.is_corrupt:
                        builder.add(frame)
            found = builder.pictures()
            pictures = pictures if found is None else pictures.with_others(found)
        return pictures

    def _decoded_again(self, packet: VideoPacket | None) -> list[VideoFrame]:
        """Decode a packet whose damage was reported the first time, or of a picture that stays skipped if damaged."""
        try:
            return [as_planar(frame) for frame in self._context.decode(packet)]
        except av.error.FFmpegError as error:
            self._require_software(error.strerror or "invalid data")
            return []

    def _require_software(self, reason: str) -> None:
        """Raise on the first fault of hardware: software decoding shows whether the file is damaged."""
        if self._device is not None:
            raise HardwareDecodingError(self._device, reason)

    def _motion_pictures(self, group: PacketGroup) -> frozenset[int]:
        """Return the frames used for motion: the same in every profile, preferring those that are decoded anyway."""
        shown = shown_pts(group)
        if self._small:
            return motion_pictures(shown, self._ticks_a_unit)
        packets = {packet.pts: packet for packet in group.packets}
        return motion_pictures(shown, self._ticks_a_unit, lambda pts: is_reference(packets[pts], self._codec))

    def _feed(self, group: PacketGroup) -> tuple[VideoPacket | None, ...]:
        """Yield the packets the decoder needs, and None where it must be drained."""
        if self._one_by_one:
            return (*group.packets, None) if group.last else group.packets
        return (*group.packets, *group.borrowed, None) if group.ends else (*group.packets, *group.borrowed)


class _PicturesBuilder:
    """Collects the samples of a group's frames in preallocated arrays."""

    def __init__(self, sampler: FrameSampler, grid: SampleGrid, motion_pts: frozenset[int], capacity: int) -> None:
        self._sampler = sampler
        self._motion_pts = motion_pts
        self._luma = np.empty((capacity, grid.height, grid.width), np.uint8)
        self._chroma = np.empty((capacity, 2, grid.height // 2, grid.width // 2), np.uint8)
        self._pts: list[int] = []
        self._motion_index: list[int] = []
        self._motion_luma: list[NDArray[np.uint8]] = []
        self._full_range = False

    def add(self, frame: VideoFrame) -> bool:
        """Take a frame's samples; return False, and drop the frame, if it does not come after the previous one."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is None or (self._pts and pts <= self._pts[-1]):
            return False
        index = len(self._pts)
        if index == len(self._luma):
            self._luma = np.concatenate([self._luma, np.empty_like(self._luma)])
            self._chroma = np.concatenate([self._chroma, np.empty_like(self._chroma)])
        readable = self._sampler.readable(frame)
        self._sampler.sample(readable, self._luma[index], self._chroma[index])
        self._pts.append(pts)
        self._full_range = is_full_range(frame)
        if pts in self._motion_pts:
            self._motion_index.append(index)
            self._motion_luma.append(self._sampler.cell_means(readable))
        return True

    def pictures(self) -> Pictures | None:
        """Return the collected frames; None if there are none."""
        count = len(self._pts)
        if count == 0:
            return None
        return Pictures(
            np.array(self._pts, np.int64),
            self._luma[:count],
            self._chroma[:count],
            np.array(self._motion_index, np.intp),
            np.stack(self._motion_luma) if self._motion_luma else self._luma[:0],
            self._full_range,
        )


def is_small(video: Video) -> bool:
    """Whether frames are so small that skipping any saves nothing."""
    return video.video.width * video.video.height < MIN_PIXELS_TO_SKIP


def as_planar(frame: VideoFrame) -> VideoFrame:
    """Return a frame from hardware with its chroma in two planes, as software stores it; other frames unchanged."""
    target = _PLANAR_FORMATS.get(frame.format.name)
    return frame if target is None else frame.reformat(format=target)


def _is_before_time_zero(frame: VideoFrame) -> bool:
    """Whether a frame is shown before the first complete one, as after a cut through an open GOP."""
    return frame.pts is not None and frame.pts < 0


def _belongs(frame: VideoFrame, group: PacketGroup) -> bool:
    pts = frame.pts if frame.pts is not None else frame.dts
    if pts is None:
        return False
    return (group.first_pts is None or pts >= group.first_pts) and (group.end_pts is None or pts < group.end_pts)


def _second_looks(group: PacketGroup, pictures: Pictures, codec: str) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Yield which packets, from a fresh start to the one after the last, show which skipped pictures; short first."""
    wanted = pictures_at_changes(pictures.pts, pictures.luma, shown_pts(group)).tolist()
    place = {packet.pts: index for index, packet in enumerate(group.packets)}
    starts: dict[int, list[int]] = {}
    for pts in wanted:
        starts.setdefault(_start_before(group, place[pts], pts, codec), []).append(pts)
    looks = [(start, 1 + max(place[pts] for pts in shown), frozenset(shown)) for start, shown in starts.items()]
    left = int(SECOND_LOOKS * len(group.packets))
    for start, end, shown in sorted(looks, key=lambda look: look[1] - look[0]):
        left -= end - start
        if left < 0:
            break
        yield start, end, shown


def _start_before(group: PacketGroup, index: int, pts: int, codec: str) -> int:
    """Return the last packet from which a decoder shows the picture of the packet `index`, whose timestamp is `pts`."""
    for start in range(index, 0, -1):
        packet = group.packets[start]
        if packet.is_keyframe and packet.pts is not None and packet.pts <= pts and is_fresh_start(packet, codec):
            return start
    return 0


def _facts(group: PacketGroup) -> list[PacketFacts]:
    return [
        PacketFacts(packet.pts, packet.size, packet.is_keyframe) for packet in group.packets if packet.pts is not None
    ]
