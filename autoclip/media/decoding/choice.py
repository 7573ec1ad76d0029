"""Which pictures are decoded although the profile would skip them, told from packets alone.

Two kinds: those motion looks at, so that motion is the same in every profile, and those around a surprise. The packet
of a picture that begins a new shot can borrow little from older pictures and is as large as a keyframe's; the pictures
shown just before such a packet say exactly where the cut is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
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


def motion_pictures(shown_pts: NDArray[np.int64], ticks_a_unit: Fraction) -> frozenset[int]:
    """Return the first picture of each tick of the motion clock.

    Parameters
    ----------
    shown_pts : ndarray
        Timestamps of all pictures, rising, shape ``(n,)``.
    ticks_a_unit : Fraction
        Ticks of the motion clock in a unit of the timestamps.
    """
    ticks = shown_pts * ticks_a_unit.numerator // ticks_a_unit.denominator
    return frozenset(shown_pts[np.unique(ticks, return_index=True)[1]].tolist())


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
