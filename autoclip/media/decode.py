"""The one pass over a file: packets are read once, pictures and sound come out reduced to what the signals need.

The caller's thread reads packets and decodes sound; a few threads decode pictures, each a group of them from a fresh
start at a time (PyAV lets go of the interpreter while FFmpeg decodes), and reduce and describe them on the spot.
Results come out in the order of the file. At most a few groups are in flight: memory does not grow with the video.
A decoder without threads of its own costs a quarter less CPU than one with frame threads (docs/decisions/0009); where a
stream offers no fresh starts, one decoder with frame threads does it all.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Generic, Literal, Self, TypeVar, cast

import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from autoclip.media.container import open_container
from autoclip.media.decode_choice import (
    MIN_PIXELS_TO_SKIP,
    PacketFacts,
    motion_pictures,
    surprising_pictures,
)
from autoclip.media.decode_groups import PacketGroup, PacketGrouper, VideoPacket, can_restart
from autoclip.media.decode_sampling import PictureSampler, SampleGrid, is_full_range
from autoclip.media.decode_sound import SoundBlock, SoundDamage, SoundDecoder
from autoclip.media.video import Video

SkipFrame = Literal["DEFAULT", "NONREF", "NONKEY"]
Description = TypeVar("Description")

MAX_DECODERS = 8
"""Beyond this the interpreter's lock, held for about a tenth of the work, is what they wait for."""

KEYFRAME_SPACING_SEC = 0.2
"""Of keyframes that follow each other more closely than this one is enough for profile ``fast``."""

_HEARTBEAT_SEC = 0.2
_GROUPS_TO_JUDGE = 2


@dataclass(frozen=True, slots=True)
class DecodePolicy:
    """What is decoded, and how far it is reduced.

    Attributes
    ----------
    skip_frame : str
        Pictures that are not decoded: none (``DEFAULT``), those no other refers to (``NONREF``), all but keyframes.
    skip_loop_filter : bool
        Whether the deblocking filter is left out.
    longest_side : int
        Samples along the longer side of a reduced picture.
    motion_fps : float
        Rate at which pictures are also reduced to cell means.
    decoders : int
        Threads that decode pictures.
    """

    skip_frame: SkipFrame
    skip_loop_filter: bool
    longest_side: int
    motion_fps: float
    decoders: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """Consecutive decoded pictures, reduced.

    Attributes
    ----------
    pts : ndarray
        Presentation timestamps counted from the first video frame, in the stream's time base; shape ``(n,)``, int64,
        rising.
    luma : ndarray
        Samples of luma, shape ``(n, height, width)``, uint8.
    chroma : ndarray
        Samples of Cb and Cr, shape ``(n, 2, height / 2, width / 2)``, uint8.
    motion_index : ndarray
        Which of the pictures motion looks at, shape ``(m,)``.
    motion_luma : ndarray
        Mean luma of each cell of those, shape ``(m, height, width)``, uint8.
    full_range : bool
        Whether luma runs over 0..255 instead of 16..235.
    """

    pts: NDArray[np.int64]
    luma: NDArray[np.uint8]
    chroma: NDArray[np.uint8]
    motion_index: NDArray[np.intp]
    motion_luma: NDArray[np.uint8]
    full_range: bool


@dataclass(frozen=True, slots=True)
class PictureDamage:
    """A picture that could not be decoded, or only in part; `pts` is where, counted from the first video frame."""

    pts: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Described(Generic[Description]):
    """One group's outcome.

    Attributes
    ----------
    description : object or None
        What the caller's function made of the pictures; None when there were none.
    shown_pts : ndarray
        Timestamps of all pictures of the group, decoded or skipped, sorted; int64.
    end_pts : int
        When the last of them ends, as far as its packet tells.
    damage : tuple of PictureDamage
        What could not be decoded.
    """

    description: Description | None
    shown_pts: NDArray[np.int64]
    end_pts: int
    damage: tuple[PictureDamage, ...]


@dataclass(frozen=True, slots=True)
class ReadingStopped:
    """The file could not be read to its end."""

    reason: str


