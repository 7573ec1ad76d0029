"""Numbering pictures among all that are shown, however few were decoded and however they come."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autoclip.signals.frame_numbering import Numbering


def numbered(seconds, shown, pushes, late=0):
    """Numbers of `seconds` pushed in parts that begin at `pushes`; what is shown comes `late` pictures early."""
    numbering, numbers = Numbering(), []
    edges = [0, *sorted(set(pushes) & set(range(1, len(seconds)))), len(seconds)]
    told = 0
    for first, after in pairwise(edges):
        until = np.searchsorted(shown, seconds[after - 1], side="right") + late if after < len(seconds) else len(shown)
        numbers.extend(numbering.number(seconds[first:after], shown[told:until]))
        told = until
    return numbers


@given(st.lists(st.booleans(), min_size=2, max_size=60), st.lists(st.integers(1, 59)), st.integers(0, 5))
def test_a_picture_bears_its_place_among_all_that_are_shown(decoded, pushes, late):
    decoded[0] = True
    shown = np.cumsum(np.resize([0.04, 0.02, 0.1], len(decoded)))
    kept = np.flatnonzero(decoded)
    assert numbered(shown[kept], shown, pushes, late) == kept.tolist()


@given(st.integers(1, 40), st.lists(st.integers(1, 39)))
def test_pictures_of_which_the_file_says_nothing_are_counted_one_by_one(count, pushes):
    seconds = np.arange(count) / 25
    assert numbered(seconds, np.zeros(0), pushes) == list(range(count))


def test_a_time_that_is_told_twice_counts_once():
    numbering = Numbering()
    assert numbering.number(np.array([0.0, 0.04]), np.array([0.0, 0.04])).tolist() == [0, 1]
    assert numbering.number(np.array([0.08]), np.array([0.0, 0.04, 0.08])).tolist() == [2]
