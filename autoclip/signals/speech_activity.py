"""Speech activity: how strongly the level is modulated at the rate of syllables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from autoclip.signals.loudness import decibels
from autoclip.timeline import Interval

SYLLABLE_RATE_HZ = (2.0, 8.0)
"""Modulation frequencies of speech in Hz: syllables modulate its level most at 4 Hz (Houtgast & Steeneken 1985, "A
review of the MTF concept in room acoustics"); Scheirer & Slaney 1997, "Construction and evaluation of a robust
multifeature speech/music discriminator", use the energy there to separate speech from music.
"""

EXTENSION_SEC = 2.0
"""Length in seconds by which the level is continued at both ends, point-symmetrically, before it is filtered: the
filter's response has decayed by then.
"""

WINDOW_SEC = 1.0
"""Length in seconds over which the modulation is averaged, from Scheirer & Slaney."""

FLOOR_BELOW_LOUD_DB = 40.0
"""Levels further than this below the loudest twentieth of the audio count as silence, in dB: the range of levels in
speech is 30 dB (ANSI S3.5-1997), and noise below it would count as modulation, too.
"""

MIN_DB, SURE_DB = 3.0, 6.0
"""Depth of the modulation, in dB, below which nobody speaks, and above which somebody certainly does.

In matches and films without voices the median is 1 to 2 dB and one second in twenty reaches 4.5 dB; in six recordings
of speech the median is 8 dB.
"""

AUDIBLE_DBFS, AROUND_AUDIBLE_SEC = -70.0, 2.0
"""Minimum level of speech, 50 dB below that of broadcasts (EBU R 128: -23 LUFS), and the margin in seconds kept around
it.
"""


def speech_activity(power: NDArray[np.float32], hop_sec: float) -> NDArray[np.float32]:
    """Return how much each hop sounds like speech.

    The level in dB is filtered to `SYLLABLE_RATE_HZ`; its RMS over `WINDOW_SEC` is mapped linearly from `MIN_DB` (0)
    to `SURE_DB` (1). Music over speech hides the voice; drums in that rhythm look like speech.

    Parameters
    ----------
    power : ndarray
        Power of the mid-band, where voices are, of each hop; NaN without audio.
    hop_sec : float
        Length of a hop in seconds.

    Returns
    -------
    ndarray
        Shape of `power`, float32, in [0, 1]; NaN without audio.
    """
    heard = ~np.isnan(power)
    window = round(WINDOW_SEC / hop_sec)
    if np.count_nonzero(heard) <= window:
        return np.where(heard, np.float32(0), np.float32(np.nan))
    levels = decibels(power.astype(np.float64))
    floor = np.percentile(levels[heard], 95) - FLOOR_BELOW_LOUD_DB
    levels = np.where(heard, np.maximum(levels, floor), floor)
    modulation = syllable_modulation(levels, hop_sec)
    depth = np.sqrt(np.maximum(uniform_filter1d(np.square(modulation), window), 0.0))
    share = np.clip((depth - MIN_DB) / (SURE_DB - MIN_DB), 0.0, 1.0)
    return np.where(heard, share, np.nan).astype(np.float32)


def syllable_modulation(levels: NDArray[np.float64], hop_sec: float) -> NDArray[np.float64]:
    """Return the part of a level at `SYLLABLE_RATE_HZ`, without delay.

    A Butterworth band-pass of order 2, forward and backward, as the square of its magnitude (bilinear transform) on the
    spectrum. Away from the ends this is ``scipy.signal.sosfiltfilt``, whose import takes 50 MB and 0.7 s.
    """
    reach = min(round(EXTENSION_SEC / hop_sec), levels.size - 1)
    before, after = 2 * levels[0] - levels[reach:0:-1], 2 * levels[-1] - levels[-2 : -reach - 2 : -1]
    size = next_fast_len(levels.size + 2 * reach, real=True)
    spectrum = rfft(np.concatenate([before, levels, after]), size)
    warped = np.tan(np.pi * rfftfreq(size, hop_sec) * hop_sec)
    low, high = np.tan(np.pi * np.array(SYLLABLE_RATE_HZ) * hop_sec)
    inside, outside = (warped * (high - low)) ** 4, (warped**2 - low * high) ** 4
    filtered: NDArray[np.float64] = irfft(spectrum * (inside / (inside + outside)), size)
    return filtered[reach : reach + levels.size]


def audible_spans(envelope_dbfs: NDArray[np.float32], step_sec: float, duration_sec: float) -> tuple[Interval, ...]:
    """Return where anything is audible, ordered by time, with a margin of `AROUND_AUDIBLE_SEC`.

    Elsewhere nobody can speak. `speech_activity` can't exclude as much, because it does not detect a voice under music.

    Parameters
    ----------
    envelope_dbfs : ndarray
        RMS of each step in dBFS; NaN without audio.
    step_sec : float
        Length of a step in seconds.
    duration_sec : float
        Length of the video in seconds.
    """
    reach = round(AROUND_AUDIBLE_SEC / step_sec)
    loud = np.nan_to_num(envelope_dbfs, nan=-np.inf) >= AUDIBLE_DBFS
    near = maximum_filter1d(loud.astype(np.int8), 2 * reach + 1, mode="constant")
    edges = np.flatnonzero(np.diff(np.concatenate(([0], near, [0]))))
    ends = np.where(edges[1::2] == near.size, duration_sec, edges[1::2] * step_sec)
    return tuple(Interval(float(a), float(b)) for a, b in zip(edges[::2] * step_sec, ends, strict=True) if b > a)
