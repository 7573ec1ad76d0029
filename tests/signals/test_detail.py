"""Detail: what mixing does to fine structure, and that tiny pictures have some too."""

import numpy as np
import pytest

from autoclip.signals.detail import detail_energy


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (1, 90, 160))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_detail_of_a_mix_follows_a_parabola(share):
    one, other = noise(1), noise(2)
    mix = np.rint(share * one + (1 - share) * other).astype(np.uint8)
    whole = [detail_energy(picture.astype(np.uint8)).mean() for picture in (one, other, mix)]
    assert whole[2] == pytest.approx(share**2 * whole[0] + (1 - share) ** 2 * whole[1], rel=0.05)


def test_detail_is_the_mean_square_of_steps_and_told_part_by_part():
    picture = np.zeros((1, 90, 160), np.uint8)
    picture[:, :22, :80] = np.tile([0, 0, 10, 10], 20)
    parts = detail_energy(picture).reshape(4, 6)
    assert parts[0, 0] == pytest.approx(100)
    assert not parts[1:].any()
    assert not parts[:, 4:].any()


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (4, 8), (9, 16)])
def test_tiny_pictures_have_parts_of_their_own(size):
    parts = detail_energy(np.full((3, *size), 7, np.uint8))
    assert parts.shape[0] == 3
    assert not parts.any()
