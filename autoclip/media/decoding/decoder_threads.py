"""Threads that decode video: each takes the next group of packets and an idle decoder."""

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
    """The result of one group.

    Attributes
    ----------
    description : object or None
        The result of the caller's function for the frames; None if there are none.
    shown_pts : ndarray
        Timestamps of all frames of the group, decoded or skipped, sorted; int64.
    end_pts : int
        End of the last frame, according to its packet.
    damage : tuple of VideoDamage
        What could not be decoded.
    """

    description: Description | None
    shown_pts: NDArray[np.int64]
    end_pts: int
    damage: tuple[VideoDamage, ...]


class Decoders:
    """Threads that decode video, and as many decoders, which they use in turn.

    Unless `by_groups`, there is one decoder, which continues from group to group.
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
        """Queue a group. Groups are started in the order they are submitted."""
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
        """Return the decoder that had the previous group if it must continue, else an idle one."""
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
    """Wait for a group's result. `heartbeat` is called several times a second and may raise to stop the work."""
    while not future.done():
        heartbeat()
        wait_for([future], timeout=_HEARTBEAT_SEC)
    return future.result()


def _end_of(packet: VideoPacket) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return 0 if pts is None or packet.is_discard else pts + (packet.duration or 0)
