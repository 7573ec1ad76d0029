"""Decode a file in one pass: packets are read once, and frames and audio are reduced to what the signals need.

The caller's thread reads packets and decodes audio. A few threads decode video, each one group at a time that starts at
a clean keyframe (PyAV releases the GIL while FFmpeg decodes), and reduce and describe the frames right away. Results
are returned in file order. At most a few groups are in flight, so memory does not grow with the video. A decoder
without internal threads costs a quarter less CPU than one with frame threads (docs/decisions/0009). If a stream has no
clean keyframes, one decoder with frame threads decodes all of it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Generic, Self, cast

import av.error
from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from autoclip.errors import MediaError
from autoclip.media.container import discard_other_streams, open_video
from autoclip.media.decoding.audio import AudioBlock, AudioDamage, AudioDecoder
from autoclip.media.decoding.audio_mix import AudioMixer, MixInput
from autoclip.media.decoding.decoder_threads import Decoders, Described, Description, result_of
from autoclip.media.decoding.nal_units import VideoPacket
from autoclip.media.decoding.packet_groups import PacketGroup, PacketGrouper, can_restart
from autoclip.media.decoding.video import DecodePolicy, HardwareDecodingError, Pictures, VideoDecoder
from autoclip.media.frame_order import demux_in_order
from autoclip.media.video import Video

MAX_DECODERS = 8
"""With more decoders, the threads wait for the GIL, which is held for about a tenth of the work."""

KEYFRAME_SPACING_SEC = 0.2
"""Of keyframes closer together than this, in seconds, profile ``fast`` decodes one."""

_GROUPS_TO_JUDGE = 2


@dataclass(frozen=True, slots=True)
class ReadingStopped:
    """The file could not be read to its end."""

    reason: str


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decode(
    video: Video,
    policy: DecodePolicy,
    describe: Callable[[Pictures], Description],
    heartbeat: Callable[[], None],
) -> Iterator[Described[Description] | AudioBlock | AudioDamage | ReadingStopped]:
    """Decode a video's frames and audio in one pass.

    Parameters
    ----------
    video : Video
        The probed video.
    policy : DecodePolicy
        What to decode.
    describe : callable
        Computes the caller's result from reduced frames. Called in the decoding threads.
    heartbeat : callable
        Called in the caller's thread several times a second while it waits; may raise to stop the work.

    Yields
    ------
    Described, AudioBlock, AudioDamage, ReadingStopped
        In file order; frames and audio are each in presentation order.

    Raises
    ------
    MediaError
        If the file can't be opened.
    HardwareDecodingError
        If the policy names a device and the device fails.
    """
    # Before the file is opened for reading: while it is open, its index takes tens of megabytes for hours of video.
    contexts = open_contexts(video, policy.decoders if can_restart(video.video.codec) else 1, policy.device)
    grouper = PacketGrouper(video.video.codec)
    with (
        open_video(video) as container,
        DecodeQueue(video, policy, contexts, describe, heartbeat) as pictures,
    ):
        sound = sound_decoder(container, video)
        for item in read_packets(container, video, policy):
            if isinstance(item, ReadingStopped):
                yield item
            elif item.stream_index == video.video.index:
                yield from pictures.add(grouper.add(cast("VideoPacket", item)))
            elif sound is not None:
                yield from sound.decode(item)
        yield from pictures.add(grouper.finish())
        yield from pictures.finish()
        if sound is not None:
            yield from sound.decode(None)


class DecodeQueue(Generic[Description]):
    """Takes groups of video packets, has them decoded, and returns the results in order.

    Unless `judged`, the first groups decide whether several decoders can work in turn.
    """

    def __init__(
        self,
        video: Video,
        policy: DecodePolicy,
        contexts: Sequence[VideoCodecContext],
        describe: Callable[[Pictures], Description],
        heartbeat: Callable[[], None],
        *,
        judged: bool = False,
    ) -> None:
        self._video = video
        self._policy = replace(policy, decoders=len(contexts), by_groups=can_restart(video.video.codec))
        self._contexts = contexts
        self._describe = describe
        self._heartbeat = heartbeat
        self._judged = judged
        self._stack = ExitStack()
        self._waiting: list[PacketGroup] = []
        self._decoders: Decoders | None = None
        self._pending: deque[Future[Described[Description]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def add(self, groups: Iterable[PacketGroup]) -> Iterator[Described[Description]]:
        """Take the next groups; yield results that are ready and would otherwise pile up."""
        self._waiting.extend(groups)
        if self._decoders is not None or len(self._waiting) >= _GROUPS_TO_JUDGE:
            yield from self._submit()

    def finish(self) -> Iterator[Described[Description]]:
        """Yield all remaining results."""
        yield from self._submit()
        while self._pending:
            yield result_of(self._pending.popleft(), self._heartbeat)

    def _submit(self) -> Iterator[Described[Description]]:
        if self._decoders is None:
            policy = self._policy if self._judged else _suited(self._policy, self._waiting)
            decoders = [VideoDecoder(context, self._video, policy) for context in self._contexts[: policy.decoders]]
            self._decoders = self._stack.enter_context(Decoders(decoders, by_groups=policy.by_groups))
        for group in self._waiting:
            self._pending.append(self._decoders.submit(group, self._describe))
        self._waiting = []
        while len(self._pending) > self._decoders.count:
            yield result_of(self._pending.popleft(), self._heartbeat)


def _suited(policy: DecodePolicy, groups: Sequence[PacketGroup]) -> DecodePolicy:
    """Return the policy for a stream that begins with these groups.

    If not even the second group starts at a clean keyframe, several decoders can't work in turn; one decoder with frame
    threads is used.
    """
    if len(groups) > 1 and not groups[1].restarts:
        return replace(policy, decoders=1, by_groups=False)
    return policy


def read_packets(
    container: InputContainer, video: Video, policy: DecodePolicy
) -> Iterator[Packet[Stream] | ReadingStopped]:
    """Yield the packets of the analyzed streams, with video timestamps relative to the first video frame."""
    film = container.streams[video.video.index]
    assert isinstance(film, VideoStream)  # noqa: S101 - what the probe found
    sound = [container.streams[index] for index in video.audio.indexes] if video.audio is not None else []
    discard_other_streams(container, [film, *sound])
    keys_only = policy.skip_frame == "NONKEY"
    keyframes = _SpacedKeyframes(video, _indexed_keyframes(film) if keys_only else frozenset())
    try:
        for packet in demux_in_order(container, film, *sound):
            if packet.size == 0:
                continue
            if packet.stream_index == video.video.index:
                if keys_only and not keyframes.wants(packet):
                    continue
                _count_from_first_frame(packet, video.video.start_pts)
            yield packet
    except av.error.FFmpegError as error:
        yield ReadingStopped(error.strerror or "invalid data")


def open_contexts(video: Video, count: int, device: str | None = None) -> list[VideoCodecContext]:
    """Return video decoders, each set up as FFmpeg does for an open file."""
    try:
        return _opened_contexts(video, count, device)
    except MediaError as error:
        if device is None:
            raise
        raise HardwareDecodingError(device, error.reason) from error


def _opened_contexts(video: Video, count: int, device: str | None) -> list[VideoCodecContext]:
    contexts = []
    for _ in range(count):
        with open_video(video, device) as container:
            context = container.streams[video.video.index].codec_context
            assert isinstance(context, VideoCodecContext)  # noqa: S101 - the probe found a video stream there
            contexts.append(context)
    return contexts


class _SpacedKeyframes:
    """Picks keyframes that are some distance apart: in some codecs every frame is a keyframe.

    FFmpeg's parser clears the keyframe flag of a packet whose data is damaged, but the container's index keeps it. It
    is needed to report that no frame can be decoded there.
    """

    def __init__(self, video: Video, indexed: frozenset[int]) -> None:
        self._indexed = indexed
        self._spacing = KEYFRAME_SPACING_SEC / video.video.time_base
        self._last: int | None = None

    def wants(self, packet: Packet[Stream]) -> bool:
        """Whether to decode the packet's frame."""
        if not packet.is_keyframe and packet.dts not in self._indexed:
            return False
        far = self._last is None or packet.pts is None or abs(packet.pts - self._last) >= self._spacing
        if far:
            self._last = packet.pts
        return far


