"""The mid-band level: what lies around 1 kHz, for as long as the ear adds it up."""

import numpy as np
import pytest

from autoclip.signals.audio_analyzer import AudioAnalyzer, audio_series
from autoclip.timeline import Grid

RATE = 48_000


def midband_of(samples):
    meter = AudioAnalyzer()
    meter.push(0, RATE, ("FC",), samples.astype(np.float32)[None])
    return audio_series(meter.finish(), Grid(0.5, 4)).midband_dbfs


def tone(frequency, amplitude=0.5, seconds=2.0):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def test_a_tone_in_the_band_has_its_level():
    assert midband_of(tone(1000.0))[1] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.2)


@pytest.mark.parametrize("frequency", [80.0, 8000.0])
def test_a_tone_outside_of_the_band_is_hardly_there(frequency):
    assert midband_of(tone(frequency))[1] < -50


def test_a_short_sound_counts_by_its_energy_in_100_ms():
    samples = np.zeros(2 * RATE)
    burst = slice(round(0.7 * RATE), round(0.75 * RATE))
    samples[burst] = tone(1000.0)[burst]
    level = midband_of(samples)
    assert level[1] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)) - 3, abs=0.7)
    assert level[3] < -100
