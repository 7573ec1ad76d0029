"""Laws of time."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autoclip.timeline import Grid, Interval, Timestamp

instants = st.floats(0, 1e5, allow_nan=False)
intervals = st.builds(lambda a, b: Interval(min(a, b), max(a, b)), instants, instants)


@given(intervals, intervals)
def test_iou_is_symmetric_and_bounded(a, b):
    assert a.iou(b) == b.iou(a)
    assert 0 <= a.iou(b) <= 1


@given(intervals)
def test_iou_with_itself_is_one(a):
    assume(a.duration > 0)
    assert a.iou(a) == pytest.approx(1)


@given(intervals, st.floats(0, 10), st.floats(0, 10))
def test_disjoint_intervals_share_nothing(a, gap, length):
    b = Interval(a.end + gap, a.end + gap + length)
    assert a.overlap(b) == 0
    assert a.iou(b) == 0


@given(intervals, intervals)
def test_clamping_stays_inside(inner, outer):
    assert outer.encloses(inner.clamped(outer))


@given(intervals)
def test_the_end_is_not_in_the_interval(a):
    assert not a.contains(a.end)
    assert a.duration == 0 or a.contains(a.start)


@pytest.mark.parametrize(("start", "end"), [(2, 1), (float("nan"), 1), (0, float("inf"))])
def test_an_impossible_interval_is_refused(start, end):
    with pytest.raises(ValueError, match="interval"):
        Interval(start, end)


@given(st.floats(0.01, 1e5), st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_a_grid_covers_its_duration_and_no_step_more(duration, step):
    grid = Grid.covering(duration, step)
    assert grid.count * step >= duration - 1e-6
    assert (grid.count - 1) * step < duration
    assert grid.times.shape == (grid.count,)


@given(st.integers(1, 5000), st.sampled_from([0.1, 0.25, 0.5]))
def test_every_step_start_lies_in_its_own_step(count, step):
    grid = Grid(step, count)
    assert [grid.index_of(t) for t in grid.times[:50]] == list(range(min(count, 50)))
    assert grid.index_of(-1) == 0
    assert grid.index_of(1e9) == count - 1


def test_a_float_remainder_is_no_step_of_its_own():
    assert Grid.covering(0.1 * 3 + 0.2, 0.5).count == 1
    assert np.array_equal(Grid.covering(10.000000001, 0.5).times, np.arange(20) * 0.5)


@given(st.integers(-(10**12), 10**12))
def test_a_timestamp_keeps_its_integer(pts):
    stamp = Timestamp(pts, Fraction(1, 90000))
    assert stamp.exact * 90000 == pts
    assert stamp.seconds == pytest.approx(pts / 90000)
