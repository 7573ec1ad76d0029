"""Reasons: true words about each clip, and about why there is none."""

import re

import numpy as np
import pytest
from made_features import Scene

from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.signals.table import Event


def best(features, **changed):
    clips = select(features, Settings.from_flat(changed), "x").clips
    return max(clips, key=lambda clip: clip.quality_score)


def test_the_loudest_moment_is_called_so_with_its_motion_and_edges():
    scene = Scene(900).moment(400, louder=20).cut(399.0, 409.0)
    assert best(scene.features()).reason == (
        "loudest 3 s of the whole video, with fast motion; starts on a cut, ends on a cut"
    )


@pytest.mark.parametrize(("louder_sec", "since"), [(300, "19 minutes"), (1396, "minute")])
def test_a_moment_is_the_loudest_since_a_louder_one_in_whole_minutes(louder_sec, since):
    scene = Scene(1800).moment(louder_sec, louder=14).moment(1500, louder=9)
    clips = select(scene.features(), Settings(), "x").clips
    later = next(clip for clip in clips if clip.start <= 1503 < clip.end)
    assert later.reason.startswith(f"loudest 3 s of the last {since},")


def test_a_reaction_over_a_calm_picture_is_told():
    scene = Scene(600, seed=3).sound_at(300, 6, 16).motion_at(290, 25, 0.6)
    assert best(scene.features()).reason.startswith("a loud moment over a calm picture: loudest 3 s of the whole video")


def test_without_sound_the_motion_is_praised():
    reason = best(Scene(600, sound=False).motion_at(300, 8, 6).features()).reason
    assert reason.startswith("fastest 3 s of the whole video")
    assert reason.endswith("chosen by the picture alone: there is no sound")


def test_edges_at_the_videos_own_ends_are_told():
    reason = best(Scene(8.0).moment(3, length=2).features(), window_formula="anchor").reason
    assert "starts with the video, ends with the video" in reason


def test_what_viewers_replayed_is_told():
    features = Scene(600).moment(300).features()
    replayed = np.zeros(features.grid.count, np.float32)
    replayed[596:620] = 1.0
    series = {**features.series, "most_replayed": replayed}
    events = (*features.events, Event("chapter", 290.0))
    marked = type(features)(600.0, features.grid, series, {}, features.frame_hash, features.envelope_dbfs, events)
    assert "replayed by many viewers" in best(marked).reason


def test_nothing_that_stands_out_is_said_with_the_way_out():
    features = Scene(600).moment(300).features()
    message = select(features, Settings.from_flat({"anchor_threshold": 20.0, "audio_only_z_threshold": 20.0}), "x")
    assert message.clips == ()
    assert "anchor_threshold = 20" in message.message


def test_what_the_filters_dropped_is_counted():
    bored = Settings.from_flat({"boring_share": 0.0, "boring_anchor_exempt": 20.0})
    quiet = Scene(8.0).moment(3, length=2).features()
    assert "dropped the only moment as boring" in select(quiet, bored, "x").message
    assert re.search(
        r"dropped all \d+ moments as boring", select(Scene(600).moment(200).features(), bored, "x").message
    )


def test_a_moment_that_is_no_record_is_told_in_figures():
    scene = Scene(900).moment(300, louder=20)
    for at in range(40, 860, 40):
        scene.moment(at, length=4, louder=8, faster=3)
    clips = select(scene.features(), Settings(), "x").clips
    told = re.compile(r"\d+ dB louder than usual( and the picture moves \d+\.\d times as fast as usual)?;")
    figures = [clip.reason for clip in clips if "dB louder" in clip.reason]
    assert figures
    assert all(told.search(reason) for reason in figures)
    assert not any("peak of excitement" in clip.reason or "a loud moment;" in clip.reason for clip in clips)


def test_the_loudest_of_the_beginning_says_of_how_much():
    scene = Scene(1800).moment(600, louder=9).moment(1500, louder=16)
    clips = select(scene.features(), Settings(), "x").clips
    earlier = next(clip for clip in clips if clip.start <= 603 < clip.end)
    assert earlier.reason.startswith(("loudest 3 s of the first 10 minutes", "loudest 3 s for the next"))


@pytest.mark.parametrize("rise", [60.0])
def test_sound_out_of_silence_is_given_no_number(rise):
    scene = Scene(900, level_dbfs=-75).moment(200, louder=rise).moment(205, louder=rise).moment(600, louder=rise)
    reasons = [clip.reason for clip in select(scene.features(), Settings(), "x").clips]
    assert not any(re.search(r"[5-9]\d dB", reason) for reason in reasons)


def test_no_reason_of_a_planted_video_is_empty_or_vague():
    scene = Scene(1200, seed=5).cut(*np.arange(7.3, 1200, 4.7).tolist())
    for number, at in enumerate(range(30, 1170, 60)):
        scene.moment(at, louder=6 + number % 5, faster=2 + number % 3)
    for clip in select(scene.features(), Settings(), "x").clips:
        what = clip.reason.split(";")[0]
        assert re.search(r"\d|whole video|minute|hour", what), clip.reason