class _Stopped(Exception):  # noqa: N818 - a signal between our threads, never seen outside
    """The caller has gone: stop decoding."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decode(
    video: Video,
    policy: DecodePolicy,
    describe: Callable[[Pictures], Description],
    heartbeat: Callable[[], None],
) -> Iterator[Described[Description] | SoundBlock | SoundDamage | ReadingStopped]:
    """Decode a video's picture and sound in one pass.

    Parameters
    ----------
    video : Video
        What probing the file found.
    policy : DecodePolicy
        What is decoded.
    describe : callable
        Turns reduced pictures into what the caller keeps of them. Called in the decoding threads.
    heartbeat : callable
        Called in the caller's thread several times a second while it waits; may raise to stop the work.

    Yields
    ------
    Described, SoundBlock, SoundDamage, ReadingStopped
        In the order of the file, pictures and sound each in the order of time.

    Raises
    ------
    MediaError
        If the file can't be opened.
    """
    # Before the file is opened to be read: while it is open its index takes tens of megabytes for hours of video.
    contexts = _open_contexts(video, policy.decoders if can_restart(video.video.codec) else 1)
    with (
        open_container(video.path) as container,
        _PictureLine(video, policy, contexts, describe, heartbeat) as pictures,
    ):
        sound = _sound_decoder(container, video)
        for item in _read(container, video, policy):
            if isinstance(item, ReadingStopped):
                yield item
            elif item.stream_index == video.video.index:
                yield from pictures.add(cast("VideoPacket", item))
            elif sound is not None:
                yield from sound.decode(item)
        yield from pictures.finish()
        if sound is not None:
            yield from sound.decode(None)


class _PictureLine(Generic[Description]):
    """Takes video packets, has them decoded in groups, and gives the results out in order."""

    def __init__(
        self,
        video: Video,
        policy: DecodePolicy,
        contexts: Sequence[VideoCodecContext],
        describe: Callable[[Pictures], Description],
        heartbeat: Callable[[], None],
    ) -> None:
        self._video = video
        self._policy = replace(policy, decoders=len(contexts))
        self._contexts = contexts
        self._describe = describe
        self._heartbeat = heartbeat
        self._stack = ExitStack()
        self._grouper = PacketGrouper(video.video.codec)
        self._waiting: list[PacketGroup] = []
        self._decoders: _Decoders | None = None
        self._pending: deque[Future[Described[Description]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def add(self, packet: VideoPacket) -> Iterator[Described[Description]]:
        """Take the next packet; yield what is ready and would otherwise pile up."""
        self._waiting.extend(self._grouper.add(packet))
        if self._decoders is not None or len(self._waiting) >= _GROUPS_TO_JUDGE:
            yield from self._submit()

    def finish(self) -> Iterator[Described[Description]]:
        """Yield all the rest."""
        self._waiting.extend(self._grouper.finish())
        yield from self._submit()
        while self._pending:
            yield _result(self._pending.popleft(), self._heartbeat)

    def _submit(self) -> Iterator[Described[Description]]:
        if self._decoders is None:
            policy = _suited(self._policy, self._waiting)
            decoders = [_PictureDecoder(context, self._video, policy) for context in self._contexts[: policy.decoders]]
            self._decoders = self._stack.enter_context(_Decoders(decoders))
        for group in self._waiting:
            self._pending.append(self._decoders.submit(group, self._describe))
        self._waiting = []
        while len(self._pending) > self._decoders.count:
            yield _result(self._pending.popleft(), self._heartbeat)


def _suited(policy: DecodePolicy, groups: Sequence[PacketGroup]) -> DecodePolicy:
    """Return the policy for a stream that begins with these groups.

    Where even the second can't be begun afresh, decoders can't take turns: one with frame threads does it all.
    """
    if len(groups) > 1 and not groups[1].restarts:
        return replace(policy, decoders=1)
    return policy


def _read(container: InputContainer, video: Video, policy: DecodePolicy) -> Iterator[Packet[Stream] | ReadingStopped]:
    """Yield the packets of the analysed streams, video timestamps counted from the first video frame."""
    wanted = [container.streams[video.video.index]]
    if video.audio is not None:
        wanted.append(container.streams[video.audio.index])
    for stream in container.streams:
        if stream not in wanted:
            stream.discard = Discard.all
    keys_only = policy.skip_frame == "NONKEY"
    keyframes = _SpacedKeyframes(video)
    try:
        for packet in container.demux(*wanted):
            if packet.size == 0:
                continue
            if packet.stream_index == video.video.index:
                if keys_only and not keyframes.wants(packet):
                    continue
                _count_from_first_frame(packet, video.video.start_pts)
            yield packet
    except av.error.FFmpegError as error:
        yield ReadingStopped(error.strerror or "invalid data")


def _open_contexts(video: Video, count: int) -> list[VideoCodecContext]:
    """Return decoders for the pictures, each set up as FFmpeg does for an open file."""
    contexts = []
    for _ in range(count):
        with open_container(video.path) as container:
            context = container.streams[video.video.index].codec_context
            assert isinstance(context, VideoCodecContext)  # noqa: S101 - the probe found a video stream there
            contexts.append(context)
    return contexts


class _SpacedKeyframes:
    """Picks keyframes that are some way apart: in some codecs every picture is one."""

    def __init__(self, video: Video) -> None:
        self._spacing = KEYFRAME_SPACING_SEC / video.video.time_base
        self._last: int | None = None

    def wants(self, packet: Packet[Stream]) -> bool:
        """Whether to decode the packet's picture."""
        if not packet.is_keyframe:
            return False
        far = self._last is None or packet.pts is None or abs(packet.pts - self._last) >= self._spacing
        if far:
            self._last = packet.pts
        return far


