"""Fine structure: alike after moves, tints and flashes of one scene, unlike in another; what is drawn over it stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moving_scenes import texture

from autoclip.signals.fine_structure import fine_thumbnails, structure_change

SIZE = (90, 160)


def luma(seed):
    return np.clip(texture(seed, *SIZE).mean(axis=2), 16, 235).astype(np.uint8)


def change(new, old):
    found = structure_change(fine_thumbnails(new[None]), fine_thumbnails(old[None]))
    return float(found.unlike[0]), float(found.kept[0])


@pytest.mark.parametrize("move", [(0, 0), (0, 25), (5, -30), (-10, 10)])
def test_a_moved_camera_shows_the_same_scene(move):
    assert change(np.roll(luma(1), move, axis=(0, 1)), luma(1))[0] < 0.35


@pytest.mark.parametrize("bars", [0, 12, 13])
def test_another_scene_is_unlike_and_keeps_nothing_whatever_bars_both_have(bars):
    one, other = luma(1), luma(2)
    for picture in (one, other):
        picture[:bars] = picture[90 - bars :] = 16
    unlike, kept = change(one, other)
    assert unlike > 0.6
    assert kept < 0.12


def test_more_light_leaves_the_scene_alike():
    lit = (0.4 * luma(1).astype(float) + 0.6 * 235).astype(np.uint8)
    assert change(lit, luma(1))[0] < 0.1


def test_what_is_drawn_over_two_scenes_stays_in_place():
    one, other = luma(1), luma(2)
    one[70:] = other[70:] = np.random.default_rng(0).integers(16, 235, (20, 160))
    assert change(one, other)[1] > 0.12


def test_flat_pictures_are_alike_and_one_without_structure_is_unlike_any_other():
    flat = np.full(SIZE, 90, np.uint8)
    assert change(flat, flat + 60)[0] == pytest.approx(0, abs=1e-6)
    assert change(luma(1), flat)[0] > 0.6


@given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 1), (2, 3), (17, 33), (90, 160)]))
def test_measures_keep_their_bounds_for_any_pictures(seed, size):
    random = np.random.default_rng(seed)
    one, other = (random.integers(0, random.integers(1, 257), size, np.uint8) for _ in range(2))
    unlike, kept = change(one, other)
    assert -1e-5 <= unlike <= 2
    assert 0 <= kept <= 1
    assert kept == change(other, one)[1]
