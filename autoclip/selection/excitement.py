"""Excitement: loudness, motion and what viewers replayed, combined into one curve on the grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from autoclip.errors import ParameterError
from autoclip.settings import AnchorSettings, ExcitementFormula, LoudnessMeasure, MotionMeasure
from autoclip.signals.level_drop import level_drop_series, level_fall_series
from autoclip.signals.normalization import z_score
from autoclip.signals.robust_normalization import Mask, Series, local_robust_z_score, robust_z_score
from autoclip.signals.table import Features
from autoclip.timeline import Grid

SILENCE_DB = -70.0
"""Level below which there is silence: the absolute gate of EBU R128 (ITU-R BS.1770-4), in LUFS or dBFS."""

STILL_MOTION = 0.0005
"""Mean luma difference below which nothing moves: one gray level of 256 in every eighth pixel."""

MOSTLY_MOVING = 0.5
"""Share of moving steps from which a frozen picture is an exception."""

_LOUDNESS_SIGNALS: dict[LoudnessMeasure, tuple[str, ...]] = {
    "midband": ("midband_dbfs", "loudness_lufs", "audio_dbfs", "audio_rms"),
    "lufs": ("loudness_lufs", "audio_dbfs", "audio_rms"),
    "dbfs": ("audio_dbfs", "audio_rms"),
    "rms": ("audio_rms",),
}

_MOTION_SIGNALS: dict[MotionMeasure, tuple[str, ...]] = {
    "frames": ("picture_change", "motion_score"),
    "quarters": ("motion_score",),
}

MIN_Z, MAX_Z = -3.0, 5.0
"""Scores are limited to this range (winsorized): one explosion counts as much as another, and silence in one signal
does not outweigh the other.

Noise stays within 3; 5 leaves room to rank what exceeds it.
"""

_MIN_DEVIATION = {
    "midband_dbfs": 1.0,
    "picture_change": 0.001,
    "loudness_lufs": 1.0,
    "audio_dbfs": 1.0,
    "audio_rms": 1e-4,
    "motion_score": 0.002,
    "level_drop_db": 1.0,
    "level_fall_db": 1.0,
    "most_replayed": 0.01,
}
"""Smallest spread; smaller differences are noise.

