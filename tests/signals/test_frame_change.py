"""Change of the picture: the median of each step, blind to a single cut or flash."""

import numpy as np
import pytest

from autoclip.signals.frame_change import change_series
from autoclip.timeline import Grid


def test_a_cut_does_not_move_the_median():
    seconds = np.arange(0, 2, 0.05)
    change = np.full(seconds.size, 0.01, np.float32)
    change[0], change[24] = np.inf, 0.9
    assert change_series(seconds, change, Grid(0.5, 4)) == pytest.approx([0.01] * 4)


def test_a_step_without_a_pair_of_pictures_is_unmeasured():
    series = change_series(np.array([0.0, 0.1, 1.2]), np.array([np.inf, 0.2, 0.4], np.float32), Grid(0.5, 3))
    assert series == pytest.approx([0.2, np.nan, 0.4], nan_ok=True)


def test_an_even_count_has_the_mean_of_its_middle_two():
    series = change_series(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.1, 0.3, 0.2], np.float32), Grid(0.5, 1))
    assert series == pytest.approx([0.25])
