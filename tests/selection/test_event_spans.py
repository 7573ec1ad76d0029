"""Event spans: as long as the event, apart from each other, the best first."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.selection.event_spans import find_event_spans


def curve(*bursts, count=400, level=-0.5):
    values = np.full(count, level)
    for first, after in bursts:
        values[first:after] = 2.0
    return values


def spans_of(values, shortest=10, longest=80, threshold=0.3):
    return find_event_spans(values, shortest=shortest, longest=longest, threshold=threshold)


@pytest.mark.parametrize("length", [10, 20, 40, 60])
def test_a_span_is_as_long_as_its_event(length):
    (span,) = spans_of(curve((100, 100 + length)))
    assert abs(span.first - 100) <= 0.15 * length
    assert abs(span.after - 100 - length) <= 0.15 * length


def test_bursts_of_one_action_are_one_span_and_those_apart_are_two():
    assert len(spans_of(curve((100, 112), (114, 126)))) == 1
    assert len(spans_of(curve((100, 112), (140, 152)))) == 2


@given(st.lists(st.floats(-3, 5), min_size=1, max_size=200), st.integers(1, 20), st.integers(1, 60))
def test_spans_never_share_a_step_and_keep_their_limits(values, shortest, longest):
    longest = max(shortest, longest)
    found = spans_of(np.array(values), shortest, longest)
    for span in found:
        assert 0 <= span.first < span.after <= len(values)
        assert min(shortest, len(values)) <= span.after - span.first <= longest
        assert span.mean >= 0.3
    assert all(one.after <= other.first for one, other in pairwise(found))


def test_an_even_curve_below_the_threshold_has_none():
    assert spans_of(np.zeros(300)) == ()
    assert spans_of(np.zeros(0)) == ()
