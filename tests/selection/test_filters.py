"""Post-filters: what each drops, with the value it went by."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import STEP_SEC

from autoclip.selection.anchors import Anchor
from autoclip.selection.duplicates import drop_duplicates
from autoclip.selection.excitement import Excitement
from autoclip.selection.filters import best_first, cut_off, drop_beyond_share, drop_boring, drop_credits, drop_overlaps
from autoclip.selection.quality import Quality
from autoclip.selection.windows import Edge, Window
from autoclip.settings import FilterSettings
from autoclip.signals.table import ENVELOPE_STEP_SEC, Event, Features
from autoclip.timeline import Grid, Interval


def window(start, end, quality, at=None, score=1.0):
    middle = (start + end) / 2 if at is None else at
    anchor = Anchor(middle, score, "excitement_peak", int(middle / STEP_SEC))
    return Window(Interval(start, end), anchor, Edge(start, None), Edge(end, None), Quality(0.9, 0, 0, 0, 1, quality))


def excitement(activity, content=True):
    grid = Grid(STEP_SEC, len(activity))
    values = np.asarray(activity, dtype=float)
    return Excitement(grid, values, values, None, None, None, np.full(len(activity), content), None, None)


def test_the_better_of_two_overlapping_windows_is_kept_with_the_figure():
    windows = [window(0, 10, 0.5), window(3, 13, 0.9)]
    result = drop_overlaps(windows, best_first(windows), FilterSettings())
    assert result.kept == (1,)
    dropped = next(verdict for verdict in result.verdicts if not verdict.kept)
    assert (dropped.action, dropped.clip_index, dropped.other) == ("drop_overlap", 0, 1)
    assert dropped.value == 7 / 13
    assert "54%" in dropped.reason


def test_a_window_within_another_is_dropped_below_the_threshold_too():
    windows = [window(0, 40, 0.9, at=35), window(2, 8, 0.5)]
    assert drop_overlaps(windows, best_first(windows), FilterSettings()).kept == (0,)


def test_touching_windows_are_both_kept():
    windows = [window(0, 10, 0.9), window(10, 20, 0.5)]
    assert drop_overlaps(windows, best_first(windows), FilterSettings()).kept == (0, 1)


SPANS = st.lists(
    st.tuples(st.floats(0, 200), st.floats(5, 42), st.floats(0, 1), st.floats(0.1, 0.9)), min_size=1, max_size=30
)


@given(SPANS)
def test_kept_windows_never_share_more_than_allowed_nor_contain_each_other(spans):
    windows = [window(s, s + d, q, at=s + d * share) for s, d, q, share in spans]
    result = drop_overlaps(windows, best_first(windows), FilterSettings())
    kept = [windows[index] for index in result.kept]
    for one in kept:
        for other in kept:
            if one is not other:
                assert one.interval.iou(other.interval) <= 0.35
                assert not one.interval.encloses(other.interval)
    assert len(result.verdicts) == len(windows)


def test_a_boring_window_is_dropped_unless_its_anchor_is_strong():
    dull = excitement([0.0] * 16 + [1.0] * 4)
    windows = [window(0, 10, 0.5, score=0.4), window(0, 10, 0.5, score=0.6)]
    result = drop_boring(windows, (0, 1), dull, FilterSettings())
    assert result.kept == (1,)
    assert [verdict.value for verdict in result.verdicts] == [0.8, 0.8]


def test_an_empty_window_is_dropped_whatever_its_anchor():
    windows = [window(0, 10, 0.5, score=9.0)]
    assert drop_boring(windows, (0,), excitement([0.0] * 20, content=False), FilterSettings()).kept == ()


def test_a_window_in_which_less_happens_than_usual_is_boring_however_strong_its_anchor():
    dull = window(0, 10, 0.45, score=9.0)
    dull = replace(dull, quality=replace(dull.quality, excitement=0.45))
    result = drop_boring([dull], (0,), excitement([1.0] * 20), FilterSettings())
    assert result.kept == ()
    assert "less happens in it than usual" in result.verdicts[0].reason


@pytest.mark.parametrize(("at_least", "kept"), [(0, 3), (40, 5), (1000, 12)])
def test_the_best_fill_their_share_but_never_less_than_asked(at_least, kept):
    windows = [window(i * 10, i * 10 + 8, 1 - i / 20) for i in range(12)]
    settings = FilterSettings(keep_share=0.2, keep_at_least_sec=at_least)
    result = drop_beyond_share(windows, best_first(windows), 120.0, settings)
    assert result.kept == tuple(range(kept))
    assert [verdict.clip_index for verdict in result.verdicts] == list(range(kept, 12))
    assert not any(verdict.kept for verdict in result.verdicts)


def test_the_cutoff_keeps_the_best():
    windows = [window(i * 10, i * 10 + 9, i / 10) for i in range(5)]
    result = cut_off(windows, best_first(windows), FilterSettings(target_clip_count_soft=2))
    assert result.kept == (4, 3)
    assert [verdict.action for verdict in result.verdicts] == ["keep", "keep", *["drop_cutoff"] * 3]
    assert "number 3" in result.verdicts[2].reason


def pictures(hashes, envelope):
    grid = Grid(STEP_SEC, len(hashes))
    return Features(
        grid.count * STEP_SEC,
        grid,
        {},
        frame_hash=np.asarray(hashes, dtype=np.uint64),
        envelope_dbfs=np.asarray(envelope, dtype=np.float32),
    )


def noise_envelope(seconds, seed=1):
    """Sound that changes every 0.2 s, as words do."""
    return np.repeat(np.random.default_rng(seed).uniform(-60, -20, seconds * 5), 10)


def moving_hashes(seconds, seed=1):
    return np.random.default_rng(seed).integers(0, 2**63, round(seconds / STEP_SEC), dtype=np.uint64)


def with_bits_changed(hashes, count, seed=2):
    random = np.random.default_rng(seed)
    flips = [np.bitwise_or.reduce(np.uint64(1) << random.permutation(64)[:count].astype(np.uint64)) for _ in hashes]
    return hashes ^ np.array(flips, np.uint64)


def dropped_as_duplicates(hashes, envelope, *windows):
    result = drop_duplicates(windows, range(len(windows)), pictures(hashes, envelope), FilterSettings())
    return [verdict.clip_index for verdict in result.verdicts if not verdict.kept]


@pytest.mark.parametrize("shift", [0.0, 0.14, 0.26, 0.4])
@pytest.mark.parametrize("later_anchor", [-2.0, 0.0, 3.0])
def test_a_repeat_is_found_at_any_offset_and_around_any_anchor(shift, later_anchor):
    hashes, envelope = moving_hashes(200), noise_envelope(200)
    hashes[200:260] = hashes[40:100]
    start = 100 + shift
    envelope[round(start / ENVELOPE_STEP_SEC) :][: 30 * 50] = envelope[20 * 50 : 50 * 50]
    windows = window(22, 40, 0.9, at=30), window(start + 2, start + 20, 0.5, at=start + 10 + later_anchor)
    assert dropped_as_duplicates(hashes, envelope, *windows) == [1]


@pytest.mark.parametrize("bits", [0, 4, 9])
def test_a_repeat_with_a_logo_or_encoded_again_is_found(bits):
    hashes, envelope = moving_hashes(200), noise_envelope(200)
    hashes[200:260] = with_bits_changed(hashes[40:100], bits)
    envelope[100 * 50 : 130 * 50] = envelope[20 * 50 : 50 * 50] + np.random.default_rng(3).normal(0, 1, 1500)
    assert dropped_as_duplicates(hashes, envelope, window(22, 40, 0.9), window(102, 120, 0.5)) == [1]


def test_the_same_music_over_other_pictures_is_no_duplicate():
    hashes, envelope = moving_hashes(200), noise_envelope(200)
    envelope[100 * 50 : 130 * 50] = envelope[20 * 50 : 50 * 50]
    assert dropped_as_duplicates(hashes, envelope, window(22, 40, 0.9), window(102, 120, 0.5)) == []


def test_without_sound_the_pictures_tell():
    hashes = moving_hashes(200)
    hashes[200:260] = hashes[40:100]
    assert dropped_as_duplicates(hashes, [], window(22, 40, 0.9), window(102, 120, 0.5)) == [1]


def test_near_duplicates_go_only_when_they_sound_alike_too():
    random = np.random.default_rng(1)
    per_step = round(STEP_SEC / ENVELOPE_STEP_SEC)
    envelope = np.repeat(random.uniform(-60, -20, 200 * per_step // 10), 10)[: 200 * per_step]
    windows = [window(20, 30, 0.9), window(70, 80, 0.5)]
    hashes = np.full(200, 7, np.uint64)
    assert drop_duplicates(windows, (0, 1), pictures(hashes, envelope), FilterSettings()).kept == (0, 1)
    envelope[65 * 50 : 90 * 50] = envelope[15 * 50 : 40 * 50]
    result = drop_duplicates(windows, (0, 1), pictures(hashes, envelope), FilterSettings())
    assert result.kept == (0,)
    assert result.verdicts[1].action == "drop_duplicate"


def with_credits(*spans):
    return replace(Features(100.0, Grid(STEP_SEC, 200), {}), events=tuple(Event("credits", a, b) for a, b in spans))


def test_a_window_that_is_mostly_credits_is_dropped_by_that_name():
    windows = [window(10, 20, 0.9), window(60, 70, 0.8), window(66, 76, 0.7)]
    result = drop_credits(windows, (0, 1, 2), with_credits((65.0, 68.0), (69.0, 100.0)), FilterSettings())
    assert result.kept == (0, 1)
    assert [(v.action, v.value) for v in result.verdicts] == [("keep", 0.0), ("keep", 0.4), ("drop_credits", 0.9)]
    assert "90%" in result.verdicts[2].reason


def test_credits_can_be_kept_and_a_video_without_has_no_verdicts():
    windows = [window(60, 70, 0.8)]
    assert drop_credits(windows, (0,), with_credits((50.0, 100.0)), FilterSettings(keep_credits=True)).kept == (0,)
    assert drop_credits(windows, (0,), with_credits(), FilterSettings()).verdicts == ()
