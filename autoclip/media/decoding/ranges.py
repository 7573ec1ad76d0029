"""Decode ranges of a video independently, with the same frames as in one pass.

A range begins where one pass begins a group of packets (`autoclip.media.decoding.packet_groups`), so its groups are
those of one pass. The position of groups depends on all packets before them, so planning reads all video packets once
and decodes none. Reading a range starts some groups before it (its lead), because its first frames are compared with
those before.

The packets read after seeking are checked against a digest made by planning. A file that reads differently from the
middle than from its start is refused and never gives a different result.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast

import av.error
import numpy as np
from av.container import InputContainer

from autoclip.media.container import discard_other_streams, open_video
from autoclip.media.decoding.audio import AudioBlock, AudioDamage
from autoclip.media.decoding.decoder_threads import Described, Description
from autoclip.media.decoding.nal_units import VideoPacket
from autoclip.media.decoding.one_pass import (
    DecodeQueue,
    ReadingStopped,
    open_contexts,
    read_packets,
    sound_decoder,
)
from autoclip.media.decoding.packet_groups import PacketGroup, PacketGrouper, can_restart
from autoclip.media.decoding.video import DecodePolicy, Pictures
from autoclip.media.video import Video

MAX_STEP_SEC = 10.0
"""Maximum step of decoding times in seconds.

A larger step, or a step back, is a clock jump, where seeking is unreliable.
"""

SEEK_LEADS_SEC = (0.0, 1.0, 4.0, 16.0, 64.0)
"""How far before a keyframe to start reading, in seconds; tried in turn, because seeking in transport streams is
inexact.
"""


class RangeError(Exception):
    """A video, or a range of it, can't be decoded in ranges with the result of one pass. The message is the reason."""


@dataclass(frozen=True, slots=True)
class DecodeRange:
    """A range of consecutive packet groups.

    Attributes
    ----------
    number : int
        Number of the range, from 0.
    first_pts : int or None
        Presentation time of the keyframe that reading begins with, relative to the first video frame; None for the
        start of the file.
    seek_dts : int
        Its decoding time in the container.
    lead : int
        Number of groups before the range that are also decoded.
    groups : int
        Number of groups in the range.
    packets : int
        Number of packets in the range.
    digest : str
        Digest of the packets of the lead and of the range.
    """

    number: int
    first_pts: int | None
    seek_dts: int
    lead: int
    groups: int
    packets: int
    digest: str


@dataclass(frozen=True, slots=True)
class _GroupFacts:
    first_pts: int | None
    dts: int
    packets: int
    restarts: bool
    digest: bytes


def plan_ranges(
    video: Video, policy: DecodePolicy, count: int, lead_sec: float, heartbeat: Callable[[], None]
) -> tuple[DecodeRange, ...]:
    """Divide a video into ranges with about equal numbers of packets.

    Parameters
    ----------
    video : Video
        The probed video.
    policy : DecodePolicy
        What to decode.
    count : int
        Number of ranges; there are fewer if the video has too few clean keyframes.
    lead_sec : float
        At least this many seconds before a range are decoded with it.
    heartbeat : callable
        Called for every group; may raise to stop the work.

    Raises
    ------
    RangeError
        If ranges could not give the result of one pass.
    MediaError
        If the file can't be opened.
    """
    if policy.skip_frame == "NONKEY":
        raise RangeError("profile fast decodes keyframes alone, which is not worth dividing")
    if not can_restart(video.video.codec):
        raise RangeError(f"{video.video.codec} has no keyframes that a decoder can start from")
    groups = _all_groups(video, policy, heartbeat)
    if len(groups) > 1 and not groups[1].restarts:
        raise RangeError("it has no keyframe that a decoder can start from")
    starts = _starts(groups, count)
    if len(starts) < 2:  # noqa: PLR2004
        raise RangeError("it is too short, or has too few keyframes that a decoder can start from")
    lead = round(lead_sec / video.video.time_base)
    return tuple(
        _range(number, groups, start, after, lead)
        for number, (start, after) in enumerate(itertools.pairwise((*starts, len(groups))))
    )


