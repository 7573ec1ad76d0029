"""Sounds are what their names say, and the same whatever blocks they are asked for in."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.timeline import Interval
from synthetic_media import Beeps, Impact, Noise, Plain, Shot, Speech, Storyboard, Swell, Tone, sound_of

RATE = 16_000
SOUNDS = (
    Tone(Interval(0.2, 3.0)),
    Noise(Interval(0.5, 2.5), seed=3, color="pink"),
    Swell(Interval(0.1, 3.9), peak_sec=2.0),
    Impact(Interval(1.0, 2.0)),
    Beeps(Interval(0.0, 4.0)),
    Speech(Interval(0.3, 3.8), seed=5),
)
BOARD = Storyboard((Shot(4.0, Plain()),), SOUNDS)


def level(samples):
    return 20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-12)


@given(st.lists(st.integers(1, 4 * RATE - 1), min_size=1, max_size=5, unique=True).map(sorted))
def test_blocks_do_not_matter(edges):
    whole = sound_of(BOARD, 0, 4 * RATE, RATE)
    bounds = [0, *edges, 4 * RATE]
    parts = [sound_of(BOARD, a, b - a, RATE) for a, b in pairwise(bounds)]
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: type(sound).__name__)
def test_nothing_is_heard_outside_the_interval(sound):
    samples = sound.samples(0, 5 * RATE, RATE)
    seconds = np.arange(5 * RATE) / RATE
    outside = (seconds < sound.interval.start) | (seconds >= sound.interval.end)
    assert not samples[outside].any()
    assert samples[~outside].any()


@given(st.floats(-60, -12), st.sampled_from(["white", "pink", "crowd", "voice"]))
def test_level_of_noise(dbfs, color):
    # The loop of noise has the level exactly; a part of it only nearly.
    samples = Noise(Interval(0, 10), dbfs, color=color).samples(RATE, 6 * RATE, RATE)
    assert level(samples) == pytest.approx(dbfs, abs=0.5)


def test_swell_peaks_where_it_should():
    swell = Swell(Interval(0, 10), peak_sec=7.0, peak_dbfs=-10.0, floor_dbfs=-50.0)
    levels = [level(part) for part in np.split(swell.samples(0, 10 * RATE, RATE), 20)]
    assert int(np.argmax(levels)) in {13, 14}
    assert max(levels) == pytest.approx(-10, abs=1.5)
    assert levels[0] < -45


def test_pauses_of_speech_are_silent_and_words_are_not():
    speech = Speech(Interval(1.0, 61.0), level_dbfs=-20.0, seed=7)
    samples = speech.samples(0, 62 * RATE, RATE)
    assert len(speech.pauses) > 20
    for pause in speech.pauses:
        assert pause.duration >= 0.15
        assert not samples[int(np.ceil(pause.start * RATE)) : int(pause.end * RATE)].any()
    words = np.ones(len(samples), bool)
    words[:RATE], words[61 * RATE :] = False, False
    for pause in speech.pauses:
        words[int(pause.start * RATE) : int(pause.end * RATE) + 1] = False
    assert level(samples[words]) == pytest.approx(-20, abs=1.5)


def test_the_mix_never_clips_beyond_full_scale():
    loud = Storyboard((Shot(1.0, Plain()),), (Noise(Interval(0, 1), 6.0), Tone(Interval(0, 1), 0.0)))
    assert np.abs(sound_of(loud, 0, RATE, RATE)).max() == 1.0
