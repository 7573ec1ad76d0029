"""The demo is what it claims to be: its goals loud and active, its decoys honest, its edges where the truth says."""

from fractions import Fraction

import numpy as np
import pytest

from autoclip.timeline import Interval
from synthetic_media import sound_of
from synthetic_media.camera import expose
from synthetic_media.demo import REPLAY, SHOUTING, demo_storyboard
from synthetic_media.schedule import Schedule

RATE = 16_000
BOARD = demo_storyboard()
CALM = Interval(39.0, 46.0)


@pytest.fixture(scope="module")
def schedule():
    return Schedule.plan(BOARD, Fraction(25), (1.0,), Fraction(1, 25))


@pytest.fixture(scope="module")
def motion(schedule):
    """Mean absolute luma difference of frames a quarter second apart, one value a second."""
    kept = [p.luma.astype(int) for i, p in enumerate(expose(schedule, 160, 90)) if i % 25 in {9, 15}]
    return np.array([np.abs(after - before).mean() for before, after in zip(kept[::2], kept[1::2], strict=True)])


def level(interval):
    samples = sound_of(BOARD, int(interval.start * RATE), int(interval.duration * RATE), RATE)
    return 20 * np.log10(np.sqrt(np.mean(samples**2)))


def activity(motion, interval):
    return motion[int(np.ceil(interval.start)) : int(interval.end)].mean()


def test_two_minutes_with_everything_in_them(schedule):
    truth = schedule.truth()
    assert truth.duration_sec == 120.0
    assert len(truth.highlights) == 4
    assert [mark.label for mark in truth.decoys] == ["loud but still", "active but quiet"]
    assert [transition.kind for transition in truth.transitions] == ["fade", "fade", "fade"]
    assert len(truth.black_runs) == 1
    assert [run.interval for run in truth.freeze_runs] == [SHOUTING, Interval(83.0, 85.0)]


def test_goals_are_loud_and_active(motion):
    for mark in (mark for mark in BOARD.marks if mark.kind == "highlight"):
        assert level(mark.interval) > level(CALM) + 15, mark.label
        assert activity(motion, mark.interval) > 1.8 * activity(motion, CALM), mark.label


def test_decoys_are_as_loud_or_as_active_as_a_goal(motion):
    goals = [mark.interval for mark in BOARD.marks if mark.kind == "highlight"]
    assert level(SHOUTING) > min(map(level, goals)) - 3
    assert activity(motion, SHOUTING) < 0.5 * activity(motion, CALM)
    assert activity(motion, REPLAY) > 0.6 * min(activity(motion, goal) for goal in goals)
    assert level(REPLAY) < level(CALM) - 12


def test_goals_lie_between_hard_cuts_and_no_decoy_shares_their_shot(schedule):
    cuts = np.array([0.0, *(cut.time_sec for cut in schedule.truth().cuts)])
    for mark in (mark for mark in BOARD.marks if mark.kind == "highlight"):
        start, end = cuts[cuts <= mark.interval.start].max(), cuts[cuts >= mark.interval.end].min()
        shot = Interval(start, end)
        assert 8 <= shot.duration <= 10
        assert not any(shot.overlap(other.interval) for other in BOARD.marks if other is not mark)
