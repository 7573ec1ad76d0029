"""Speech activity: sound that rises and falls as syllables do, at any level; no other sound."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.signals.audio_analyzer import AudioAnalyzer, audio_series
from autoclip.signals.speech_activity import (
    AROUND_AUDIBLE_SEC,
    AUDIBLE_DBFS,
    EXTENSION_SEC,
    audible_spans,
    speech_activity,
    syllable_modulation,
)
from autoclip.timeline import Grid

HOP_SEC = 0.02
RATE = 16_000
SECONDS = 12


def modulated(rate_hz, depth=1.0, level_dbfs=-20.0, seconds=SECONDS):
    """Noise whose power rises and falls at a rate, in hops."""
    times = np.arange(round(seconds / HOP_SEC)) * HOP_SEC
    noise = np.random.default_rng(1).chisquare(30, times.size) / 30
    swing = 1 - depth * (0.5 + 0.5 * np.cos(2 * np.pi * rate_hz * times))
    return (10 ** (level_dbfs / 10) * noise * np.maximum(swing**2, 1e-3)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [3.0, 4.0, 5.0])
def test_what_is_modulated_as_syllables_are_is_speech(rate_hz):
    assert np.median(speech_activity(modulated(rate_hz), HOP_SEC)) > 0.9


@pytest.mark.parametrize(("rate_hz", "depth"), [(4.0, 0.0), (0.3, 1.0), (18.0, 1.0), (4.0, 0.3)])
def test_even_slow_fast_and_shallow_modulation_is_not(rate_hz, depth):
    assert np.median(speech_activity(modulated(rate_hz, depth), HOP_SEC)) < 0.1


def test_it_is_there_while_somebody_speaks_and_gone_after():
    power = np.concatenate([modulated(4.0), modulated(4.0, depth=0.0, level_dbfs=-45), modulated(4.0)])
    found = speech_activity(power, HOP_SEC)
    seconds = np.arange(power.size) * HOP_SEC
    assert np.all(found[(seconds > 1) & (seconds < SECONDS - 1)] > 0.8)
    assert np.all(found[(seconds > SECONDS + 1) & (seconds < 2 * SECONDS - 1)] < 0.1)


@pytest.mark.parametrize(("rate_hz", "gain"), [(0.5, 0), (2, 0.5), (4, 1), (8, 0.5), (20, 0)])
def test_modulation_passes_at_the_rate_of_syllables(rate_hz, gain):
    swing = np.sin(2 * np.pi * rate_hz * np.arange(1000) * HOP_SEC)
    inner = slice(round(EXTENSION_SEC / HOP_SEC), -round(EXTENSION_SEC / HOP_SEC))
    assert syllable_modulation(swing - 40, HOP_SEC)[inner] == pytest.approx(gain * swing[inner], abs=0.01)


@given(gain_db=st.floats(-50, 20))
def test_the_level_of_the_recording_does_not_matter(gain_db):
    power = modulated(4.0, depth=0.7, seconds=4)
    louder = (power * 10 ** (gain_db / 10)).astype(np.float32)
    assert speech_activity(louder, HOP_SEC) == pytest.approx(speech_activity(power, HOP_SEC), abs=1e-3)


@given(st.lists(st.one_of(st.floats(0, 1, width=32), st.just(float("nan"))), max_size=200))
def test_it_is_a_share_wherever_there_is_sound(values):
    power = np.array(values, np.float32)
    found = speech_activity(power, HOP_SEC)
    assert found.shape == power.shape
    assert (np.isnan(found) == np.isnan(power)).all()
    assert ((found[~np.isnan(found)] >= 0) & (found[~np.isnan(found)] <= 1)).all()


@pytest.mark.parametrize("frequency", [1000.0, 80.0])
def test_a_tone_and_silence_are_no_speech(frequency):
    analyzer = AudioAnalyzer()
    samples = 0.3 * np.sin(2 * np.pi * frequency * np.arange(4 * RATE) / RATE)
    samples[2 * RATE :] = 0
    analyzer.push(0, RATE, ("FC",), samples.astype(np.float32)[None])
    series = audio_series(analyzer.finish(), Grid(0.5, 8)).speech_activity
    assert series[2] == pytest.approx(0, abs=0.2)  # the edges around it are steps, which hold every rate
    assert series[6:] == pytest.approx(0, abs=0.05)


@given(
    levels=st.lists(st.one_of(st.floats(-120, 0), st.just(float("nan"))), min_size=1, max_size=300),
    step_sec=st.sampled_from([0.02, 0.5]),
)
def test_audible_spans_hold_what_is_loud_enough_and_what_is_near_it(levels, step_sec):
    duration = len(levels) * step_sec + 0.01
    spans = audible_spans(np.array(levels, np.float32), step_sec, duration)
    assert all(0 <= span.start < span.end <= duration for span in spans)
    assert all(a.end < b.start for a, b in itertools.pairwise(spans))
    reach = round(AROUND_AUDIBLE_SEC / step_sec)
    for index in range(len(levels)):
        loud = any(level >= AUDIBLE_DBFS for level in levels[max(0, index - reach) : index + reach + 1])
        assert loud == any(span.contains((index + 0.5) * step_sec) for span in spans)
