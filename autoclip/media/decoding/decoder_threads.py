"""The threads that decode pictures: each takes the next group of packets, and a decoder that is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoclip.media.decoding.nal_units import VideoPacket
from autoclip.media.decoding.packet_groups import PacketGroup, shown_pts
from autoclip.media.decoding.video import DecodingStopped, Pictures, VideoDamage, VideoDecoder

Description = TypeVar("Description")

_HEARTBEAT_SEC = 0.2


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
    damage : tuple of VideoDamage
        What could not be decoded.
    """

    description: Description | None
    shown_pts: NDArray[np.int64]
    end_pts: int
    damage: tuple[VideoDamage, ...]


class Decoders:
    """The threads that decode pictures, and the decoders they take turns with: as many of the one as of the other.

    Unless `by_groups`, the one decoder there is goes on from group to group.
    """

    def __init__(self, decoders: Sequence[VideoDecoder], *, by_groups: bool) -> None:
        self._stop = threading.Event()
        self._idle = list(decoders)
        self._lock = threading.Lock()
        self._last: Future[VideoDecoder | None] | None = None
        self.count = len(decoders)
        self._by_groups = by_groups
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="autoclip-decode")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, group: PacketGroup, describe: Callable[[Pictures], Description]) -> Future[Described[Description]]:
        """Queue a group; groups are begun in the order they are submitted."""
        before, handed_on = self._last, Future[VideoDecoder | None]()
        self._last = handed_on
        return self._pool.submit(self._run, group, describe, before, handed_on)

    def _run(
        self,
        group: PacketGroup,
        describe: Callable[[Pictures], Description],
        before: Future[VideoDecoder | None] | None,
        handed_on: Future[VideoDecoder | None],
    ) -> Described[Description]:
        decoder: VideoDecoder | None = None
        try:
            decoder = self._take(group, before)
            pictures, damage = decoder.decode(group, self._stop)
            if group.last or (group.ends and self._by_groups):
                self._give_back(decoder)
                decoder = None
        finally:
            handed_on.set_result(decoder)
        shown = shown_pts(group)
        return Described(
            describe(pictures) if pictures is not None else None,
            shown,
            max((_end_of(packet) for packet in group.packets), default=0),
            tuple(damage),
        )

    def _take(self, group: PacketGroup, before: Future[VideoDecoder | None] | None) -> VideoDecoder:
        """Return the decoder that had the group before if it must go on, else an idle one."""
        if before is not None and (not group.restarts or not self._by_groups):
            held = before.result()
            if held is None:
                raise DecodingStopped
            return held
        with self._lock:
            return self._idle.pop()

    def _give_back(self, decoder: VideoDecoder) -> None:
        decoder.reset()
        with self._lock:
            self._idle.append(decoder)


def result_of(
    future: Future[Described[Description]],
    heartbeat: Callable[[], None],
) -> Described[Description]:
    """Wait for a group's outcome; `heartbeat` is called several times a second and may raise to stop the work."""
    while not future.done():
        heartbeat()
        wait_for([future], timeout=_HEARTBEAT_SEC)
    return future.result()


def _end_of(packet: VideoPacket) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return 0 if pts is None or packet.is_discard else pts + (packet.duration or 0)