def _indexed_keyframes(stream: Stream) -> frozenset[int]:
    """Return the decoding times of the keyframes in the container's index, in the stream's time base."""
    return frozenset(entry.timestamp for entry in stream.index_entries if entry.is_keyframe)


def _count_from_first_frame(packet: Packet[Stream], start_pts: int) -> None:
    if packet.dts is not None:
        packet.dts -= start_pts
    if packet.pts is not None:
        packet.pts -= start_pts


def sound_decoder(container: InputContainer, video: Video) -> AudioDecoder | AudioMixer | None:
    """Return the decoder of the analyzed audio track or mix; None without audio."""
    audio = video.audio
    if audio is None:
        return None
    if not audio.mixed:
        return _track_decoder(container, video, audio.index, audio.time_base)
    rate = audio.sample_rate
    inputs = [
        MixInput(_track_decoder(container, video, track.index, track.time_base), 10 ** (track.gain_db / 20), rate)
        for track in audio.mixed
    ]
    return AudioMixer(audio.indexes, inputs, rate)


def _track_decoder(container: InputContainer, video: Video, index: int, time_base: Fraction) -> AudioDecoder:
    context = container.streams[index].codec_context
    assert isinstance(context, AudioCodecContext)  # noqa: S101 - the probe found an audio stream there
    return AudioDecoder(context, time_base, video.video.start_pts * video.video.time_base)
