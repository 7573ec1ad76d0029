"""Excitement: loudness, motion and what viewers replayed, joined into one curve on the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from autoclip.settings import AnchorSettings, LoudnessMeasure
from autoclip.signals.normalisation import z_score
from autoclip.signals.robust_normalisation import Mask, Series, local_robust_z_score, robust_z_score
from autoclip.signals.table import Features
from autoclip.timeline import Grid

SILENCE_DB = -70.0
"""Level below which there is no sound: the absolute gate of EBU R128 (ITU-R BS.1770-4), in LUFS or dBFS."""

STILL_MOTION = 0.0005
"""Mean luma difference below which nothing moves: one grey level of 256 in every eighth pixel."""

_LOUDNESS_SIGNALS: dict[LoudnessMeasure, tuple[str, ...]] = {
    "lufs": ("loudness_lufs", "audio_dbfs", "audio_rms"),
    "dbfs": ("audio_dbfs", "audio_rms"),
    "rms": ("audio_rms",),
}

_LEAST_DEVIATION = {"loudness_lufs": 1.0, "audio_dbfs": 1.0, "audio_rms": 1e-4, "motion_score": 0.002}
"""Spread below which differences are noise: 1 dB is the least change of level that listeners notice (Zwicker & Fastl,
"Psychoacoustics", section 7.1); half a grey level of 256 is what coding noise makes of a still picture."""


@dataclass(frozen=True, slots=True)
class Excitement:
    """How exciting each step is.

    Attributes
    ----------
    grid : Grid
        The grid of the features.
    curve : ndarray
        Excitement, shape ``(grid.count,)``, at least 0; 1 is about one standard deviation above the usual.
    loudness_z, motion_z, replayed_z : ndarray or None
        The normalised signals it is made of, same shape, 0 where not measured; None for a signal that is absent.
    content : ndarray of bool
        Steps with any sound, or with a picture that is neither black nor still.
    loudness_signal : str or None
        Which measure of loudness was used.
    """

    grid: Grid
    curve: Series
    loudness_z: Series | None
    motion_z: Series | None
    replayed_z: Series | None
    content: Mask
    loudness_signal: str | None

    @property
    def carried_by(self) -> tuple[str, ...]:
        """Names of the signals that make the curve, in plain words."""
        named = (("loudness", self.loudness_z), ("motion", self.motion_z), ("most replayed", self.replayed_z))
        return tuple(name for name, series in named if series is not None)


def measure_excitement(features: Features, settings: AnchorSettings) -> Excitement:
    """Join the normalised signals into the excitement curve.

    With the formula ``sum`` the curve is the mean of the positive parts of the z-scores, weighted by
    `excitement_w_audio` and `excitement_w_motion` (and `excitement_w_replayed` on top); with ``product`` it is
    ``max(loudness_z, 0) * max(motion_z, 0)``, the user's description. A signal that is absent takes its weight with
    it: the others carry the curve alone.

    Parameters
    ----------
    features : Features
        What was measured.
    settings : AnchorSettings
        Measure of loudness, normalisation, weights, formula and smoothing.
    """
    loudness_signal = _loudness_signal(features, settings.loudness_measure)
    sound = sounding(features)
    window = max(3, round(settings.normalisation_window_sec / features.grid.step_sec))
    loudness = _normalised(features, loudness_signal, sound, settings, window)
    motion = _normalised(features, "motion_score", None, settings, window)
    replayed = _normalised(features, "most_replayed", None, settings, window)
    joined = _joined(features.grid.count, loudness, motion, replayed, settings)
    length = max(1, round(settings.smoothing_sec / features.grid.step_sec))
    return Excitement(
        grid=features.grid,
        curve=uniform_filter1d(joined, length, mode="nearest") if length > 1 and joined.size else joined,
        loudness_z=loudness,
        motion_z=motion,
        replayed_z=replayed,
        content=sound | moving(features),
        loudness_signal=loudness_signal,
    )


def sounding(features: Features) -> Mask:
    """Tell in which steps there is sound above `SILENCE_DB`, shape ``(grid.count,)``."""
    level = features.series.get("audio_dbfs")
    if level is None:
        rms = features.series.get("audio_rms")
        if rms is None:
            return np.zeros(features.grid.count, np.bool_)
        level = (20 * np.log10(np.maximum(rms, 1e-6))).astype(np.float32)
    return np.nan_to_num(level, nan=-np.inf) > SILENCE_DB


def moving(features: Features) -> Mask:
    """Tell in which steps the picture moves and is not black, shape ``(grid.count,)``."""
    motion = features.series.get("motion_score")
    if motion is None:
        return np.zeros(features.grid.count, np.bool_)
    moves = np.nan_to_num(motion, nan=0.0) > STILL_MOTION
    times = features.grid.times
    for black in features.events_of("black"):
        if black.end_sec is not None:
            moves &= ~((times >= black.start_sec) & (times + features.grid.step_sec <= black.end_sec))
    return moves


def _loudness_signal(features: Features, measure: LoudnessMeasure) -> str | None:
    """Name of the wanted measure of loudness, or of the next best that is there."""
    return next((name for name in _LOUDNESS_SIGNALS[measure] if name in features.series), None)


def _normalised(
    features: Features, name: str | None, counted: Mask | None, settings: AnchorSettings, window: int
) -> Series | None:
    """Z-score of a signal by the chosen normalisation; None when the signal is absent or was never measured."""
    if name is None or name not in features.series:
        return None
    series = features.series[name].astype(np.float64)
    if np.isnan(series).all():
        return None
    least = _LEAST_DEVIATION.get(name, 0.01)
    if settings.normalisation == "standard":
        scored = z_score(series).astype(np.float64)
    elif settings.normalisation == "robust":
        scored = robust_z_score(series, counted, least_deviation=least)
    else:
        scored = local_robust_z_score(series, counted, window=window, least_deviation=least)
    return np.nan_to_num(scored, nan=0.0)


def _joined(
    count: int, loudness: Series | None, motion: Series | None, replayed: Series | None, settings: AnchorSettings
) -> Series:
    """Join the parts into the curve, before smoothing."""
    parts = [
        (weight, np.maximum(series, 0.0))
        for weight, series in ((settings.excitement_w_audio, loudness), (settings.excitement_w_motion, motion))
        if series is not None
    ]
    total = sum(weight for weight, _ in parts)
    curve: Series = np.zeros(count)
    if settings.excitement_formula == "product" and parts:
        curve = np.prod([part for _, part in parts], axis=0)
    elif total > 0:
        curve = np.sum([weight / total * part for weight, part in parts], axis=0)
    if replayed is not None:
        curve = curve + settings.excitement_w_replayed * np.maximum(replayed, 0.0)
    return curve