def _count_from_first_frame(packet: Packet[Stream], start_pts: int) -> None:
    if packet.dts is not None:
        packet.dts -= start_pts
    if packet.pts is not None:
        packet.pts -= start_pts


def _sound_decoder(container: InputContainer, video: Video) -> SoundDecoder | None:
    if video.audio is None:
        return None
    context = container.streams[video.audio.index].codec_context
    assert isinstance(context, AudioCodecContext)  # noqa: S101 - the probe found an audio stream there
    origin = video.video.start_pts * video.video.time_base
    return SoundDecoder(context, video.audio.time_base, origin)


def _result(
    future: Future[Described[Description]],
    heartbeat: Callable[[], None],
) -> Described[Description]:
    while not future.done():
        heartbeat()
        wait_for([future], timeout=_HEARTBEAT_SEC)
    return future.result()


class _Decoders:
    """The threads that decode pictures, and the decoders they take turns with: as many of the one as of the other."""

    def __init__(self, decoders: Sequence[_PictureDecoder]) -> None:
        self._stop = threading.Event()
        self._idle = list(decoders)
        self._lock = threading.Lock()
        self._last: Future[_PictureDecoder | None] | None = None
        self.count = len(decoders)
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="autoclip-decode")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, group: PacketGroup, describe: Callable[[Pictures], Description]) -> Future[Described[Description]]:
        """Queue a group; groups are begun in the order they are submitted."""
        before, handed_on = self._last, Future[_PictureDecoder | None]()
        self._last = handed_on
        return self._pool.submit(self._run, group, describe, before, handed_on)

    def _run(
        self,
        group: PacketGroup,
        describe: Callable[[Pictures], Description],
        before: Future[_PictureDecoder | None] | None,
        handed_on: Future[_PictureDecoder | None],
    ) -> Described[Description]:
        decoder: _PictureDecoder | None = None
        try:
            decoder = self._take(group, before)
            pictures, damage = decoder.decode(group, self._stop)
            if group.last or (group.ends and self.count > 1):
                self._give_back(decoder)
                decoder = None
        finally:
            handed_on.set_result(decoder)
        shown = _shown_pts(group)
        return Described(
            describe(pictures) if pictures is not None else None,
            shown,
            max((_end_of(packet) for packet in group.packets), default=0),
            tuple(damage),
        )

    def _take(self, group: PacketGroup, before: Future[_PictureDecoder | None] | None) -> _PictureDecoder:
        """Return the decoder that had the group before if it must go on, else an idle one."""
        if before is not None and (not group.restarts or self.count == 1):
            held = before.result()
            if held is None:
                raise _Stopped
            return held
        with self._lock:
            return self._idle.pop()

    def _give_back(self, decoder: _PictureDecoder) -> None:
        decoder.reset()
        with self._lock:
            self._idle.append(decoder)


