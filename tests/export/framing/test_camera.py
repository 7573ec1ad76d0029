"""The path of a crop that follows a subject: calm, bounded, and never far from it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoclip.export.framing.camera import (
    DEAD_ZONE,
    MAX_ACCELERATION,
    MAX_SPEED,
    STEP_SEC,
    CameraTask,
    camera_path,
)
from autoclip.export.framing.crop_path import CropPath, joined

CROP = 81 / 256
"""A vertical crop of a 16:9 picture."""


def moves(path):
    """Lengths of the moves one way."""
    steps = np.diff(path)
    way = np.where(np.abs(steps) > 1e-5, np.sign(steps), 0)
    edges = [0, *(np.flatnonzero(np.diff(way)) + 1), len(way)]
    return [abs(path[b] - path[a]) for a, b in pairwise(edges) if way[a]]


@st.composite
def walks(draw):
    """A person who stands, walks at up to half a picture a second, and stands again, with a detector's jitter."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    legs = draw(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(1, 6)), min_size=1, max_size=4))
    places, times = [legs[0][0]], [0.0]
    for place, rest in legs:
        times += [times[-1] + max(abs(place - places[-1]) / (0.5 * MAX_SPEED), 0.5)]
        places += [place]
        times += [times[-1] + rest]
        places += [place]
    seconds = np.arange(0, times[-1], STEP_SEC)
    return np.interp(seconds, times, places) + random.normal(scale=0.004, size=len(seconds))


@given(walks())
@settings(deadline=None, max_examples=25)
def test_a_walk_is_followed_within_bounds(subject):
    task = CameraTask(subject, CROP)
    path = camera_path(task)
    assert path.min() >= CROP / 2 - 1e-9
    assert path.max() <= 1 - CROP / 2 + 1e-9
    assert np.abs(np.diff(path)).max() <= MAX_SPEED * STEP_SEC + 1e-7
    if len(path) > 2:
        assert np.abs(np.diff(path, 2)).max() <= MAX_ACCELERATION * STEP_SEC**2 + 1e-7
    assert all(length >= DEAD_ZONE * CROP - 1e-4 for length in moves(path))
    assert (np.abs(path - task.reachable) <= 0.3 * CROP).mean() >= 0.95


@given(st.floats(0, 1), st.integers(0, 1000), st.integers(1, 300))
@settings(deadline=None, max_examples=25)
def test_what_stays_in_the_dead_zone_moves_nothing(middle, seed, count):
    random = np.random.default_rng(seed)
    subject = middle + random.uniform(-DEAD_ZONE, DEAD_ZONE, count) * CROP * 0.99
    assert np.ptp(camera_path(CameraTask(subject, CROP))) == 0


def test_a_step_aside_is_one_move():
    subject = np.repeat([0.3, 0.7], 60)
    subject[55:65] = np.linspace(0.3, 0.7, 10)
    path = camera_path(CameraTask(subject, CROP))
    assert len(moves(path)) == 1
    assert np.ptp(path[:40]) < 1e-4
    assert np.ptp(path[-40:]) < 1e-4


def paths():
    seconds = np.arange(0, 12, 0.1)
    glide = np.interp(seconds, [0, 2, 4, 7, 9, 12], [0.3, 0.3, 0.6, 0.6, 0.25, 0.25])
    first = CropPath(seconds + 5, glide, np.zeros(120, np.bool_))
    second = CropPath(seconds + 17, 1 - glide, np.zeros(120, np.bool_))
    return joined([first, second], 5.0)


def test_a_simpler_path_is_the_same_path():
    path = paths()
    simple = path.simplified()
    assert len(simple.seconds) <= 14
    instants = np.arange(0, 24, 1 / 30)
    assert np.abs(simple.at(instants) - path.at(instants)).max() <= 3e-4
    assert simple.jumps.sum() == 1


def test_the_expression_says_what_the_path_says():
    path = paths().simplified()
    code = path.expression(608, 1920).replace("clip(", "np.clip(").replace("gte(t,", "np.greater_equal(t,")
    instants = np.arange(0, 24, 1 / 30)
    shown = np.array([eval(code, {"np": np, "t": t}) for t in instants])
    assert shown == pytest.approx(path.at(instants) * 1920 - 304, abs=1.5)
