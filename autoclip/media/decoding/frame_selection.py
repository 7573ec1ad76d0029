"""Choose, from packets and from decoded neighbors, the frames to decode although the profile would skip them.

There are two kinds: frames used for motion, so that motion is the same in every profile, and frames around a surprising
packet. The packet of a frame that begins a new shot can reuse little of older frames and is as large as a keyframe's.
The frames shown just before it locate the cut exactly.

Where the packets showed nothing, the decoded frames do: frames skipped between two that differ as at a cut are decoded
in a second look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SURPRISE = 2.5
"""A packet this many times as large as the median of recent packets of its kind is surprising."""

_RECENT = 8

SAMPLE_STEP = 4
"""Every fourth sample of every fourth line of the reduced frames is compared."""

CHANGED = 4.0
"""Mean luma difference of two frames, in code values, from which a cut between them is visible."""

OUTSTANDING = 2.0
"""How many times as much as their surroundings two frames must differ: in a camera move all frames differ."""

AROUND = 6
"""Number of changes on each side that count as the surroundings."""

MIN_PIXELS_TO_SKIP = 600_000
"""Skipping smaller frames (1280 x 720 has 920,000 pixels) saves hardly anything, so none is skipped."""


_SKIPS_FROM_THE_START = frozenset({"av1"})
"""Codecs whose decoder (dav1d) heeds only the ``skip_frame`` it is opened with: it would skip wanted frames as well."""


@dataclass(frozen=True, slots=True)
class PacketFacts:
    """The facts that a packet provides without being decoded."""

    pts: int
    size: int
    keyframe: bool


def can_skip(codec: str) -> bool:
    """Whether the decoder of a codec can be told frame by frame what to skip."""
    return codec not in _SKIPS_FROM_THE_START


def motion_pictures(
    shown_pts: NDArray[np.int64],
    ticks_a_unit: Fraction,
    is_reference: Callable[[int], bool] | None = None,
) -> frozenset[int]:
    """Return the frame used for motion at each tick of the motion clock.

    Parameters
    ----------
    shown_pts : ndarray
        Timestamps of all frames, ascending, shape ``(n,)``.
    ticks_a_unit : Fraction
        Ticks of the motion clock per unit of the timestamps.
    is_reference : callable, optional
        Whether other frames refer to the frame of a timestamp. If given, the second frame of a tick replaces the first
        where that saves decoding a frame, because the second is decoded anyway. Otherwise the first is always used.
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
    """Return the timestamps of the frames shown between the frame of each surprising packet and the frame it follows.

    Parameters
    ----------
    packets : sequence of PacketFacts
        In file order.
    """
    recent: deque[int] = deque(maxlen=_RECENT)
    latest = surprise_after = None
    chosen: set[int] = set()
    for packet in packets:
        if latest is None or packet.pts > latest:  # shown after all frames before it: later frames will refer to it
            surprising = len(recent) == _RECENT and packet.size > SURPRISE * median(recent)
            surprise_after = latest if surprising and not packet.keyframe else None
            if not packet.keyframe:
                recent.append(packet.size)
            latest = packet.pts
        elif surprise_after is not None and packet.pts > surprise_after:
            chosen.add(packet.pts)
    return frozenset(chosen)


def pictures_at_changes(
    pts: NDArray[np.int64], luma: NDArray[np.uint8], shown_pts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the timestamps of the skipped frames that may begin a new shot, ascending.

    Parameters
    ----------
    pts : ndarray
        Timestamps of the decoded frames, ascending, shape ``(n,)``.
    luma : ndarray
        Those frames, shape ``(n, height, width)``, uint8.
    shown_pts : ndarray
        Timestamps of all frames, ascending, shape ``(m,)``.
    """
    small = luma[:, ::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.int16)
    change = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2))
    padded = np.pad(change, AROUND, constant_values=np.nan)
    usual = np.nanmedian(sliding_window_view(padded, 2 * AROUND + 1), axis=1) if len(change) else change
    after = 1 + np.flatnonzero((change >= CHANGED) & (change >= OUTSTANDING * usual))
    next_decoded = np.searchsorted(pts, shown_pts)
    return shown_pts[~np.isin(shown_pts, pts) & np.isin(next_decoded, after)]
