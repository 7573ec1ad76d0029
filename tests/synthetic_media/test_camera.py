"""Pictures show what the storyboard says, and the truth follows from it, without any encoder in between."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic_media import Caption, Flash, Plain, Shot, Storyboard, Texture, demo_storyboard
from synthetic_media.camera import expose
from synthetic_media.frame_planes import Color, Picture
from synthetic_media.scenery import disc
from synthetic_media.schedule import Schedule


def plan(*shots, rate=25, durations=(1.0,), **rest):
    rate = Fraction(rate)
    return Schedule.plan(Storyboard(shots, **rest), rate, durations, Fraction(1, rate.numerator * 16))


def lumas(schedule, width=160, height=90):
    return [picture.luma.astype(int).copy() for picture in expose(schedule, width, height)]


def test_a_dissolve_goes_from_one_picture_to_the_other():
    frames = lumas(plan(Shot(1.0, Plain(luma=40)), Shot(1.0, Plain(luma=200), dissolve_frames=9)))
    levels = [frame.mean() for frame in frames]
    assert levels[:25] == [40.0] * 25
    assert levels[25:34] == pytest.approx([40 + 160 * n / 10 for n in range(1, 10)], abs=1.5)
    assert levels[34:] == [200.0] * 16


def test_grain_is_new_on_every_frame_and_as_strong_as_asked():
    frames = lumas(plan(Shot(0.4, Plain(luma=120), grain=4.0)))
    assert frames[0].std() == pytest.approx(4.0, abs=0.3)
    assert all(np.abs(b - a).mean() > 2 for a, b in pairwise(frames))


def test_letterbox_is_black_above_and_below():
    (frame, *_) = lumas(plan(Shot(0.2, Plain(luma=200), letterbox=0.2, grain=3.0)))
    dark = frame.mean(axis=1) < 20
    assert dark[:8].all()
    assert dark[-8:].all()
    assert not dark[10:80].any()


def test_a_caption_is_written_where_it_should_be():
    (frame, *_) = lumas(plan(Shot(0.2, Plain(luma=30), captions=(Caption("GOAL", 0.2, x=0.75, y=0.25),))))
    rows, columns = np.nonzero(frame > 150)
    assert columns.mean() == pytest.approx(0.75 * 160, abs=6)
    assert rows.mean() == pytest.approx(0.25 * 90, abs=5)


def test_a_flash_is_light_and_no_cut():
    schedule = plan(Shot(1.0, Texture(seed=3), flashes=(Flash(0.4, frames=3),)))
    levels = np.array([frame.mean() for frame in lumas(schedule)])
    (flash,) = schedule.truth().flashes
    assert (
        list(np.flatnonzero(levels > levels[0] + 20)) == list(range(flash.first_frame, flash.end_frame)) == [10, 11, 12]
    )
    assert not schedule.truth().cuts


def test_scenes_of_other_seeds_look_different():
    firsts = [lumas(plan(Shot(0.04, Texture(seed=seed))))[0] for seed in range(6)]
    distances = [np.abs(a - b).mean() for i, a in enumerate(firsts) for b in firsts[:i]]
    assert min(distances) > 15


@given(
    st.lists(st.floats(0.4, 5.0), min_size=1, max_size=8),
    st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(10), Fraction(60)]),
    st.sampled_from([(1.0,), (1.0, 2.0, 0.5), (0.7, 1.3)]),
)
def test_every_shot_begins_at_its_first_frame(lengths, rate, durations):
    shots = [Shot(length, Texture(seed=i)) for i, length in enumerate(lengths)]
    schedule = plan(*shots, rate=rate, durations=durations)
    truth = schedule.truth()
    assert np.all(np.diff(truth.frame_pts) > 0)
    assert truth.frame_pts[0] == 0
    planned = np.cumsum(lengths)[:-1]
    longest = max(durations) / float(rate)
    for cut, start in zip(truth.cuts, planned, strict=True):
        assert truth.time_of(cut.frame) == cut.time_sec
        assert -1e-3 <= cut.time_sec - start <= longest + 1e-3
    assert abs(truth.duration_sec - sum(lengths)) <= longest + 1e-3


def test_drawing_the_same_frame_twice_gives_the_same_picture():
    schedule = Schedule.plan(Storyboard(demo_storyboard().shots[2:3]), Fraction(5), (1.0,), Fraction(1, 5))
    assert all(np.array_equal(a, b) for a, b in zip(lumas(schedule), lumas(schedule), strict=True))


@given(st.integers(-80, 200), st.integers(-80, 130), st.integers(1, 60))
def test_strokes_may_reach_over_the_edge(x, y, radius):
    picture = Picture(160, 90)
    picture.fill(Color(50, 128, 128))
    picture.blend(Color(200, 60, 190), disc(radius), x, y)
    assert picture.luma.min() >= 50
    assert picture.luma.max() <= 200
    assert picture.cb.min() >= 60
    assert picture.cr.max() <= 190


@pytest.mark.parametrize("size", [(0, 90), (161, 90), (160, 91), (-2, 4)])
def test_odd_sizes_are_refused(size):
    with pytest.raises(ValueError, match="positive and even"):
        Picture(*size)


def test_colors():
    assert Color.from_hex("#ffffff") == Color(235, 128, 128)
    assert Color.from_hex("#000000") == Color(16, 128, 128)
    assert Color.from_hex("#ff0000") == Color(81, 90, 240)
