"""How much is kept: count, total and length, in both modes; and names that stay when the choice is another."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import Scene

from autoclip.clips import displayed_score, names_by_time
from autoclip.durations import read_range, read_seconds
from autoclip.errors import ParameterError
from autoclip.selection.filters import within_amount
from autoclip.selection.pipeline import select
from autoclip.settings import Settings


def choose(features, **changed):
    return select(features, Settings.from_flat(changed), "test")


@pytest.fixture(scope="module")
def features():
    scene = Scene(900)
    for number, at in enumerate(range(60, 880, 80)):
        scene.moment(at, louder=10 + number)
    return scene.cut(*(7.3 + 11.7 * i for i in range(76))).features()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("90 sec", 90), ("1:30", 90), ("1m30s", 90), ("1.5m", 90), ("2min", 120), ("1h", 3600),
     ("1:02:03.5", 3723.5), ("0.5", 0.5), ("83.", 83)],
)  # fmt: skip
def test_times_are_read_as_people_type_them(text, seconds):
    assert read_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "soon", "1:75", "-5", "nan", "inf", "1e9", "1:2:3:4", "5s3m"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="not a time"):
        read_seconds(text)


def test_ranges_are_read_and_refused():
    assert read_range("20-40") == (20, 40)
    assert read_range("20s - 1:30") == (20, 90)
    assert read_range("20-") == (20, None)
    assert read_range("-40") == (None, 40)
    for text in ("20", "", "-", "40-20"):
        with pytest.raises(ValueError, match=r"range|order|shorter"):
            read_range(text)


@pytest.mark.parametrize("mode", ["v1", "v2"])
def test_count_keeps_the_best(features, mode):
    ranked = sorted(choose(features, segmentation_mode=mode).clips, key=lambda clip: (-clip.quality_score, clip.start))
    for count in (1, 3, 5):
        few = choose(features, segmentation_mode=mode, count=count).clips
        assert {clip.id for clip in few} == {clip.id for clip in ranked[:count]}
        assert [clip.start for clip in few] == sorted(clip.start for clip in few)


@pytest.mark.parametrize("mode", ["v1", "v2"])
@pytest.mark.parametrize("total", [12.0, 45.0, 90.0, 200.0])
def test_total_is_kept_by_quality(features, mode, total):
    everything = choose(features, segmentation_mode=mode, max_clip_seconds=min(60.0, total)).clips
    kept = choose(features, segmentation_mode=mode, total=total).clips
    assert 0 < sum(clip.duration for clip in kept) <= total + 1e-6
    left = total - sum(clip.duration for clip in kept)
    worst = min(clip.quality_score for clip in kept)
    # Whatever is better than one that is kept did not fit when its turn came, so it does not fit now.
    for clip in everything:
        if clip.id not in {k.id for k in kept} and clip.quality_score > worst:
            assert clip.duration > left


@pytest.mark.parametrize(
    ("mode", "length"),
    [("v1", "20-40"), ("v1", "30-"), ("v1", "-12"), ("v2", "20-40"), ("v2", "8-10"), ("v2", "30-"), ("v2", "-12")],
)
def test_length_bounds_each_clip(features, mode, length):
    shortest, longest = read_range(length)
    clips = choose(features, segmentation_mode=mode, length=length).clips
    assert clips
    for clip in clips:
        assert clip.duration >= (shortest or 5.0) - 1e-6
        assert clip.duration <= (longest or 60.0) + 1e-6


def test_length_is_above_the_limits_of_a_preset_and_the_named_limits(features):
    settings = Settings.from_flat({"preset": "montage", "min_clip_seconds": 3, "length": "20-40"})
    assert (settings.lengths().min_clip_seconds, settings.lengths().max_clip_seconds) == (20, 40)
    alone = Settings.from_flat({"length": "80-"}).lengths()
    assert (alone.min_clip_seconds, alone.max_clip_seconds) == (80, 80)


@pytest.mark.parametrize(
    "values", [{"total": "4s"}, {"total": 25, "length": "30-40"}, {"length": "0-5"}, {"count": -1}]
)
def test_amounts_that_can_not_be_met_are_refused(values):
    with pytest.raises(ParameterError):
        Settings.from_flat(values)


@given(st.lists(st.floats(0.1, 100), max_size=30), st.integers(1, 30), st.floats(0, 500))
def test_what_is_taken_fits(lengths, count, total):
    taken = within_amount(lengths, count, total)
    assert len(taken) <= count
    assert not total or sum(lengths[i] for i in taken) <= total + 1e-4
    assert not lengths or (total and lengths[0] > total) or 0 in taken


def test_a_dropped_clip_says_which_limit_dropped_it(features):
    reasons = [v.reason for v in choose(features, total=45).verdicts if v.stage == "cutoff" and not v.kept]
    assert reasons
    assert all("45 s in all" in reason for reason in reasons)
    reasons = [v.reason for v in choose(features, count=2).verdicts if v.stage == "cutoff" and not v.kept]
    assert reasons
    assert all("at most 2 clips" in reason for reason in reasons)


def test_names_tell_the_time_and_stay_when_fewer_are_chosen(features):
    names = {clip.id: clip.name for clip in choose(features).clips}
    assert "Highlight 5m0" in " ".join(names.values())
    for count in (1, 4):
        for clip in choose(features, count=count).clips:
            assert clip.name == names[clip.id]
    assert len(set(names.values())) == len(names)


@given(st.lists(st.floats(0, 20_000), max_size=60))
def test_no_two_names_are_the_same(instants):
    close = list(itertools.chain(instants, (instant + 0.04 for instant in instants[:5])))
    names = names_by_time("Scene", close)
    assert len(set(names)) == len(close)


def test_names_of_moments_in_the_same_second():
    assert names_by_time("Highlight", [5.0, 65.2, 65.7, 3725.0, 3725.01]) == (
        "Highlight 0m05s", "Highlight 1m05.2s", "Highlight 1m05.7s", "Highlight 1h02m05.0s a", "Highlight 1h02m05.0s b",
    )  # fmt: skip


@given(st.floats(-1, 10), st.floats(-1, 10))
def test_scores_are_shown_from_0_to_100_in_the_order_of_the_qualities(one, other):
    assert 0 <= displayed_score(one) <= 100
    assert one > other or displayed_score(one) <= displayed_score(other)
