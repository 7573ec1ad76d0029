"""Windows: search ranges, fall-backs, limits and the pull of boundaries; quality from its parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import STEP_SEC, Scene

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.excitement import Excitement
from autoclip.selection.quality import WindowMeans, narrative_score, rate
from autoclip.selection.windows import build_windows, edge_reaches
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.timeline import Grid


def flat(duration=100.0, value=0.0):
    grid = Grid.covering(duration, STEP_SEC)
    curve = np.full(grid.count, float(value))
    content = np.ones(grid.count, np.bool_)
    return Excitement(grid, curve, np.maximum(curve, 0), None, None, None, content, None, None)


def peak(at=50.0, duration=100.0, width=3.0):
    excitement = flat(duration)
    times = excitement.grid.times
    excitement.curve[:] = 2.0 * np.exp(-(((times - at) / width) ** 2))
    return excitement


def anchor(at):
    return Anchor(at, 2.0, "excitement_peak", int(at / STEP_SEC))


def boundary(at, kind="cut", score=0.45):
    return Boundary(at, at, at, kind, score)


SNAPPING = {
    "moment_min_sec": 8.0,
    "padding_sec": 1.0,
    "snap_decay_sec": 3.0,
    "snap_reach_sec": 6.0,
    "cut_snap_decay_sec": 6.0,
    "cut_snap_reach_sec": 6.0,
}
"""What the values in these tests were reckoned with."""


def window(boundaries, at=50.0, duration=100.0, lengths=None, **changed):
    (built,) = build_windows(
        [anchor(at)],
        boundaries,
        peak(at, duration),
        duration,
        settings=WindowSettings(**{**SNAPPING, **changed}),
        lengths=lengths or SceneSettings(),
    )
    return built


def test_without_a_boundary_in_range_the_fall_backs_hold():
    built = window([])
    assert (built.interval.start, built.interval.end) == (42.0, 62.0)
    assert (built.start.boundary, built.end.boundary) == (None, None)


def test_boundaries_outside_of_the_search_ranges_are_not_used():
    built = window([boundary(35.9), boundary(48.1), boundary(51.9), boundary(78.1)])
    assert (built.interval.start, built.interval.end) == (42.0, 62.0)


@given(st.lists(st.floats(0, 100), max_size=30), st.floats(1, 99))
def test_snapped_edges_lie_in_the_search_ranges(times, at):
    built = window([boundary(time) for time in sorted(times)], at)
    settings = WindowSettings()
    if built.start.boundary:
        assert at - settings.pre_max - 1e-6 <= built.interval.start <= at - settings.pre_min + 1e-6
    if built.end.boundary:
        assert at + settings.post_min - 1e-6 <= built.interval.end <= at + settings.post_max + 1e-6
    assert 0 <= built.interval.start < built.interval.end <= 100


def test_of_equal_boundaries_the_one_nearer_to_the_moment_wins():
    built = window([boundary(37.0), boundary(45.0), boundary(55.0), boundary(70.0)])
    assert (built.interval.start, built.interval.end) == (45.0, 55.0)


def test_a_large_decay_lets_the_best_boundary_win_anywhere_in_range():
    choices = [boundary(37.0, score=0.6), boundary(45.0), boundary(55.0), boundary(70.0, score=0.6)]
    built = window(choices, snap_decay_sec=3600, cut_snap_decay_sec=3600, cut_snap_reach_sec=3600)
    assert (built.interval.start, built.interval.end) == (37.0, 70.0)


def test_a_cut_pulls_from_further_than_a_pause():
    built = window([boundary(40.0, "cut"), boundary(44.0, "pause", 0.25), boundary(56.0)])
    assert built.interval.start == 40.0


def test_with_a_pause_in_range_no_calm_picture_wins():
    built = window([boundary(42.0, "pause", 0.15), boundary(45.0, "valley", 0.3), boundary(56.0)])
    assert built.interval.start == 42.0


@pytest.mark.parametrize(("in_speech", "chosen"), [(True, 42.0), (False, 40.5)])
def test_pauses_attract_edges_from_far_only_among_words(in_speech, chosen):
    pauses = [replace(boundary(float(at), "pause", 0.3), in_speech=in_speech) for at in range(30, 75, 4)]
    starts, _ = edge_reaches(pauses, 100.0)
    found = starts.best(30.0, 50.0, 40.5, WindowSettings())
    assert found is not None
    assert found.time_sec == chosen


def test_windows_respect_the_longest_clip():
    lengths = SceneSettings(min_clip_seconds=5, max_clip_seconds=10)
    built = window([boundary(36.5), boundary(77.0)], lengths=lengths, cut_snap_decay_sec=3600)
    assert built.interval.duration <= 10
    assert built.interval.contains(50.0)


def test_at_the_videos_start_and_end_the_window_is_moved_inside():
    assert window([], at=1.0).interval.start == 0.0
    assert window([], at=99.0).interval.end == 100.0
    assert window([], at=0.5, duration=6.0).interval.duration >= 5.0


def test_narrative_falls_towards_both_edges():
    assert [narrative_score(0, 10, at) for at in (0, 1, 2, 5, 8, 9, 10)] == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


def test_quality_is_the_weighted_parts_times_the_boost():
    settings = WindowSettings()
    means = WindowMeans(peak(), settings)
    found = rate(means, start=42, end=58, anchor_sec=50, anchor_score=2.0, boundary=0.5, settings=settings)
    parts = (
        settings.quality_w_excitement * found.excitement
        + settings.quality_w_boundary * found.boundary
        + settings.quality_w_narrative * found.narrative
        - settings.quality_w_dead_time * found.dead_time
    )
    assert found.score == pytest.approx(parts * found.anchor_boost)
    assert found.anchor_boost == pytest.approx(1 + 2 / 3)


def test_excitement_does_not_depend_on_the_calm_around_the_moment():
    means = WindowMeans(peak(), WindowSettings())
    assert means.excitement(40, 60) == pytest.approx(means.excitement(30, 75))
    assert means.excitement(48, 52) > means.excitement(40, 60)


def test_dead_time_is_the_share_of_low_activity():
    excitement = flat(20.0)
    excitement.activity[:20] = 1.0
    assert WindowMeans(excitement, WindowSettings()).dead_share(0, 20) == pytest.approx(0.5)


def test_natural_edges_need_no_boundary_when_none_is_near():
    scene = Scene(300, sound=False).motion_at(100, 6, 8).cut(40.0, 160.0)
    assert scene.features().events_of("cut")
    built = window([boundary(37.0, "valley", 0.3), boundary(76.0, "valley", 0.3)])
    assert built.interval.start > 37.0
    assert built.interval.end < 76.0
    assert built.interval.duration >= 8.0 - 2 * STEP_SEC


def test_in_an_edited_video_a_cut_is_reached_for_further():
    often = window([*(boundary(float(at), score=0.5) for at in (5, 12, 20, 28, 34, 38, 62, 70, 78, 86, 94))])
    assert (often.interval.start, often.interval.end) == (38.0, 62.0)
    few = window([boundary(38.0, score=0.5), boundary(62.0, score=0.5)])
    assert (few.start.boundary, few.end.boundary) == (None, None)
