"""Learning from verdicts: planted taste is found, noise changes nothing, too few verdicts are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_features import Scene

from autoclip.errors import ParameterError
from autoclip.evaluation.learning import JudgedClips, Learned, judged_clips, learn_weights
from autoclip.settings import AnchorSettings
from autoclip.timeline import Interval

USUAL = AnchorSettings()


def judged(taste, count=80, seed=0, noise=0.3):
    """Make clips whose owner keeps what `taste` (weights of loudness, motion, fall) rates highest."""
    random = np.random.default_rng(seed)
    parts = random.normal(0.5, 1.0, (count, 3))
    rated = parts @ np.array(taste) + random.normal(0, noise, count)
    return JudgedClips(parts, rated > np.median(rated))


def test_the_taste_of_an_owner_who_loves_motion_is_learned():
    learned = learn_weights([judged((0, 1, 0), seed=seed) for seed in range(3)], USUAL)
    assert learned.weights[1] > 0.6
    assert learned.is_better
    assert learned.after > learned.before + 0.1
    assert sum(learned.weights) == pytest.approx(1)


def test_verdicts_without_a_pattern_are_no_reason_to_change():
    random = np.random.default_rng(1)
    clips = [JudgedClips(random.normal(size=(40, 3)), random.random(40) > 0.5) for _ in range(4)]
    learned = learn_weights(clips, USUAL)
    assert abs(learned.after - 0.5) < 0.2


@pytest.mark.parametrize(("after", "better"), [(0.68, False), (0.694, False), (0.71, True)])
def test_a_gain_that_nobody_sees_changes_nothing(after, better):
    assert Learned((0.5, 0.2, 0.3), verdicts=183, before=0.69, after=after).is_better is better


def test_who_agrees_with_the_default_keeps_it():
    usual = (USUAL.excitement_w_audio, USUAL.excitement_w_motion, USUAL.excitement_w_drop)
    learned = learn_weights([judged(usual, seed=seed) for seed in range(3)], USUAL)
    assert learned.weights == pytest.approx(usual, abs=0.15)


@pytest.mark.parametrize(
    "clips", [[], [judged((1, 0, 0), count=29)], [JudgedClips(np.zeros((40, 3)), np.arange(40) < 4)]]
)
def test_too_few_verdicts_are_refused(clips):
    with pytest.raises(ParameterError, match="too few"):
        learn_weights(clips, USUAL)


@settings(max_examples=10)
@given(st.lists(st.integers(20, 60), min_size=1, max_size=4), st.integers(0, 99))
def test_weights_are_shares_whatever_the_verdicts(counts, seed):
    projects = [judged((0.2, 0.3, 0.5), count=count, seed=seed + n) for n, count in enumerate(counts)]
    if sum(counts) >= 30:
        learned = learn_weights(projects, USUAL)
        assert min(learned.weights) >= 0
        assert sum(learned.weights) == pytest.approx(1)
        assert 0 <= learned.before <= 1


def test_parts_are_means_over_the_clip():
    features = Scene(600).moment(300, louder=20).features()
    quiet, loud = judged_clips(features, [Interval(100, 110), Interval(300, 306)], [False, True], USUAL).parts
    assert loud[0] > quiet[0] + 1
    assert loud[1] > quiet[1] + 1
