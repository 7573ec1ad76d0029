"""Spans that people chose are rated as highlights are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_features import Scene

from autoclip.selection.pipeline import select
from autoclip.selection.rating import IntervalRater
from autoclip.settings import Settings
from autoclip.timeline import Interval

SCENE = Scene(600).moment(100, louder=12).moment(300, louder=18).cut(290.0, 320.0, 95.0, 110.0)
FEATURES = SCENE.features()
RATER = IntervalRater(FEATURES, Settings())


def test_the_span_of_a_chosen_clip_is_rated_as_the_choice_rated_it():
    for clip in select(FEATURES, Settings(), "x").clips:
        rating = RATER.rate(clip.interval, known_anchor_sec=clip.anchor_time_sec)
        assert rating is not None
        assert rating.anchor_time_sec == clip.anchor_time_sec
        assert rating.quality_score == pytest.approx(clip.quality_score, abs=0.12)
        assert rating.reason.split(";")[0] == clip.reason.split(";")[0]


def test_the_half_with_the_moment_keeps_it_and_the_other_half_does_not():
    half, rest = (RATER.rate(Interval(*span)) for span in ((290, 310), (310, 330)))
    assert half is not None
    assert rest is not None
    assert 298 <= half.anchor_time_sec < 310 <= rest.anchor_time_sec < 330
    assert half.quality_score > rest.quality_score
    assert "loudest 3 s of the whole video" in half.reason
    assert "loudest 3 s of the whole video" not in rest.reason


def test_edges_are_told_as_they_are():
    by_hand = RATER.rate(Interval(292.5, 316.2), frozenset({"start", "end"}))
    assert by_hand is not None
    assert by_hand.reason.endswith("start set by hand, end set by hand")
    on_cuts = RATER.rate(Interval(290, 320), frozenset({"start", "end"}))
    assert on_cuts is not None
    assert on_cuts.reason.endswith("starts on a cut, ends on a cut")
    one = RATER.rate(Interval(290, 316.2), frozenset({"end"}))
    assert one is not None
    assert one.reason.endswith("starts on a cut, end set by hand")


def test_a_span_behind_the_end_has_no_rating():
    assert RATER.rate(Interval(700, 710)) is None


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 595), st.floats(1, 120))
def test_the_moment_of_a_span_lies_in_it(start, length):
    span = Interval(start, min(600, start + length))
    rating = RATER.rate(span)
    assert rating is not None
    assert span.contains(rating.anchor_time_sec)
    assert rating.quality_score >= 0
    assert rating.reason
