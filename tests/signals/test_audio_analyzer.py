"""Sound on the timeline: loudness as the standard has it, gaps as gaps, and the same rows however it is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoclip.signals.audio_analyzer import HOP_SEC, AudioAnalyzer, audio_series, envelope_dbfs
from autoclip.timeline import Grid

RATE = 48_000


def tone(seconds, amplitude=1.0, frequency=997.0, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def rows_of(samples, *, start=0, rate=RATE, channels=("FC",), cuts=()):
    meter = AudioAnalyzer()
    for piece_start, piece in zip((0, *cuts), np.split(np.atleast_2d(samples), cuts, axis=1), strict=True):
        if piece.shape[1]:
            meter.push(start + piece_start, rate, channels, piece)
    return meter.finish()


def series_of(samples, count=8, **keywords):
    return audio_series(rows_of(samples, **keywords), Grid(0.5, count))


@pytest.mark.parametrize("rate", [48_000, 44_100, 32_000])
def test_a_full_scale_sine_in_one_channel_is_at_minus_3_lufs(rate):
    # ITU-R BS.1770-5, annex 1: -3.01 LKFS for 0 dBFS, 997 Hz, one front channel.
    assert series_of(tone(4, rate=rate), rate=rate).loudness_lufs[3] == pytest.approx(-3.01, abs=0.1)


def test_the_same_sine_in_both_channels_is_3_db_louder_and_in_the_bass_channel_unheard():
    assert series_of(np.stack([tone(4)] * 2), channels=("FL", "FR")).loudness_lufs[3] == pytest.approx(0.0, abs=0.1)
    assert series_of(tone(4), channels=("LFE",)).loudness_lufs[3] == -120


def test_low_frequencies_count_less_than_their_level():
    series = series_of(tone(4, frequency=50.0))
    assert series.audio_dbfs[3] == pytest.approx(-3.01, abs=0.05)
    assert series.loudness_lufs[3] < -6


def test_rms_is_that_of_the_mean_of_the_channels():
    series = series_of(np.stack([tone(4), -tone(4)]), channels=("FL", "FR"))
    assert series.audio_rms[3] == pytest.approx(0.0, abs=1e-6)
    assert series_of(tone(4)).audio_rms[3] == pytest.approx(1 / np.sqrt(2), rel=1e-3)


def test_silence_is_the_floor_and_not_missing():
    series = series_of(np.zeros(4 * RATE, np.float32))
    assert (series.audio_dbfs == -120).all()
    assert (series.onset_strength[1:] == 0).all()


def test_a_gap_in_the_timestamps_is_missing_not_silent():
    meter = AudioAnalyzer()
    meter.push(0, RATE, ("FC",), tone(1)[None])
    meter.push(3 * RATE, RATE, ("FC",), tone(1)[None])
    series = audio_series(meter.finish(), Grid(0.5, 8))
    assert np.isnan(series.audio_rms).tolist() == [False, False, True, True, True, True, False, False]


def test_sound_before_time_zero_is_left_out_and_sound_that_begins_late_is_late():
    assert np.isnan(series_of(tone(1), start=-RATE // 2).audio_rms[1:]).all()
    late = series_of(tone(1), start=RATE)
    assert np.isnan(late.audio_rms[:2]).all()
    assert late.audio_rms[2] > 0.5


def test_a_clock_that_is_set_back_measures_no_hop_twice():
    meter = AudioAnalyzer()
    meter.push(0, RATE, ("FC",), tone(2)[None])
    meter.push(RATE, RATE, ("FC",), np.zeros((1, 2 * RATE), np.float32))
    series = audio_series(meter.finish(), Grid(0.5, 8))
    assert series.audio_rms[2] > 0.5
    assert series.audio_rms[5] == 0


def test_a_hit_is_an_onset_and_a_steady_tone_is_none():
    samples = np.concatenate([tone(2, 0.01), tone(2, 0.5)])
    samples[RATE + 5000 : RATE + 7000] += np.random.default_rng(1).normal(scale=0.3, size=2000).astype(np.float32)
    onset = series_of(samples).onset_strength
    assert onset[2] > 20 * max(onset[1], onset[6])


def test_a_change_of_rate_and_layout_in_mid_stream_goes_on():
    meter = AudioAnalyzer()
    meter.push(0, RATE, ("FC",), tone(1)[None])
    meter.push(22_050, 22_050, ("FL", "FR"), np.stack([tone(1, rate=22_050)] * 2))
    assert audio_series(meter.finish(), Grid(0.5, 4)).audio_rms == pytest.approx(1 / np.sqrt(2), rel=0.02)


def test_without_a_sample_there_are_no_rows():
    assert AudioAnalyzer().finish() is None


def test_the_envelope_covers_the_video_and_shows_a_pause():
    samples = tone(2, 0.5)
    samples[RATE : RATE + RATE * 15 // 100] = 0
    envelope = envelope_dbfs(rows_of(samples), 3.0)
    assert len(envelope) == 150
    assert np.isnan(envelope[101:]).all()
    quiet = np.flatnonzero(envelope[:100] < -60) * HOP_SEC
    assert quiet[0] == pytest.approx(1.0, abs=HOP_SEC)
    assert quiet[-1] == pytest.approx(1.14, abs=2 * HOP_SEC)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3 * 44_100), max_size=12), st.sampled_from([44_100, 22_050, 11_025]))
def test_how_samples_are_cut_into_blocks_changes_nothing(cuts, rate):
    samples = np.random.default_rng(0).normal(scale=0.1, size=3 * rate).astype(np.float32)
    whole = rows_of(samples, rate=rate)
    parts = rows_of(samples, rate=rate, cuts=tuple(sorted({cut for cut in cuts if cut < 3 * rate})))
    for name in ("mean_square", "weighted_power", "onset"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-7)
