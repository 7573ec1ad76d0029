"""Signals of the picture, from arrays: differences, motion, hashes, black and freeze runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autoclip.signals.black import black_runs, black_share
from autoclip.signals.color import color_histograms
from autoclip.signals.frame_difference import absolute_difference, mean_absolute_difference
from autoclip.signals.frame_features import FrameSamples, describe_pictures
from autoclip.signals.freeze import earlier_picture, freeze_runs
from autoclip.signals.motion import motion_between, motion_series
from autoclip.signals.perceptual_hash import difference_hash, hashes_on_grid
from autoclip.signals.runs import runs_of
from autoclip.timeline import Grid

PICTURES = arrays(np.uint8, (5, 8, 12))


@given(PICTURES, PICTURES)
def test_absolute_difference_is_what_it_says(a, b):
    expected = np.abs(a.astype(int) - b.astype(int)).sum(axis=(1, 2))
    assert absolute_difference(a, b).tolist() == expected.tolist()


def test_mean_absolute_difference_is_a_share_of_full_range():
    luma, chroma = np.zeros((2, 8, 8), np.uint8), np.zeros((2, 2, 4, 4), np.uint8)
    assert mean_absolute_difference(luma, luma + 128, chroma, chroma + 128) == pytest.approx([0.5, 0.5])


@given(arrays(np.bool_, st.integers(0, 40)))
def test_runs_cover_exactly_what_is_true(condition):
    runs = runs_of(condition)
    covered = np.zeros(len(condition), bool)
    for first, after in zip(runs.first, runs.after, strict=True):
        assert first < after
        covered[first:after] = True
    assert (covered == condition).all()
    assert (runs.first[1:] > runs.after[:-1]).all()


@given(PICTURES, arrays(np.uint8, (5, 2, 4, 6)))
def test_a_color_histogram_sums_to_one_and_knows_no_place(luma, chroma):
    histogram = color_histograms(luma, chroma)
    assert histogram.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    # Upside down by pairs of lines, so that luma and chroma stay together.
    upside_down = luma.reshape(5, 4, 2, 12)[:, ::-1].reshape(5, 8, 12), chroma[:, :, ::-1]
    assert color_histograms(*upside_down) == pytest.approx(histogram)


def test_facts_of_a_gray_picture():
    luma = np.full((1, 18, 32), 16 + 110, np.uint8)
    facts = describe_pictures(FrameSamples(luma, np.full((1, 2, 9, 16), 128, np.uint8), full_range=False), 0.1)
    assert facts.luma_mean[0] == pytest.approx(110 / 219)
    assert facts.contrast[0] == 0
    assert facts.black_share[0] == 0
    assert facts.thumbnail.shape == (1, 9, 16)


def test_black_is_counted_from_the_threshold_down():
    assert black_share(np.array([[16, 37, 38, 200]], np.uint8), 37.9).tolist() == [0.5]


def test_black_runs_end_at_the_first_picture_that_is_not():
    seconds = np.arange(10) / 10
    share = np.array([0, 1, 1, 1, 0, 1, 0, 0, 1, 1], np.float32)
    runs = black_runs(seconds, share, 1.0, 0.15)
    assert [(run.start_sec, run.end_sec) for run in runs] == [(0.1, 0.4), (0.8, 1.0)]


def still_rows(count, frozen, noise=0.02):
    """Seconds, change and drift of pictures that move except in `frozen` runs ``(first, after)``."""
    seconds = np.arange(count) / 25
    change = np.full(count, noise, np.float32)
    drift = np.full(count, np.inf, np.float32)
    change[0] = np.inf
    for first, after in frozen:
        change[first + 1 : after] = 0.0005
    earlier = earlier_picture(seconds, 0.5)
    for index in range(count):
        if change[index] <= 0.003:
            drift[index] = max(change[earlier[index] + 1 : index + 1], default=0.0)
    return seconds, change, drift


def freezes(rows, count, min_sec=0.5):
    runs = freeze_runs(*rows, noise=0.003, end_sec=count / 25, min_sec=min_sec)
    return [(round(run.start_sec * 25), round(run.end_sec * 25)) for run in runs]


@given(st.integers(1, 40), st.integers(13, 60))
def test_a_freeze_is_found_to_the_picture(start, length):
    assert freezes(still_rows(120, [(start, start + length)]), 120) == [(start, start + length)]


def test_a_shorter_stand_still_is_no_freeze():
    assert freezes(still_rows(100, [(20, 30), (50, 61)]), 100) == []


def test_a_freeze_may_begin_with_the_video_and_end_with_it():
    assert freezes(still_rows(60, [(0, 20), (40, 60)]), 60) == [(0, 20), (40, 60)]


def test_a_slow_drift_is_no_freeze_though_each_step_is_small():
    seconds = np.arange(100) / 25
    change = np.full(100, 0.001, np.float32)
    drift = np.full(100, 0.012, np.float32)  # over half a second it adds up
    drift[:12] = np.linspace(0, 0.011, 12)
    assert freezes((seconds, change, drift), 100) == []


def test_motion_of_a_moving_edge():
    still = np.zeros((1, 10, 10), np.uint8)
    moved = still.copy()
    moved[:, :, :5] = 219
    assert motion_between(np.concatenate([still, still, moved]), 219.0).tolist() == [0.0, 0.5]


def test_motion_on_the_grid_spans_what_its_pictures_span_and_no_more():
    series = motion_series(np.array([0.25, 0.5, 2.0]), np.array([0.2, 0.4, 0.6], np.float32), Grid(0.5, 6))
    np.testing.assert_allclose(series, [0.2, 0.4, 0.6, 0.6, 0.6, np.nan], rtol=1e-6)


def test_hashes_of_near_duplicates_are_near_and_of_flat_pictures_equal():
    picture = np.random.default_rng(3).integers(0, 255, (1, 9, 9), np.uint8).repeat(10, axis=1).repeat(10, axis=2)
    brighter = np.clip(picture.astype(int) + 5, 0, 255).astype(np.uint8)
    other = picture[:, ::-1]
    first, second, third = (int(difference_hash(p)[0]) for p in (picture, brighter, other))
    assert (first ^ second).bit_count() <= 3
    assert (first ^ third).bit_count() > 12
    assert difference_hash(np.full((2, 90, 160), [[[16]], [[30]]], np.uint8)).tolist() == [0, 0]


def test_each_step_has_the_hash_of_the_picture_shown_at_its_start():
    hashes = np.array([7, 8, 9], np.uint64)
    assert hashes_on_grid(np.array([0.0, 0.6, 1.0]), hashes, np.array([0.0, 0.5, 1.0, 1.5])).tolist() == [7, 7, 9, 9]
