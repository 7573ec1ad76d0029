"""V1: the laws of segments, and its four steps."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.selection.scenes import merge_adaptively, merge_short, pack, segment_scenes, split_long
from autoclip.settings import SceneSettings

CUTS = st.lists(st.floats(0, 2000, allow_nan=False), max_size=80).map(sorted)


@given(cuts=CUTS, duration=st.floats(5.0, 2000.0))
def test_segments_cover_the_video_and_keep_the_limits(cuts, duration):
    segments = segment_scenes(np.array(cuts), duration, SceneSettings())
    assert segments[0].start == 0
    assert segments[-1].end == duration
    for before, after in itertools.pairwise(segments):
        assert before.end == after.start
    for segment in segments:
        assert 5.0 - 1e-9 <= segment.duration <= 60.0 + 1e-9


@given(cuts=CUTS, duration=st.floats(0.01, 4.9))
def test_a_short_video_is_one_segment(cuts, duration):
    assert len(segment_scenes(np.array(cuts), duration, SceneSettings())) == 1


def test_a_segment_between_distant_cuts_is_kept():
    assert segment_scenes(np.array([10.0, 30.0]), 50.0, SceneSettings())[1].start == 10.0


def test_long_segments_split_into_equal_parts():
    assert split_long(np.array([0.0, 130.0, 190.0]), 60.0) == pytest.approx([0, 130 / 3, 260 / 3, 130, 190])


def test_a_short_segment_joins_its_shorter_neighbor():
    assert merge_short(np.array([0.0, 20.0, 23.0, 33.0]), 5.0).tolist() == [0, 20, 33]


def test_short_segments_at_both_ends_join_inwards():
    assert merge_short(np.array([0.0, 2.0, 20.0, 22.0]), 5.0).tolist() == [0, 22]


def test_adaptive_merging_reaches_the_soft_limit():
    edges = np.arange(0, 2400.0 + 1, 6.0)
    merged = merge_adaptively(edges, SceneSettings(soft_clip_limit=100))
    assert merged.size - 1 <= 100
    assert np.isin(merged, edges).all()
    assert np.diff(merged).max() <= 60


def test_adaptive_merging_leaves_few_segments_alone():
    edges = np.arange(0, 601.0, 6.0)
    assert merge_adaptively(edges, SceneSettings()).tolist() == edges.tolist()


def test_packing_fills_segments_up():
    assert pack(np.arange(0, 121.0, 7.0), 60.0).tolist() == [0, 56, 112, 119]


def test_hours_of_quick_cuts_stay_below_the_limit_without_a_clip_too_long():
    cuts = np.sort(np.random.default_rng(0).uniform(0, 14_400, 5_000))
    segments = segment_scenes(cuts, 14_400.0, SceneSettings())
    assert len(segments) <= 300
    assert max(segment.duration for segment in segments) <= 60.0
