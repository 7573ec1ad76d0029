"""Planted truth: what is a highlight by construction must win over what only seems one, wherever and however loud."""

import numpy as np
import pytest
from made_features import Scene

from autoclip.evaluation.scores import evaluate_edges
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.timeline import Interval


def ranked(features, **changed):
    clips = select(features, Settings.from_flat(changed), "truth").clips
    return sorted(clips, key=lambda clip: -clip.quality_score)


def holds(clip, interval):
    return clip.start <= interval.start + 0.5 and interval.midpoint < clip.end


def assert_planted_first(scene, clips):
    """Every moment is in one of the best clips, and no decoy's clip ranks above one of theirs."""
    ranks = []
    for moment in scene.moments:
        rank = next((rank for rank, clip in enumerate(clips) if holds(clip, moment)), None)
        assert rank is not None, f"the moment at {moment.start} is in no clip"
        ranks.append(rank)
    for decoy in scene.decoys:
        above = [clip for clip in clips[: max(ranks) + 1] if clip.start <= decoy.midpoint < clip.end]
        held = [clip for clip in above if any(holds(clip, moment) for moment in scene.moments)]
        assert len(above) == len(held), f"the decoy at {decoy.start} ranks above a moment"


def match_with_decoys(seed=0):
    """Ten minutes with three moments, two that are loud but still and two that are fast but quiet."""
    scene = Scene(600, level_dbfs=-40, seed=seed)
    for at in (95, 280, 470):
        scene.moment(at)
    for at in (40, 380):
        scene.decoy(at, louder=15.0, faster=0.3)
    for at in (180, 540):
        scene.decoy(at, louder=0.0, faster=4.0)
    return scene


@pytest.mark.parametrize("offset", range(-20, 21, 5))
def test_planted_moments_win_at_every_recording_level(offset):
    scene = match_with_decoys()
    assert_planted_first(scene, ranked(scene.features(offset)))


@pytest.mark.parametrize("seed", range(1, 9))
def test_planted_moments_win_over_every_background(seed):
    scene = match_with_decoys(seed)
    assert_planted_first(scene, ranked(scene.features()))


@pytest.mark.parametrize("offset", [-20, 0, 20])
@pytest.mark.parametrize("louder", [10.0, 20.0])
def test_a_loud_half_hour_does_not_drown_the_rest(offset, louder):
    scene = Scene(7200, level_dbfs=-50, seed=4).level_step(3600, 5400, louder)
    for at in (700, 2100, 3450, 3700, 4500, 5340, 5450, 6800):
        scene.moment(at)
    for at in (1200, 4000, 6000):
        scene.decoy(at, louder=15.0, faster=0.3)
    assert_planted_first(scene, ranked(scene.features(offset)))


def test_the_step_into_the_loud_half_hour_is_no_highlight():
    scene = Scene(7200, level_dbfs=-50, seed=4).level_step(3600, 5400, 20.0)
    for at in (700, 2100, 4500, 6800):
        scene.moment(at)
    best = ranked(scene.features())[:4]
    assert not [clip for clip in best if clip.start < 3600 < clip.end]


@pytest.mark.parametrize("lag", [1.0, 2.0, 3.0, 4.0, 5.0])
def test_a_reaction_over_calm_footage_brings_its_event_along(lag):
    scene = Scene(600, seed=3).sound_at(300 + lag, 6, 16).motion_at(295, 25, 0.6)
    best = ranked(scene.features())[0]
    assert best.start <= 300 < best.end, f"{best.start}-{best.end} lacks the event at 300"


@pytest.mark.parametrize("lag", [1.0, 3.0, 5.0])
def test_a_delayed_reaction_to_visible_action_is_one_clip_with_it(lag):
    scene = Scene(600, seed=3).moment(300, length=5, lag=lag)
    best = ranked(scene.features())[0]
    assert best.start <= 300
    assert best.end > 300 + lag


@pytest.mark.parametrize("level", [-60.0, -20.0])
def test_quiet_and_loud_videos_both_have_highlights(level):
    scene = Scene(900, level_dbfs=level, seed=6).moment(200, louder=6).moment(600, louder=6)
    clips = ranked(scene.features())
    for moment in scene.moments:
        assert any(holds(clip, moment) for clip in clips[:2])


def speech(seed, phrase):
    """Twenty minutes of phrases with pauses of 0.15 to 0.6 s, some spoken with excitement."""
    random = np.random.default_rng(seed)
    scene = Scene(1200, level_dbfs=-55, seed=seed)
    at, pauses = 1.0, []
    while at < 1190:
        length = random.uniform(*phrase)
        scene.speech(at, at + length, [], loudness=random.uniform(-30, -25))
        if random.random() < 0.05:
            scene.sound_at(at, length, 8)
        pause = random.uniform(0.15, 0.6)
        pauses.append(Interval(at + length, at + length + pause))
        at += length + pause
    return scene, pauses


@pytest.mark.parametrize(("seed", "phrase"), [(1, (0.5, 2.5)), (2, (2.0, 6.0)), (3, (1.0, 9.0))])
def test_edges_in_speech_lie_in_pauses(seed, phrase):
    scene, pauses = speech(seed, phrase)
    clips = ranked(scene.features())
    assert len(clips) > 5
    edges = [edge for clip in clips for edge in (clip.start, clip.end) if 1.0 < edge < 1190]
    inside = [any(p.start - 0.05 <= edge <= p.end + 0.05 for p in pauses) for edge in edges]
    assert np.mean(inside) >= 0.9


@pytest.mark.parametrize("mean_shot", [4.0, 8.0, 12.0])
def test_edges_of_cut_material_lie_on_cuts(mean_shot):
    random = np.random.default_rng(8)
    scene = Scene(900, seed=8)
    for at in random.uniform(20, 880, 30):
        scene.moment(float(at), length=float(random.uniform(3, 8)), louder=float(random.uniform(6, 16)))
    scene.cut(*np.cumsum(random.gamma(4, mean_shot / 4, int(900 / mean_shot) - 10)).tolist())
    features = scene.features()
    result = evaluate_edges(ranked(features), features, Settings())
    assert result.count > 20
    assert result.on_cut_in_reach >= 0.7


def test_no_clip_contains_another_and_no_two_tell_the_same_moment():
    scene = match_with_decoys(seed=2)
    clips = ranked(scene.features())
    for clip in clips:
        others = [other for other in clips if other is not clip]
        assert not any(other.interval.encloses(clip.interval) for other in others)
        assert not any(other.start <= clip.anchor_time_sec < other.end for other in others if other in clips[:1])
