"""Cuts, fades and dissolves, from arrays: what is one, and what only looks like one."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving_scenes import dissolve, faded, shot

from autoclip.signals.dissolves import DissolveTrack, dissolves, possible_dissolves
from autoclip.signals.fades import fades
from autoclip.signals.frame_features import FrameSamples, describe_pictures
from autoclip.signals.shots import ShotFrames, ShotRows, cut_cues, cut_scores, cuts, keyframe_cut_scores, shot_rows
from benchmarks.cut_weights import Example
from benchmarks.cuts import CutTruth

RATE = 25


def facts_of(pictures):
    """Describe RGB pictures, with a crude luma and chroma that are good enough for arrays."""
    rgb = np.stack(pictures).astype(np.float32)
    luma = 16 + (rgb @ np.array([0.257, 0.504, 0.098], np.float32))
    half = rgb[:, ::2, ::2]
    blue = 128 + half @ np.array([-0.148, -0.291, 0.439], np.float32)
    red = 128 + half @ np.array([0.439, -0.368, -0.071], np.float32)
    samples = FrameSamples(luma.astype(np.uint8), np.stack([blue, red], axis=1).astype(np.uint8), full_range=False)
    return describe_pictures(samples, 0.1)


def shot_pictures(facts, number):
    return ShotFrames(facts.histogram, facts.thumbnail, facts.fine, number)


def scores_of(pictures):
    facts = facts_of(pictures)
    rows = shot_rows(shot_pictures(facts, np.arange(len(pictures))), 0, len(pictures))
    return cut_scores(np.arange(len(pictures)) / RATE, rows)


def found_dissolves(pictures):
    seconds = np.arange(len(pictures)) / RATE
    facts = facts_of(pictures)
    track = DissolveTrack(seconds, facts.thumbnail, facts.histogram, facts.detail)
    possible = possible_dissolves(track, np.arange(0, len(pictures), 2))
    return dissolves(possible, np.zeros(0))


def found_fades(pictures):
    facts = facts_of(pictures)
    return fades(np.arange(len(pictures)) / RATE, facts.luma_mean, facts.contrast, facts.core_contrast, np.zeros(0))


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_is_at_the_new_shots_first_picture(seed):
    scores = scores_of([*shot(seed, 30), *shot(seed + 50, 30)])
    assert np.flatnonzero(scores >= 0.3).tolist() == [30]


def test_cuts_one_second_apart_are_all_found():
    pictures = [picture for seed in range(6) for picture in shot(seed, RATE)]
    assert np.flatnonzero(scores_of(pictures) >= 0.3).tolist() == [25, 50, 75, 100, 125]


def test_the_cuts_of_hours_are_scored_in_little_memory():
    count = 20_000
    random = np.random.default_rng(0)
    rows = ShotRows(np.arange(count), *(random.random(count).astype(np.float32) ** 3 for _ in range(9)))
    tracemalloc.start()
    cut_scores(np.arange(count) / RATE, rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 * count  # bytes; the cues of every frame alone would take as many


def test_weights_are_fitted_to_the_cues_of_the_candidates():
    pictures = [picture for seed in range(3) for picture in shot(seed, 30)]
    rows = shot_rows(shot_pictures(facts_of(pictures), np.arange(90)), 0, 90)
    seconds = np.arange(90) / RATE
    example = Example.of(CutTruth(RATE, 90, (30, 60), (), game=False), seconds, rows)
    assert {30, 60} <= set(example.possible.tolist())
    np.testing.assert_array_equal(example.cues, cut_cues(seconds, rows, np.arange(90))[example.possible])


@pytest.mark.parametrize("first", [True, False])
def test_a_switch_between_black_and_a_shot_is_a_cut(first):
    black = [np.zeros_like(picture) for picture in shot(1, 30)]
    pictures = [*black, *shot(2, 30)] if first else [*shot(2, 30), *black]
    assert np.flatnonzero(scores_of(pictures) >= 0.3).tolist() == [30]


def test_a_shot_that_comes_again_after_a_few_pictures_was_not_cut():
    pictures = shot(4, 60)
    pictures[28:32] = shot(9, 4)
    assert scores_of(pictures).max() < 0.3


@pytest.mark.parametrize("length", [2, 3, 6])
def test_a_shot_of_a_few_pictures_is_found_at_both_ends(length):
    pictures = [*shot(1, 30), *shot(52, length), *shot(3, 30)]
    assert np.flatnonzero(scores_of(pictures) >= 0.3).tolist() == [30, 30 + length]


@pytest.mark.parametrize("first", [25, 33])
def test_a_cut_beside_a_flash_is_found_and_the_flash_is_none(first):
    pictures = [*shot(1, 30), *shot(52, 30)]
    for index in range(first, first + 2):
        pictures[index] = np.full_like(pictures[index], 250)
    assert np.flatnonzero(scores_of(pictures) >= 0.3).tolist() == [30]


def test_the_same_change_is_no_cut_where_all_changes_like_that():
    alone = [*shot(6, 60), *shot(7, 60)]
    restless = [*[picture for seed in range(20, 100) for picture in shot(seed, 2)], *shot(6, 5), *shot(7, 5)]
    assert scores_of(alone)[60] > 0.3 > np.median(scores_of(restless)[80:160:2])


def test_a_flash_is_no_cut():
    pictures = shot(1, 60)
    for index in (30, 31):
        pictures[index] = np.clip(pictures[index].astype(int) + 150, 0, 255).astype(np.uint8)
    assert scores_of(pictures).max() < 0.3


def test_a_strobe_is_no_series_of_cuts():
    pictures = shot(2, 80)
    for index in range(20, 60, 4):
        pictures[index] = np.full_like(pictures[index], 250)
    assert scores_of(pictures).max() < 0.3


def test_a_fast_camera_turn_is_no_cut():
    assert scores_of(shot(3, 60, speed=25)).max() < 0.3


def test_a_hand_held_shake_is_no_cut():
    random = np.random.default_rng(5)
    pictures = [np.roll(p, random.integers(-8, 9, 2), axis=(0, 1)) for p in shot(4, 60)]
    assert scores_of(pictures).max() < 0.3


def test_a_cut_is_found_below_a_score_board_and_between_letterbox_bars():
    pictures = [p.copy() for p in (*shot(5, 30), *shot(55, 30))]
    for picture in pictures:
        picture[:9] = picture[-9:] = 0
        picture[12:24, 8:50] = (220, 220, 30)
    assert np.flatnonzero(scores_of(pictures) >= 0.3).tolist() == [30]


def test_a_change_of_light_is_no_cut():
    pictures = shot(6, 60)
    dimmed = [np.rint(p * 0.55).astype(np.uint8) for p in pictures[30:]]
    assert scores_of([*pictures[:30], *dimmed]).max() < 0.3


def measured_rows(**change):
    """Make the cues of pictures in which little happens, but for a change in the middle."""
    rest = {"color": 0.05, "sides": 0.1, "within": 0.1, "passing": 0.1, "structure": 0.05, "moved": 0.01}
    rest |= {"again": 1.0, "unlike": 0.0, "kept": 1.0}
    columns = {name: np.full(60, value, np.float32) for name, value in rest.items()}
    for name, value in change.items():
        columns[name][30] = value
    return ShotRows(np.arange(60), **columns)


HIT = {"color": 0.92, "sides": 0.57, "within": 0.35, "passing": 0.79, "structure": 0.08, "moved": 0.052, "again": 0.45}
PICKUP = {
    "color": 0.9,
    "sides": 0.65,
    "within": 0.35,
    "passing": 0.86,
    "structure": 0.11,
    "moved": 0.073,
    "again": 0.56,
}
RESPAWN = {
    "color": 0.97,
    "sides": 0.98,
    "within": 0.11,
    "passing": 0.25,
    "structure": 0.43,
    "moved": 0.047,
    "again": 0.97,
}


def test_a_flash_of_all_colors_in_a_dark_game_is_no_cut():
    """Cues of a recorded match: each flash dies away within a second, and the game goes on below it."""
    scores = [
        float(cut_scores(np.arange(60) / RATE, measured_rows(**cues, unlike=0.7, kept=0.04))[30])
        for cues in (HIT, PICKUP, RESPAWN)
    ]
    assert max(scores[:2]) < 0.3 <= scores[2]


def skipping(pictures, kept):
    """Scores of pictures of which only those numbered `kept` were decoded."""
    facts = facts_of([pictures[number] for number in kept])
    number = np.array(kept)
    return cut_scores(number / RATE, shot_rows(shot_pictures(facts, number), 0, len(kept)))


@pytest.mark.parametrize("seed", range(3))
def test_pictures_that_are_not_decoded_move_no_cut(seed):
    pictures = [*shot(seed, 40, speed=3), *shot(seed + 50, 40, speed=3)]
    kept = [number for number in range(80) if number % 4 in (0, 3) or number in (39, 40)]
    scores = skipping(pictures, kept)
    assert [kept[index] for index in np.flatnonzero(scores >= 0.3)] == [40]
    assert scores.max() == pytest.approx(scores_of(pictures)[40], abs=0.1)


def test_skipping_now_and_then_makes_no_cut_of_a_camera_turn():
    pictures = shot(3, 90, speed=9)
    kept = [number for number in range(90) if number % 30 < 15 or number % 4 == 0]
    assert skipping(pictures, kept).max() < 0.3


def test_scores_stay_within_their_bounds():
    random = np.random.default_rng(8)
    scores = scores_of(list(random.integers(0, 256, (40, 72, 128, 3), np.uint8)))
    assert ((scores >= 0) & (scores <= 1)).all()


def test_cuts_carry_the_time_of_their_picture():
    events = cuts(np.array([0.0, 0.04, 0.0801]), np.array([0.0, 0.04, 0.7], np.float32))
    assert [(event.start_sec, event.end_sec, round(event.score, 2)) for event in events] == [(0.0801, None, 0.7)]


def test_an_early_keyframe_with_another_picture_counts_double():
    facts = facts_of([shot(seed, 1)[0] for seed in range(6)])
    rows = shot_rows(shot_pictures(facts, np.arange(6)), 0, 6)
    scores = keyframe_cut_scores(np.array([0.0, 2.0, 4.0, 5.0, 7.0, 9.0]), rows)
    assert scores[0] == 0
    assert scores[3] > 0.5
    assert scores[[1, 2, 4, 5]].max() <= 0.5


@pytest.mark.parametrize("length", [6, 12, 25, 45])
@pytest.mark.parametrize("seed", [10, 11])
def test_a_dissolve_is_found_with_its_ends(seed, length):
    pictures, first = dissolve(shot(seed, 90, speed=0.1), shot(seed + 50, 90, speed=0.1), length)
    (event,) = found_dissolves(pictures)
    assert event.start_sec * RATE == pytest.approx(first, abs=3)
    assert event.end_sec * RATE == pytest.approx(first + length, abs=3)


@pytest.mark.parametrize("length", [15, 40])
@pytest.mark.parametrize("speed", [3, 6])
def test_a_dissolve_between_fast_camera_turns_is_found(speed, length):
    pictures, first = dissolve(shot(12, 90, speed=speed), shot(62, 90, speed=speed), length)
    (event,) = found_dissolves(pictures)
    shared = min(event.end_sec, (first + length) / RATE) - max(event.start_sec, first / RATE)
    assert shared > 0.5 * length / RATE


@pytest.mark.parametrize("speed", [0.0, 0.3, 1.0, 4.0])
def test_a_moving_camera_is_no_dissolve(speed):
    assert found_dissolves(shot(13, 120, speed=speed)) == ()


def test_a_cut_is_no_dissolve():
    assert found_dissolves([*shot(14, 60, speed=0.1), *shot(64, 60, speed=0.1)]) == ()


@pytest.mark.parametrize("length", [6, 20, 50])
def test_a_fade_out_and_in_are_two_fades(length):
    a, b = shot(15, 60 + length), shot(65, 60 + length)
    black = [np.zeros_like(a[0])] * 8
    pictures = [*a[:60], *faded(a[60:], 1, 0), *black, *faded(b[:length], 0, 1), *b[length:]]
    out, into = found_fades(pictures)
    assert out.start_sec * RATE == pytest.approx(60, abs=0.15 * length + 2)
    assert out.end_sec * RATE == pytest.approx(60 + length, abs=2)
    assert into.start_sec * RATE == pytest.approx(68 + length, abs=2)
    assert into.end_sec * RATE == pytest.approx(68 + 2 * length, abs=0.15 * length + 2)


def test_a_hard_switch_to_black_is_no_fade():
    black = [np.zeros((72, 128, 3), np.uint8)] * 20
    assert found_fades([*shot(16, 40), *black, *shot(66, 40)]) == ()


def test_a_fade_below_a_logo_that_stays_is_a_fade():
    pictures = [*shot(17, 60), *faded(shot(17, 25), 1, 0), *[np.zeros((72, 128, 3), np.uint8)] * 10]
    for picture in pictures:
        picture[56:68, 96:124] = (200, 200, 200)
    (event,) = found_fades(pictures)
    assert event.start_sec * RATE == pytest.approx(60, abs=6)
    assert event.end_sec * RATE == pytest.approx(84, abs=2)


def test_a_flash_that_dies_away_is_no_fade():
    pictures = shot(18, 60)
    white = np.full_like(pictures[0], 255)
    for index, share in enumerate((1.0, 1.0, 0.8, 0.6, 0.4, 0.2)):
        picture = pictures[30 + index] * (1 - share) + white * share
        pictures[30 + index] = picture.astype(np.uint8)
    assert found_fades(pictures) == ()


def test_a_fade_out_of_white_into_another_shot_is_a_fade():
    white = [np.full((72, 128, 3), 255, np.uint8)] * 6
    after = shot(69, 60)
    leaving = [255 - picture for picture in faded([255 - picture for picture in after[:15]], 0, 1)]
    assert len(found_fades([*shot(19, 40), *white, *leaving, *after[15:]])) == 1


@given(
    seed=st.integers(0, 2**32 - 1),
    gaps=st.lists(st.floats(0.001, 12.0), min_size=1, max_size=80),
    scale=st.floats(1.0, 255.0),
)
@settings(deadline=None)
def test_whatever_pictures_there_are_dissolves_lie_among_them(seed, gaps, scale):
    noise, seconds = np.random.default_rng(seed), np.cumsum([0.0, *gaps])
    rows = [noise.random((len(seconds), *shape)).astype(np.float32) for shape in ((9, 16), (32,), (24,))]
    track = DissolveTrack(seconds, rows[0] * np.float32(scale), rows[1], rows[2] * np.float32(scale))
    for event in dissolves(possible_dissolves(track, np.arange(len(seconds))), np.zeros(0)):
        assert seconds[0] <= event.start_sec < event.end_sec <= seconds[-1]


@pytest.mark.parametrize("seed", range(3))
def test_keyframes_alone_tell_of_no_dissolve(seed):
    facts = facts_of([picture for number in range(30) for picture in shot(seed * 50 + number, 1)])
    dimmed = np.random.default_rng(seed).uniform(0.05, 1.0, (30, 1)).astype(np.float32)
    track = DissolveTrack(np.arange(30) * 8.33, facts.thumbnail, facts.histogram, facts.detail * dimmed)
    assert dissolves(possible_dissolves(track, np.arange(30)), np.zeros(0)) == ()