def decode_range(
    video: Video,
    policy: DecodePolicy,
    part: DecodeRange,
    describe: Callable[[Pictures], Description],
    heartbeat: Callable[[], None],
) -> Iterator[Described[Description]]:
    """Decode the frames of a range, and those of its lead.

    Parameters
    ----------
    video, policy, describe, heartbeat
        As in `one_pass.decode`.
    part : DecodeRange
        A range that `plan_ranges` returned for this video and policy.

    Yields
    ------
    Described
        One per group; the first ``part.lead`` belong to the lead.

    Raises
    ------
    RangeError
        If the packets differ from those read during planning.
    MediaError
        If the file can't be opened.
    """
    contexts = open_contexts(video, policy.decoders)
    with (
        open_video(video) as container,
        DecodeQueue(video, policy, contexts, describe, heartbeat, judged=True) as pictures,
    ):
        for group in _groups_of(container, video, policy, part):
            yield from pictures.add((group,))
        yield from pictures.finish()


def decode_audio(video: Video) -> Iterator[AudioBlock | AudioDamage]:
    """Decode only a video's audio, as one pass does.

    Raises
    ------
    RangeError
        If the file can't be read to its end.
    MediaError
        If the file can't be opened.
    """
    with open_video(video) as container:
        decoder = sound_decoder(container, video)
        if decoder is None or video.audio is None:
            return
        streams = [container.streams[index] for index in video.audio.indexes]
        discard_other_streams(container, streams)
        try:
            for packet in container.demux(*streams):
                if packet.size:
                    yield from decoder.decode(packet)
        except av.error.FFmpegError as error:
            raise RangeError(f"its audio can't be read to its end ({error.strerror})") from error
        yield from decoder.decode(None)


def _all_groups(video: Video, policy: DecodePolicy, heartbeat: Callable[[], None]) -> list[_GroupFacts]:
    grouper = PacketGrouper(video.video.codec)
    groups: list[_GroupFacts] = []
    with open_video(video) as container:
        for packet in _steady(video, _pictures_only(container, video, policy)):
            for group in grouper.add(packet):
                groups.append(_facts(video, group))
                heartbeat()
        groups.extend(_facts(video, group) for group in grouper.finish())
    return groups


def _pictures_only(container: InputContainer, video: Video, policy: DecodePolicy) -> Iterator[VideoPacket]:
    """Yield the video packets. Audio packets are not even read if the container can skip them."""
    for packet in read_packets(container, video.model_copy(update={"audio": None}), policy):
        if isinstance(packet, ReadingStopped):
            raise RangeError(f"it can't be read to its end ({packet.reason})")
        yield cast("VideoPacket", packet)


def _steady(video: Video, packets: Iterable[VideoPacket]) -> Iterator[VideoPacket]:
    """Pass packets on, and require that their times are known and increase steadily."""
    last: int | None = None
    largest = MAX_STEP_SEC / video.video.time_base
    for packet in packets:
        if packet.pts is None:
            raise RangeError("some of its packets have no times")
        if last is not None and packet.dts is not None and not 0 <= packet.dts - last <= largest:
            raise RangeError(f"its clock jumps at {float(packet.pts * video.video.time_base):.2f} s")
        last = last if packet.dts is None else packet.dts
        yield packet


def _facts(video: Video, group: PacketGroup) -> _GroupFacts:
    dts = group.packets[0].dts if group.packets else None
    # Matroska stores no decoding times, and FFmpeg derives none for the first few frames.
    begin = (group.first_pts or 0) if dts is None else dts
    return _GroupFacts(
        group.first_pts, begin + video.video.start_pts, len(group.packets), group.restarts, _digest(group)
    )


