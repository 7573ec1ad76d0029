"""Which pictures are decoded although the profile would skip them, told from packets alone.

Two kinds: those motion looks at, so that motion is the same in every profile, and those around a surprise. The packet
of a picture that begins a new shot can borrow little from older pictures and is as large as a keyframe's; the pictures
shown just before such a packet say exactly where the cut is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import numpy as np
from numpy.typing import NDArray

SURPRISE = 2.5
"""A packet this many times as large as the median of the recent ones of its kind is a surprise."""

_RECENT = 8

MIN_PIXELS_TO_SKIP = 600_000
"""Smaller pictures (1280 x 720 has 920,000 pixels) cost hardly more to decode than to look at: nothing is skipped."""


@dataclass(frozen=True, slots=True)
class PacketFacts:
    """What a packet tells without being decoded."""

    pts: int
    size: int
    keyframe: bool


def motion_pictures(
    shown_pts: NDArray[np.int64],
    ticks_a_unit: Fraction,
    is_reference: Callable[[int], bool] | None = None,
) -> frozenset[int]:
    """Return the picture of each tick of the motion clock that motion looks at.

    Parameters
    ----------
    shown_pts : ndarray
        Timestamps of all pictures, rising, shape ``(n,)``.
    ticks_a_unit : Fraction
        Ticks of the motion clock in a unit of the timestamps.
    is_reference : callable, optional
        Whether others refer to the picture of a timestamp. If given, the second picture of a tick stands in for the
        first where that spares decoding one: it is decoded anyway. Otherwise it is always the first.
    """
    ticks = shown_pts * ticks_a_unit.numerator // ticks_a_unit.denominator
    first = np.unique(ticks, return_index=True)[1]
    second = np.minimum(first + 1, len(ticks) - 1)
    stand_in = np.where(ticks[second] == ticks[first], second, first)
    pairs = zip(shown_pts[first].tolist(), shown_pts[stand_in].tolist(), strict=True)
    if is_reference is None:
        return frozenset(pts for pts, _ in pairs)
    return frozenset(after if not is_reference(pts) and is_reference(after) else pts for pts, after in pairs)


def surprising_pictures(packets: Sequence[PacketFacts]) -> frozenset[int]:
    """Return the timestamps of the pictures shown between a surprising packet's and the one it follows.

    Parameters
    ----------
    packets : sequence of PacketFacts
        In file order.
    """
    recent: deque[int] = deque(maxlen=_RECENT)
    latest = surprise_after = None
    chosen: set[int] = set()
    for packet in packets:
        if latest is None or packet.pts > latest:  # shown after all before it: others will lean on it
            surprising = len(recent) == _RECENT and packet.size > SURPRISE * median(recent)
            surprise_after = latest if surprising and not packet.keyframe else None
            if not packet.keyframe:
                recent.append(packet.size)
            latest = packet.pts
        elif surprise_after is not None and packet.pts > surprise_after:
            chosen.add(packet.pts)
    return frozenset(chosen)
