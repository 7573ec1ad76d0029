"""Split a stream of packets into groups that several decoders can process in parallel.

A group begins where a decoder can start from scratch (a keyframe that needs nothing before it), so each decoder thread
takes the next group while the file is still read once, from front to back, without seeking. Frames that are shown
before such a keyframe but follow it in the file (leading frames of an open GOP) go to the previous group, together with
the keyframe they refer to. The groups depend only on the packets, never on the number of decoders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autoclip.media.decoding.nal_units import VideoPacket, is_fresh_start

MIN_GROUP_PACKETS = 96
"""Minimum group length in frames.

Draining a decoder at the end of a group costs little compared with some hundred frames.
"""

MAX_GROUP_PACKETS = 320
MAX_GROUP_BYTES = 16 << 20
"""Maximum group length.

A longer stretch without a clean start continues as another group on the same decoder, so memory stays bounded.
"""

_RESTARTABLE = frozenset({"h264", "hevc", "vp8", "vp9", "libvpx-vp9", "libdav1d", "av1", "mpeg2video", "mpeg1video"})


@dataclass(frozen=True, slots=True)
class PacketGroup:
    """Packets for one decoder, in file order.

    Attributes
    ----------
    packets : tuple of Packet
        The group's own packets.
    borrowed : tuple of Packet
        The next group's keyframe and the leading frames after it that are shown with this group; may be empty.
    first_pts, end_pts : int or None
        Frames outside ``[first_pts, end_pts)`` belong to another group; None leaves that side open.
    restarts : bool
        Whether any decoder can start here; otherwise it must be the decoder of the previous group.
    ends : bool
        Whether the next group restarts, so that the decoder must be drained.
    last : bool
        Whether the stream ends here.
    """

    packets: tuple[VideoPacket, ...]
    borrowed: tuple[VideoPacket, ...]
    first_pts: int | None
    end_pts: int | None
    restarts: bool
    ends: bool
    last: bool


@dataclass
class _Open:
    """A group that is being collected."""

    restarts: bool
    first_pts: int | None
    packets: list[VideoPacket] = field(default_factory=list)
    size: int = 0

    def add(self, packet: VideoPacket) -> None:
        self.packets.append(packet)
        self.size += packet.size

    def closed(
        self,
        *,
        end_pts: int | None = None,
        ends: bool = False,
        last: bool = False,
        borrowed: tuple[VideoPacket, ...] = (),
    ) -> PacketGroup:
        return PacketGroup(tuple(self.packets), borrowed, self.first_pts, end_pts, self.restarts, ends, last)


class PacketGrouper:
    """Collects packets into groups.

    Parameters
    ----------
    codec : str
        Name of the decoder; decides how clean keyframes are recognized, and whether the codec has any.
    first_pts : int, optional
        Timestamp of the first keyframe if the packets begin in the middle of a stream. Leading frames after that
        keyframe belong to the previous group, which is missing.
    """

    def __init__(self, codec: str, first_pts: int | None = None) -> None:
        self._codec = codec
        self._splits = can_restart(codec)
        self._current = _Open(restarts=True, first_pts=first_pts)
        # A group that is complete except for leading frames that may follow the next keyframe.
        self._waiting: _Open | None = None
        self._latest = -(2**63)
        self._leading: list[VideoPacket] = []

    def add(self, packet: VideoPacket) -> Iterator[PacketGroup]:
        """Take the next packet and yield the groups it completes."""
        if self._waiting is not None:
            if _is_shown_before(packet, self._current.first_pts):
                self._leading.append(packet)
                self._current.add(packet)
                return
            yield self._release()
        if self._starts_group(packet):
            self._waiting, self._leading = self._current, []
            self._current = _Open(restarts=True, first_pts=packet.pts)
        self._current.add(packet)
        self._latest = max(self._latest, packet.pts if packet.pts is not None else self._latest)
        if len(self._current.packets) >= MAX_GROUP_PACKETS or self._current.size >= MAX_GROUP_BYTES:
            if self._waiting is not None:
                yield self._release()
            yield self._current.closed()
            self._current = _Open(restarts=False, first_pts=self._current.first_pts)

    def finish(self) -> Iterator[PacketGroup]:
        """Yield the remaining groups at the end of the stream."""
        if self._waiting is not None:
            yield self._release()
        yield self._current.closed(ends=True, last=True)

    def _starts_group(self, packet: VideoPacket) -> bool:
        return (
            self._splits
            and packet.is_keyframe
            and packet.pts is not None
            and packet.pts > self._latest  # a clock that is set back does not end a group
            and len(self._current.packets) >= MIN_GROUP_PACKETS
            and is_fresh_start(packet, self._codec)
        )

    def _release(self) -> PacketGroup:
        group, key = self._waiting, self._current
        assert group is not None  # noqa: S101 - the callers looked
        borrowed = (key.packets[0], *self._leading) if self._leading else ()
        self._waiting, self._leading = None, []
        return group.closed(end_pts=key.first_pts, ends=True, borrowed=borrowed)


def shown_pts(group: PacketGroup) -> NDArray[np.int64]:
    """Return the timestamps of all frames of a group, decoded or not, ascending, int64."""
    pts = (packet.pts for packet in group.packets if packet.pts is not None and not packet.is_discard)
    return np.unique(np.fromiter((p for p in pts if group.first_pts is None or p >= group.first_pts), np.int64))


def can_restart(codec: str) -> bool:
    """Whether a stream of this codec can contain clean keyframes."""
    return codec in _RESTARTABLE


def _is_shown_before(packet: VideoPacket, pts: int | None) -> bool:
    return packet.pts is not None and pts is not None and packet.pts < pts
