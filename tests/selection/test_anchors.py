"""Anchors: which moments are found, and the laws of non-maximum suppression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import Scene, empty_features

from autoclip.errors import ParameterError
from autoclip.selection.anchors import find_anchors, local_maxima, suppress_neighbors
from autoclip.selection.excitement import measure_excitement
from autoclip.settings import AnchorSettings

NO_CUTS = np.zeros(0)


def anchors_of(features, cuts=NO_CUTS, **changed):
    settings = AnchorSettings(**changed)
    return find_anchors(measure_excitement(features, settings), np.asarray(cuts), settings)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.floats(0.01, 10)), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_suppression_keeps_the_best_and_spaces_the_rest(peaks, reach):
    steps = np.array([step for step, _ in peaks])
    scores = np.array([score for _, score in peaks])
    kept = suppress_neighbors(steps, scores, reach)
    assert scores[kept[0]] == scores.max()
    chosen = np.sort(steps[kept])
    assert (np.diff(chosen) >= reach).all()
    for index in set(range(len(peaks))) - set(kept):
        rivals = [other for other in kept if abs(int(steps[other]) - int(steps[index])) < reach]
        assert any(scores[other] >= scores[index] for other in rivals)


def test_a_plateau_is_one_maximum():
    assert local_maxima(np.array([0, 2, 2, 2, 0, 1.0]), 0.5).tolist() == [3, 5]


def test_a_loud_and_active_moment_is_an_excitement_peak():
    anchors = anchors_of(Scene(300).moment(100).features())
    best = max(anchors, key=lambda anchor: anchor.score)
    assert best.kind == "excitement_peak"
    assert 99 <= best.time_sec <= 107


def test_loud_commentary_over_a_calm_picture_is_an_audio_peak():
    scene = Scene(300).sound_at(150, 4, 18).motion_at(145, 15, 0.3)
    anchors = [anchor for anchor in anchors_of(scene.features()) if 148 <= anchor.time_sec <= 156]
    assert anchors
    assert max(anchors, key=lambda anchor: anchor.score).kind in {"audio_peak", "excitement_peak"}


def test_fast_cutting_with_motion_and_no_louder_sound_is_an_action_sequence():
    cuts = [200, 201, 202, 203, 204]
    scene = Scene(300).motion_at(199, 6, 8).cut(*cuts)
    near = [a for a in anchors_of(scene.features(), cuts, excitement_w_motion=0.0) if 198 <= a.time_sec <= 206]
    assert {anchor.kind for anchor in near} == {"action_sequence"}


def test_anchors_are_limited_by_the_minute():
    scene = Scene(600)
    for at in range(10, 590, 6):
        scene.moment(at, 2)
    assert len(anchors_of(scene.features(), max_anchors_per_minute=2.0)) <= 20


def test_without_sound_the_picture_carries_the_score():
    scene = Scene(300, sound=False).motion_at(100, 6, 5)
    excitement = measure_excitement(scene.features(), AnchorSettings())
    assert excitement.carried_by == ("motion",)
    assert abs(max(anchors_of(scene.features()), key=lambda a: a.score).time_sec - 103) < 4


def test_silence_over_black_has_no_anchor():
    assert anchors_of(empty_features(60)) == ()


@pytest.mark.parametrize("offset", [-20, -10, 10, 20])
def test_the_recording_level_does_not_matter(offset):
    scene = Scene(300, level_dbfs=-40).moment(100).moment(200)
    plain = [round(anchor.time_sec, 3) for anchor in anchors_of(scene.features())]
    assert [round(anchor.time_sec, 3) for anchor in anchors_of(scene.features(offset))] == plain


def test_the_spec_formula_multiplies_the_plain_z_scores():
    features = Scene(120).moment(60).features()
    settings = AnchorSettings(
        excitement_formula="product", normalization="standard", loudness_measure="rms", smoothing_sec=0
    )
    rms = features.series["audio_rms"].astype(float)
    motion = features.series["motion_score"].astype(float)
    loudness_z, motion_z = ((x - x.mean()) / x.std() for x in (rms, motion))
    expected = np.maximum(loudness_z, 0) * np.maximum(motion_z, 0)
    assert measure_excitement(features, settings).curve == pytest.approx(expected, abs=1e-4)


def test_what_viewers_replayed_raises_excitement():
    features = Scene(300).features()
    replayed = np.zeros(features.grid.count, np.float32)
    replayed[200:212] = 1.0
    series = {**features.series, "most_replayed": replayed}
    marked = type(features)(features.duration_sec, features.grid, series)
    best = max(anchors_of(marked), key=lambda anchor: anchor.score)
    assert 99 <= best.time_sec <= 107


def test_loud_speech_over_a_card_is_no_moment_in_a_video_that_moves():
    scene = Scene(300).moment(100).sound_at(200, 8, 15).still(198, 12)
    assert not [anchor for anchor in anchors_of(scene.features()) if 199 <= anchor.time_sec <= 209]
    kept = anchors_of(scene.features(), sound_over_stills=True)
    assert [anchor for anchor in kept if 199 <= anchor.time_sec <= 209]


def with_signal(scene, name, at, height=1.0):
    features = scene.features()
    values = np.zeros(features.grid.count, np.float32)
    values[features.grid.index_of(at) : features.grid.index_of(at + 4)] = height
    return type(features)(features.duration_sec, features.grid, {**features.series, name: values})


@pytest.mark.parametrize("height", [1e-3, 1.0, 5e4])
@pytest.mark.parametrize("formula", ["mean", "sum", "product"])
def test_a_weighted_signal_raises_excitement_whatever_its_unit(formula, height):
    features = with_signal(Scene(300), "laughter", 100, height)
    plain = measure_excitement(features, AnchorSettings(excitement_formula=formula))
    raised = measure_excitement(features, AnchorSettings(excitement_formula=formula, signal_weights="laughter=1"))
    assert 98 <= features.grid.times[int(raised.curve.argmax())] <= 106
    assert raised.curve[204] > plain.curve[204] + 1
    assert "laughter" in raised.carried_by
    lowered = measure_excitement(features, AnchorSettings(excitement_formula=formula, signal_weights="laughter=-1"))
    assert lowered.curve[204] < plain.curve[204]


def test_a_weighted_signal_that_was_not_measured_is_named():
    with pytest.raises(ParameterError, match="names laughter, which was not measured"):
        measure_excitement(Scene(60).features(), AnchorSettings(signal_weights="laughter=1"))


def test_a_weighted_signal_without_values_takes_its_weight_with_it():
    features = with_signal(Scene(300).moment(100), "laughter", 100, np.nan)
    features.series["laughter"][:] = np.nan
    plain = measure_excitement(features, AnchorSettings())
    assert np.array_equal(plain.curve, measure_excitement(features, AnchorSettings(signal_weights="laughter=1")).curve)