class _PictureDecoder:
    """One decoder and the sampler that goes with it."""

    def __init__(self, context: VideoCodecContext, video: Video, policy: DecodePolicy) -> None:
        self._context = context
        self._one_by_one = policy.decoders == 1
        self._ticks_a_unit = video.video.time_base * Fraction(policy.motion_fps).limit_denominator(1000)
        self._grid = SampleGrid.of(video.video.width, video.video.height, policy.longest_side)
        self._sampler = PictureSampler(self._grid)
        self._motion_pts: frozenset[int] = frozenset()
        context.thread_type = "AUTO" if self._one_by_one else "NONE"
        context.thread_count = 0 if self._one_by_one else 1
        small = video.video.width * video.video.height < MIN_PIXELS_TO_SKIP
        spare = policy.skip_frame == "NONKEY" or not small
        self._skip_frame: SkipFrame = policy.skip_frame if spare else "DEFAULT"
        if policy.skip_loop_filter and spare:
            context.options = {"skip_loop_filter": "all"}

    def reset(self) -> None:
        """Forget everything, ready for a fresh start."""
        self._context.flush_buffers()
        self._motion_pts = frozenset()

    def decode(self, group: PacketGroup, stop: threading.Event) -> tuple[Pictures | None, list[PictureDamage]]:
        """Decode and reduce a group's pictures, in order of presentation."""
        motion = motion_pictures(_shown_pts(group), self._ticks_a_unit)
        wanted = motion | surprising_pictures(_facts(group))
        # The last pictures of a group after which the decoder goes on come out during the next one.
        builder = _PicturesBuilder(self._sampler, self._grid, motion | self._motion_pts, len(group.packets) + 64)
        self._motion_pts = motion
        damage: list[PictureDamage] = []
        for packet in self._feed(group):
            if stop.is_set():
                raise _Stopped
            if packet is not None:
                self._context.skip_frame = "DEFAULT" if packet.pts in wanted else self._skip_frame
            try:
                frames = self._context.decode(packet)
            except av.error.FFmpegError as error:
                damage.append(PictureDamage(packet.pts if packet else None, error.strerror or "invalid data"))
                continue
            for frame in frames:
                if _is_before_time_zero(frame) or (not self._one_by_one and not _belongs(frame, group)):
                    continue
                if frame.is_corrupt:
                    damage.append(PictureDamage(frame.pts, "the picture is damaged"))
                if not builder.add(frame):
                    damage.append(PictureDamage(frame.pts, "timestamps jump back; left out"))
        return builder.pictures(), damage

    def _feed(self, group: PacketGroup) -> tuple[VideoPacket | None, ...]:
        """Return the packets the decoder needs, and None where it must give out all it holds."""
        if self._one_by_one:
            return (*group.packets, None) if group.last else group.packets
        return (*group.packets, *group.borrowed, None) if group.ends else (*group.packets, *group.borrowed)


class _PicturesBuilder:
    """Collects the samples of a group's frames into arrays made once."""

    def __init__(self, sampler: PictureSampler, grid: SampleGrid, motion_pts: frozenset[int], capacity: int) -> None:
        self._sampler = sampler
        self._motion_pts = motion_pts
        self._luma = np.empty((capacity, grid.height, grid.width), np.uint8)
        self._chroma = np.empty((capacity, 2, grid.height // 2, grid.width // 2), np.uint8)
        self._pts: list[int] = []
        self._motion_index: list[int] = []
        self._motion_luma: list[NDArray[np.uint8]] = []
        self._full_range = False

    def add(self, frame: VideoFrame) -> bool:
        """Take a frame's samples; return whether it comes after the one before, without which it is left out."""
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
        """Return what was collected; None when nothing was."""
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


def _is_before_time_zero(frame: VideoFrame) -> bool:
    """Whether a frame is shown before the first one that can be shown whole, as after a cut through an open group."""
    return frame.pts is not None and frame.pts < 0


def _belongs(frame: VideoFrame, group: PacketGroup) -> bool:
    pts = frame.pts if frame.pts is not None else frame.dts
    if pts is None:
        return False
    return (group.first_pts is None or pts >= group.first_pts) and (group.end_pts is None or pts < group.end_pts)


def _shown_pts(group: PacketGroup) -> NDArray[np.int64]:
    pts = (packet.pts for packet in group.packets if packet.pts is not None and not packet.is_discard)
    return np.unique(np.fromiter((p for p in pts if group.first_pts is None or p >= group.first_pts), np.int64))


def _facts(group: PacketGroup) -> list[PacketFacts]:
    return [
        PacketFacts(packet.pts, packet.size, packet.is_keyframe) for packet in group.packets if packet.pts is not None
    ]


def _end_of(packet: VideoPacket) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return 0 if pts is None or packet.is_discard else pts + (packet.duration or 0)