def _digest(group: PacketGroup) -> bytes:
    packets = [*group.packets, *group.borrowed]
    rows = [(p.pts or 0, p.size, p.duration or 0, p.is_keyframe, p.is_discard, p.is_corrupt) for p in packets]
    facts = (len(group.packets), group.first_pts, group.end_pts, group.restarts, group.ends, group.last)
    return blake2b(np.array(rows, np.int64).tobytes() + repr(facts).encode(), digest_size=16).digest()


def _starts(groups: Sequence[_GroupFacts], count: int) -> list[int]:
    """Return the indices of the groups that begin a range, so that ranges have about equal numbers of packets."""
    fresh = [index for index, group in enumerate(groups) if group.restarts]
    before = [0, *itertools.accumulate(group.packets for group in groups)]
    packets = [before[index] for index in fresh]
    chosen = {0}
    for number in range(1, count):
        wanted = before[-1] * number / count
        after = bisect_left(packets, wanted)
        near = [index for index in (after - 1, after) if 0 <= index < len(fresh)]
        chosen.add(fresh[min(near, key=lambda index: abs(packets[index] - wanted))])
    return sorted(chosen)


def _range(number: int, groups: Sequence[_GroupFacts], start: int, after: int, lead: int) -> DecodeRange:
    begin = _lead_start(groups, start, lead)
    digest = blake2b(b"".join(group.digest for group in groups[begin:after]), digest_size=16).hexdigest()
    first = groups[begin]
    packets = sum(group.packets for group in groups[start:after])
    return DecodeRange(
        number, first.first_pts if begin else None, first.dts, start - begin, after - start, packets, digest
    )


def _lead_start(groups: Sequence[_GroupFacts], start: int, lead: int) -> int:
    """Return the last group before a range that starts at a clean keyframe and lies far enough before."""
    first = groups[start].first_pts
    for index in range(start - 1, 0, -1):
        group = groups[index]
        if group.restarts and first is not None and group.first_pts is not None and group.first_pts <= first - lead:
            return index
    return 0


def _groups_of(
    container: InputContainer, video: Video, policy: DecodePolicy, part: DecodeRange
) -> Iterator[PacketGroup]:
    """Yield the groups of a range and its lead; raise at the end if they differ from the planned ones."""
    digest = blake2b(digest_size=16)
    wanted = part.lead + part.groups
    for group in itertools.islice(_grouped(container, video, policy, part), wanted):
        digest.update(_digest(group))
        wanted -= 1
        yield group
    if wanted or digest.hexdigest() != part.digest:
        raise RangeError("it reads differently from its middle than from its start")


def _grouped(container: InputContainer, video: Video, policy: DecodePolicy, part: DecodeRange) -> Iterator[PacketGroup]:
    grouper = PacketGrouper(video.video.codec, part.first_pts)
    for packet in _packets_from(container, video, policy, part):
        yield from grouper.add(packet)
    yield from grouper.finish()


def _packets_from(
    container: InputContainer, video: Video, policy: DecodePolicy, part: DecodeRange
) -> Iterator[VideoPacket]:
    """Yield the packets from the first packet of a range on."""
    if part.first_pts is None:
        yield from _pictures_only(container, video, policy)
        return
    for lead_sec in SEEK_LEADS_SEC:
        if not _sought(container, video, part.seek_dts - round(lead_sec / video.video.time_base)):
            continue
        packets = _pictures_only(container, video, policy)
        behind = part.seek_dts - video.video.start_pts
        for packet in packets:
            if packet.pts == part.first_pts and packet.is_keyframe:
                yield packet
                yield from packets
                return
            if packet.dts is not None and packet.dts > behind:
                break
    raise RangeError("one of its keyframes can't be found by seeking")


def _sought(container: InputContainer, video: Video, dts: int) -> bool:
    try:
        container.seek(dts, stream=container.streams[video.video.index])
    except av.error.FFmpegError:
        return False
    return True
