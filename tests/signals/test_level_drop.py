"""Drops of level: where the sound falls, by how much, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.signals.level_drop import level_drop_series, level_fall_series
from autoclip.signals.table import ENVELOPE_STEP_SEC
from autoclip.timeline import Grid

GRID = Grid(0.5, 40)
FINE = round(20 / ENVELOPE_STEP_SEC)


@given(at=st.floats(4, 16), fall=st.floats(3, 40), level=st.floats(-25, -5))
def test_a_fall_is_measured_where_it_is(at, fall, level):
    envelope = np.full(FINE, level, np.float32)
    envelope[round(at / ENVELOPE_STEP_SEC) :] -= fall
    drop = level_drop_series(envelope, GRID)
    assert drop.max() == pytest.approx(min(fall, level + 70), abs=0.05 * fall)
    assert abs((int(drop.argmax()) + 0.5) * 0.5 - at) <= 0.5


@given(st.floats(-70, 0), st.floats(0, 30))
def test_steady_and_rising_sound_never_fall(level, rise):
    envelope = np.linspace(level - rise, level, FINE).astype(np.float32)
    assert level_drop_series(envelope, GRID).max() <= 1e-3
    assert level_fall_series(envelope, GRID).max() <= 1e-3


@given(at=st.floats(6, 14), fall=st.floats(3, 40))
def test_a_lasting_fall_counts_from_before_it(at, fall):
    envelope = np.full(FINE, -25, np.float32)
    envelope[round(at / ENVELOPE_STEP_SEC) :] -= fall
    measured = level_fall_series(envelope, GRID)
    steps = np.flatnonzero(measured >= 0.9 * fall)
    assert steps.size
    assert at - 1.5 <= (steps[0] + 0.5) * 0.5 <= (steps[-1] + 0.5) * 0.5 <= at


def test_silence_below_the_floor_and_missing_sound_are_no_fall():
    envelope = np.full(FINE, -80.0, np.float32)
    envelope[FINE // 2 :] = np.nan
    for series in (level_drop_series, level_fall_series):
        assert not series(envelope, GRID).any()
        assert not series(np.zeros(0, np.float32), GRID).any()
