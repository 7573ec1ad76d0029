"""Timing: which intervals between frames can be trusted in a span of packets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autoclip.media.timing import PacketTimes


def decoding_order(count: int, b_frames: int) -> np.ndarray:
    """Frame numbers in the order an encoder with `b_frames` between references sends them."""
    order = [0]
    for reference in range(b_frames + 1, count, b_frames + 1):
        order += [reference, *range(reference - b_frames, reference)]
    return np.array(order)


@given(
    count=st.integers(20, 120),
    b_frames=st.integers(0, 8),
    tick=st.integers(1, 3003),
    cut=st.tuples(st.integers(0, 100), st.integers(1, 100)),
)
def test_a_span_of_a_constant_rate_shows_one_interval_wherever_it_is_cut(count, b_frames, tick, cut):
    order = decoding_order(count, b_frames)
    pts = order * tick
    dts = (np.arange(len(order)) - b_frames) * tick
    start, stop = cut[0], cut[0] + cut[1]
    span = PacketTimes(
        pts=pts[start:stop],
        dts=dts[start:stop],
        duration=np.full_like(pts[start:stop], tick),
        first=start == 0,
        complete=stop >= len(order),
    )
    assert set(span.intervals.tolist()) <= {tick}


def test_the_end_is_that_of_the_frame_shown_last():
    times = PacketTimes(
        np.array([0, 30, 10, 20]), np.array([-10, 0, 10, 20]), np.full(4, 10), first=True, complete=True
    )
    assert times.end == 40
    assert times.intervals.tolist() == [10, 10, 10]


def test_nothing_read_says_nothing():
    none = np.array([], dtype=np.int64)
    times = PacketTimes(none, none, none, first=True, complete=True)
    assert times.end is None
    assert len(times.intervals) == 0
