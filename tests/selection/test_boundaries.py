"""Boundaries and pauses: exact places, component scores and the spacing penalty."""

import dataclasses

import numpy as np
import pytest
from made_features import Scene

from autoclip.selection.boundaries import find_boundaries
from autoclip.selection.pauses import find_pauses
from autoclip.settings import BoundarySettings
from autoclip.signals.table import Event
from autoclip.timeline import Interval

PAUSES = (Interval(20.0, 20.4), Interval(31.0, 31.2), Interval(40.0, 41.0))


def talk():
    return Scene(60, level_dbfs=-50).speech(5, 55, PAUSES)


def near(boundaries, time, tolerance=0.3):
    return [boundary for boundary in boundaries if abs(boundary.time_sec - time) <= tolerance]


@pytest.mark.parametrize("activity", [0.0, 1.0, np.nan])
def test_pauses_are_in_speech_where_somebody_speaks(activity):
    features = talk().features()
    series = {**features.series, "speech_activity": np.full(features.grid.count, activity, np.float32)}
    spoken = find_boundaries(dataclasses.replace(features, series=series), BoundarySettings())
    assert {boundary.in_speech for boundary in spoken} == {activity == 1.0}
    assert all(boundary.in_speech for boundary in find_boundaries(features, BoundarySettings()))


def test_a_cut_is_a_boundary_exactly_where_it_lies():
    boundaries = find_boundaries(Scene(60).cut(12.345678).features(), BoundarySettings())
    (cut,) = [boundary for boundary in boundaries if boundary.kind == "cut"]
    assert cut.time_sec == cut.starts_at_sec == cut.ends_at_sec == 12.345678
    assert cut.scene == 1.0


def test_a_cut_below_the_threshold_is_none():
    features = Scene(60).cut(12.0, score=0.2).features()
    kinds = {boundary.kind for boundary in find_boundaries(features, BoundarySettings())}
    assert "cut" not in kinds
    kinds = {boundary.kind for boundary in find_boundaries(features, BoundarySettings(scene_threshold=0.1))}
    assert "cut" in kinds


def test_a_dissolve_below_the_threshold_is_none():
    features = dataclasses.replace(Scene(60).features(), events=(Event("dissolve", 12.0, 13.0, 0.2),))
    assert not near(find_boundaries(features, BoundarySettings()), 12.5)
    (dissolve,) = near(find_boundaries(features, BoundarySettings(scene_threshold=0.1)), 12.5)
    assert (dissolve.kind, dissolve.time_sec, dissolve.fade) == ("fade", 12.5, 1.0)


def test_every_pause_is_found_and_nothing_else_in_the_speech():
    pauses = find_pauses(talk().features().envelope_dbfs)
    inside = (pauses.start_sec > 6) & (pauses.end_sec < 54)
    found = list(zip(pauses.start_sec[inside], pauses.end_sec[inside], strict=True))
    assert len(found) == len(PAUSES)
    for (start, end), pause in zip(found, PAUSES, strict=True):
        assert start == pytest.approx(pause.start, abs=0.05)
        assert end == pytest.approx(pause.end, abs=0.05)


def test_a_gap_shorter_than_a_pause_is_part_of_a_word():
    scene = Scene(60, level_dbfs=-50).speech(5, 55, [Interval(30.0, 30.08)])
    pauses = find_pauses(scene.features().envelope_dbfs)
    assert not ((pauses.start_sec > 29) & (pauses.end_sec < 31)).any()


def test_steady_noise_has_no_pauses():
    envelope = (-30 + np.random.default_rng(0).normal(0, 1, 3000)).astype(np.float32)
    assert find_pauses(envelope).start_sec.size == 0


def test_no_sound_has_no_pauses():
    assert find_pauses(None).start_sec.size == 0


def test_a_clip_starts_late_in_a_pause_and_ends_early_in_it():
    boundaries = find_boundaries(talk().features(), BoundarySettings())
    (pause,) = [boundary for boundary in near(boundaries, 40.5, 0.6) if boundary.kind == "pause"]
    assert 40.0 <= pause.ends_at_sec <= 40.2
    assert 40.8 <= pause.starts_at_sec <= 41.0


def test_a_clip_ends_where_black_begins_and_starts_where_it_ends():
    scene = Scene(60)
    scene.events.append(Event("black", 30.0, 32.5))
    boundaries = find_boundaries(scene.features(), BoundarySettings())
    (black,) = [boundary for boundary in boundaries if boundary.kind == "black"]
    assert (black.ends_at_sec, black.starts_at_sec) == (30.0, 32.5)
    assert black.fade == 1.0


def test_scores_are_the_weighted_components_less_the_penalty():
    weights = BoundarySettings()
    for boundary in find_boundaries(talk().cut(20.2, 35.0).features(), weights):
        expected = (
            weights.boundary_w_scene * boundary.scene
            + weights.boundary_w_audio_dip * boundary.audio_dip
            + weights.boundary_w_fade * boundary.fade
            + weights.boundary_w_motion_valley * boundary.motion_valley
            - boundary.spacing_penalty
        )
        assert boundary.score == pytest.approx(expected)
        assert boundary.score >= weights.boundary_threshold


def test_a_cut_in_a_pause_beats_a_cut_in_a_word():
    boundaries = find_boundaries(talk().cut(20.2, 35.0).features(), BoundarySettings())
    in_pause, in_word = near(boundaries, 20.2, 0.01)[0], near(boundaries, 35.0, 0.01)[0]
    assert in_pause.score > in_word.score


def test_the_weaker_of_two_close_boundaries_pays():
    features = Scene(60).cut(30.0, 30.3).features()
    boundaries = near(find_boundaries(features, BoundarySettings()), 30.15)
    assert len([boundary for boundary in boundaries if boundary.kind == "cut"]) == 1
    apart = near(find_boundaries(features, BoundarySettings(boundary_spacing_sec=0.0)), 30.15)
    assert len([boundary for boundary in apart if boundary.kind == "cut"]) == 2


def test_without_sound_the_other_weights_carry_on():
    silent = Scene(60, sound=False).cut(30.0).features()
    (cut,) = [boundary for boundary in find_boundaries(silent, BoundarySettings()) if boundary.kind == "cut"]
    assert cut.score >= 0.45 / 0.75


def test_a_chapter_is_a_candidate():
    scene = Scene(60)
    scene.events.append(Event("chapter", 25.0))
    boundaries = find_boundaries(scene.features(), BoundarySettings())
    assert [boundary.time_sec for boundary in boundaries if boundary.kind == "chapter"] == [25.0]


def test_nothing_to_go_by_has_no_boundary():
    features = Scene(60, sound=False).features()
    bare = type(features)(features.duration_sec, features.grid, {})
    assert find_boundaries(bare, BoundarySettings()) == ()


def test_of_a_cut_and_a_pause_that_ends_on_it_the_cut_wins():
    scene = Scene(60, level_dbfs=-50).speech(5, 30, []).speech(31, 55, []).cut(31.02)
    boundaries = near(find_boundaries(scene.features(), BoundarySettings()), 30.7, 0.8)
    assert [boundary.kind for boundary in boundaries] == ["cut"]