1 dB is the least change of level that listeners notice (Zwicker & Fastl, "Psychoacoustics", section 7.1); half a gray
level of 256 is the effect of coding noise on a still picture. For a signal of unknown unit, such as a classifier's
output that is 0 nearly everywhere, it is the share of the range that limits the greatest value to `MAX_Z`.
"""


@dataclass(frozen=True, slots=True)
class WeightedSignal:
    """An additional signal, normalized, with its weight in the curve (`signal_weights`)."""

    name: str
    weight: float
    z: Series


@dataclass(frozen=True, slots=True)
class Excitement:
    """The excitement of each step.

    Attributes
    ----------
    grid : Grid
        The grid of the features.
    curve : ndarray
        Excitement, shape ``(grid.count,)``: 0 is usual, and 1 is about one standard deviation above it.
    activity : ndarray
        Weighted sum of the positive parts, same shape, at least 0; low in dead and boring time.
    loudness_z, motion_z, replayed_z : ndarray or None
        The normalized signals of the curve, winsorized and smoothed like the curve, same shape; None for a missing
        signal, and for the motion of a video that never moves.
    content : ndarray of bool
        Steps with audible audio, or with video that is neither black nor still.
    loudness_signal, motion_signal : str or None
        Names of the measures that were used.
    drop_z : ndarray or None
        Mean of level drop and level fall, normalized like the others; None without audio.
    further : tuple of WeightedSignal
        The signals in `signal_weights`, normalized and smoothed like the others.
    """

    grid: Grid
    curve: Series
    activity: Series
    loudness_z: Series | None
    motion_z: Series | None
    replayed_z: Series | None
    content: Mask
    loudness_signal: str | None
    motion_signal: str | None
    drop_z: Series | None = None
    further: tuple[WeightedSignal, ...] = ()

    @property
    def carried_by(self) -> tuple[str, ...]:
        """Return the names of the signals in the curve, in plain words."""
        named = (("loudness", self.loudness_z), ("motion", self.motion_z), ("most replayed", self.replayed_z))
        further = (signal.name.replace("_", " ") for signal in self.further)
        return (*(name for name, series in named if series is not None), *further)


@dataclass(frozen=True, slots=True)
class _Signals:
    """Normalized signals of `count` steps, 0 where not measured; None for a missing signal."""

    count: int
    loudness: Series | None
    motion: Series | None
    drop: Series | None
    replayed: Series | None
    further: tuple[WeightedSignal, ...] = ()


def measure_excitement(features: Features, settings: AnchorSettings) -> Excitement:
    """Combine the normalized signals into the excitement curve.

    With the formula ``mean``, the curve is the mean of the z-scores, each winsorized to `MIN_Z` and `MAX_Z`, weighted
    by `excitement_w_audio`, `excitement_w_motion` and `excitement_w_drop` (level drop and fall). With ``sum``, it is
    the sum of the positive parts of loudness and motion, weighted by the first two (plus `excitement_w_replayed`).
    With ``product``, it is ``max(loudness_z, 0) * max(motion_z, 0)``, from the user's description. If a signal is
    missing, its weight is dropped and the others make up the curve. The signals in `signal_weights` are treated like
    the others in ``mean`` and ``sum``, and added to ``product``.

    Parameters
    ----------
    features : Features
        The features.
    settings : AnchorSettings
        Measure of loudness, normalization, weights, formula and smoothing.

    Raises
    ------
    ParameterError
        If `signal_weights` names a signal that was not measured.
    """
    loudness_signal = _first_present(features, _LOUDNESS_SIGNALS[settings.loudness_measure])
    motion_signal = _first_present(features, _MOTION_SIGNALS[settings.motion_measure])
    sound = sounding(features)
    window = max(3, round(settings.normalization_window_sec / features.grid.step_sec))
    loudness = _heard(features, _normalized(features, loudness_signal, sound, settings, window), settings)
    moves = bool(moving(features).any())
    motion = _normalized(features, motion_signal, None, settings, window) if moves else None
    drop = _level_drop(features, settings, window)
    replayed = _normalized(features, "most_replayed", None, settings, window)
    steps = settings.smoothing_sec / features.grid.step_sec
    formulas: tuple[ExcitementFormula, ...] = (settings.excitement_formula, "sum")
    further = _further(features, settings, window)
    signals = _Signals(features.grid.count, loudness, motion, drop, replayed, further)
    curve, activity = (_smoothed(_joined(signals, formula, settings), steps) for formula in formulas)
    return Excitement(
        grid=features.grid,
        curve=curve,
        activity=activity,
        loudness_z=_smoothed_z(loudness, steps),
        motion_z=_smoothed_z(motion, steps),
        drop_z=_smoothed_z(drop, steps),
        replayed_z=_smoothed_z(replayed, steps),
        content=sound | moving(features),
        loudness_signal=loudness_signal if loudness is not None else None,
        motion_signal=motion_signal if motion is not None else None,
        further=tuple(replace(signal, z=_bounded_and_smoothed(signal.z, steps)) for signal in further),
    )


def _heard(features: Features, loudness: Series | None, settings: AnchorSettings) -> Series | None:
    """Limit loudness over a frozen picture to the usual, in a video that otherwise moves.

    An announcement over a title card is loud but no highlight; in a video that is one card throughout, there is only
    audio.
    """
    moves = moving(features)
    if loudness is None or settings.sound_over_stills or moves.mean() < MOSTLY_MOVING:
        return loudness
    heard: Series = np.where(moves, loudness, np.minimum(loudness, 0.0))
    return heard


def _further(features: Features, settings: AnchorSettings, window: int) -> tuple[WeightedSignal, ...]:
    """Normalize the signals in `signal_weights`; a signal without any value is left out."""
    weights = settings.weight_of_signal
    unknown = sorted(name for name in weights if name not in features.series and name not in features.absent)
    if unknown:
        raise ParameterError(
            f"signal_weights names {', '.join(unknown)}, which was not measured in this video; there are "
            f"{', '.join(sorted(features.series))}. Install the package that adds the signal, and analyze again"
        )
    measured = {name: _normalized(features, name, None, settings, window) for name in weights}
    return tuple(WeightedSignal(name, weights[name], z) for name, z in measured.items() if z is not None)


def _level_drop(features: Features, settings: AnchorSettings, window: int) -> Series | None:
    """Return the mean z-score of the level drop and fall; None without audio, or if the level never drops."""
    if features.envelope_dbfs is None or settings.excitement_w_drop == 0:
        return None
    measured = {
        "level_drop_db": level_drop_series(features.envelope_dbfs, features.grid),
        "level_fall_db": level_fall_series(features.envelope_dbfs, features.grid),
    }
    if not measured["level_drop_db"].any():
        return None
    with_both = replace(features, series={**features.series, **measured})
    scores = [_normalized(with_both, name, None, settings, window) for name in measured]
    bounded = [np.clip(score, MIN_Z, MAX_Z) for score in scores if score is not None]
    return _heard(features, np.mean(bounded, axis=0), settings)


def sounding(features: Features) -> Mask:
    """Return in which steps the level is above `SILENCE_DB`, shape ``(grid.count,)``."""
    level = features.series.get("audio_dbfs")
    if level is None:
        rms = features.series.get("audio_rms")
        if rms is None:
            return np.zeros(features.grid.count, np.bool_)
        level = (20 * np.log10(np.maximum(rms, 1e-6))).astype(np.float32)
    return np.nan_to_num(level, nan=-np.inf) > SILENCE_DB


def moving(features: Features) -> Mask:
    """Return in which steps the video moves and is neither black nor frozen, shape ``(grid.count,)``."""
    motion = features.series.get("motion_score")
    if motion is None:
        return np.zeros(features.grid.count, np.bool_)
    moves = np.nan_to_num(motion, nan=0.0) > STILL_MOTION
    step_sec = features.grid.step_sec
    for dull in features.events_of("black", "freeze"):
        if dull.end_sec is not None:
            moves[math.ceil(dull.start_sec / step_sec - 1e-6) : math.floor(dull.end_sec / step_sec + 1e-6)] = False
    return moves


def _first_present(features: Features, names: tuple[str, ...]) -> str | None:
    """Return the name of the wanted measure, or of the next best that exists."""
    return next((name for name in names if name in features.series), None)


def _normalized(
    features: Features, name: str | None, counted: Mask | None, settings: AnchorSettings, window: int
) -> Series | None:
    """Return the z-score of a signal by the selected normalization; None if the signal is missing."""
    if name is None or name not in features.series:
        return None
    series = features.series[name].astype(np.float64)
    if np.isnan(series).all():
        return None
    least = _MIN_DEVIATION[name] if name in _MIN_DEVIATION else float(np.nanmax(series) - np.nanmin(series)) / MAX_Z
    if settings.normalization == "standard":
        scored = z_score(series).astype(np.float64)
    elif settings.normalization == "robust":
        scored = robust_z_score(series, counted, least_deviation=least)
    else:
        scored = local_robust_z_score(series, counted, window=window, least_deviation=least)
    return np.nan_to_num(scored, nan=0.0)


def _joined(signals: _Signals, formula: ExcitementFormula, settings: AnchorSettings) -> Series:
    """Combine the signals into a curve, before smoothing; the weight of a missing signal is dropped."""
    weighted = [
        (weight, _bounded(series, formula))
        for weight, series in (
            (settings.excitement_w_audio, signals.loudness),
            (settings.excitement_w_motion, signals.motion),
            (settings.excitement_w_drop, signals.drop if formula == "mean" else None),
        )
        if series is not None
    ]
    further = [(signal.weight, _bounded(signal.z, formula)) for signal in signals.further]
    weighted += further if formula != "product" else []
    total = sum(abs(weight) for weight, _ in weighted)
    curve: Series = np.zeros(signals.count)
    if formula == "product" and weighted:
        curve = np.prod([part for _, part in weighted], axis=0)
        curve = curve + sum(weight * part for weight, part in further)
    elif total > 0:
        curve = np.sum([weight / total * part for weight, part in weighted], axis=0)
    if signals.replayed is not None:
        curve = curve + settings.excitement_w_replayed * np.clip(signals.replayed, 0.0, MAX_Z)
    return curve


def _bounded(series: Series, formula: ExcitementFormula) -> Series:
    """Winsorize for the formula mean; the other formulas ignore values below the usual."""
    if formula == "mean":
        return np.clip(series, MIN_Z, MAX_Z)
    bounded: Series = np.maximum(series, 0.0)
    return bounded


def _smoothed_z(series: Series | None, steps: float) -> Series | None:
    """Winsorize and smooth a signal like the curve, so that their peaks are comparable."""
    return None if series is None else _bounded_and_smoothed(series, steps)


def _bounded_and_smoothed(series: Series, steps: float) -> Series:
    return _smoothed(np.clip(series, MIN_Z, MAX_Z), steps)


def _smoothed(series: Series, steps: float) -> Series:
    """Return the mean of the `steps` around each value."""
    length = round(steps)
    if length <= 1 or series.size == 0:
        return series
    smooth: Series = uniform_filter1d(series, length, mode="nearest")
    return smooth
