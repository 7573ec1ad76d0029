"""Find which of two people speaks: the one whose mouth moves while there is audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.tracks import FaceTrack
from autoclip.media.decoding.speech_audio import audio_chunks
from autoclip.media.video import Video
from autoclip.timeline import Interval

LEVEL_STEP_SEC = 0.1
_ABOVE_FLOOR_DB = 6.0
_FLOOR_PERCENTILE = 20
_AUDIBLE_DBFS = -50.0

_WINDOW_SEC = 1.5
"""Length in seconds over which mouths are compared: some syllables."""
_CLEAR = 1.6
"""Minimum ratio of the motion of the speaking mouth to that of the other."""
_MOVES = 0.012
"""Minimum motion of a speaking mouth, as a share of the range of luma: above the noise of a codec."""
MIN_TURN_SEC = 2.0
"""Shortest turn in seconds that the crop follows: an operator does not move for a "yes" from the other side."""
_MIN_CLEAR_SHARE = 0.6
"""Share of a shot's audio whose speaker must be known; otherwise both people are shown."""


@dataclass(frozen=True, slots=True)
class SoundLevels:
    """The audio level of a clip in steps of `LEVEL_STEP_SEC`.

    Attributes
    ----------
    start_sec : float
        Start of the first step, in seconds of the video.
    dbfs : ndarray
        RMS of each step, shape ``(n,)``; empty without audio.
    """

    start_sec: float
    dbfs: NDArray[np.float64]

    def has_sound(self, seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether somebody can be heard at some instants, shape ``(k,)``."""
        if not self.dbfs.size:
            return np.zeros(len(seconds), np.bool_)
        limit = max(_AUDIBLE_DBFS, float(np.percentile(self.dbfs, _FLOOR_PERCENTILE)) + _ABOVE_FLOOR_DB)
        loud = self.dbfs > min(limit, float(np.percentile(self.dbfs, 50)))
        loud &= self.dbfs > _AUDIBLE_DBFS
        places = np.clip(((seconds - self.start_sec) / LEVEL_STEP_SEC).astype(int), 0, len(loud) - 1)
        return np.asarray(loud[places])


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of one of the tracks: its number, and when it begins, in seconds of the video."""

    track: int
    start_sec: float


def sound_levels(video: Video, interval: Interval) -> SoundLevels:
    """Measure the audio level of a clip.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    rate = video.audio.sample_rate if video.audio is not None else 1  # as it is stored: resampling would cost more
    step = max(1, round(LEVEL_STEP_SEC * rate))
    power, rest = [np.zeros(0)], np.zeros(0, np.float32)
    for chunk in audio_chunks(video, interval, rate):
        samples = np.concatenate((rest, chunk.samples))
        whole = len(samples) // step * step
        power.append(np.square(samples[:whole].reshape(-1, step)).mean(axis=1, dtype=np.float64))
        rest = samples[whole:]
    return SoundLevels(interval.start, 10 * np.log10(np.maximum(np.concatenate(power), 1e-12)))


def find_turns(tracks: Sequence[FaceTrack], shot: Interval, levels: SoundLevels) -> tuple[Turn, ...]:
    """Return which of two people in a shot speaks when; empty if mouths and audio don't show it.

    Parameters
    ----------
    tracks : sequence of FaceTrack
        The two people.
    shot : Interval
        The shot, in seconds of the video.
    levels : SoundLevels
        The audio level.
    """
    seconds = np.arange(shot.start, shot.end, LEVEL_STEP_SEC)
    motion = np.stack([_smoothed_motion(track, seconds) for track in tracks])
    heard = levels.has_sound(seconds) & ~np.isnan(motion).any(axis=0)
    if not heard.any():
        return ()
    stronger = np.nanargmax(np.nan_to_num(motion), axis=0)
    high, low = np.nan_to_num(motion.max(axis=0)), np.nan_to_num(motion.min(axis=0))
    clear = heard & (high > _MOVES) & (high > _CLEAR * low)
    if clear.sum() < _MIN_CLEAR_SHARE * heard.sum():
        return ()
    return _turns(seconds[clear], stronger[clear], shot)


def _smoothed_motion(track: FaceTrack, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean motion of a mouth around each instant; NaN where it was not seen."""
    known = ~np.isnan(track.mouth_motion)
    times, values = track.seconds[known], track.mouth_motion[known]
    first = np.searchsorted(times, seconds - _WINDOW_SEC / 2)
    after = np.searchsorted(times, seconds + _WINDOW_SEC / 2)
    total = np.concatenate([[0.0], np.cumsum(values)])
    count = after - first
    return np.where(count > 0, (total[after] - total[first]) / np.maximum(count, 1), np.nan)


def _turns(seconds: NDArray[np.float64], speaker: NDArray[np.intp], shot: Interval) -> tuple[Turn, ...]:
    """Join instants to turns. A turn shorter than `MIN_TURN_SEC` is dropped, and the previous one continues."""
    changes = [0, *(np.flatnonzero(np.diff(speaker)) + 1).tolist()]
    ends = [*changes[1:], len(seconds) - 1]
    turns: list[Turn] = []
    for begin, end in zip(changes, ends, strict=True):
        track, long = int(speaker[begin]), seconds[min(end, len(seconds) - 1)] - seconds[begin] >= MIN_TURN_SEC
        if not turns:
            turns.append(Turn(track, shot.start))
        elif long and turns[-1].track != track:
            turns.append(Turn(track, float(seconds[begin])))
    return tuple(turns)
