"""Loudness normalization: measure, then reach the target with a single gain or, if peaks forbid it, with loudnorm."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autoclip.errors import ExportError
from autoclip.media.ffmpeg import Run

TRUE_PEAK_DBTP = -1.5
"""Highest true peak afterwards, in dBTP: EBU R128 allows -1; lossy encoding may add a little."""
MEASURING_FILTER = "ebur128=peak=true:framelog=quiet"
"""Measures a whole track (EBU R128). What loudnorm prints leaves out the ends of a clip: up to 0.6 LU of 13 to 30 s."""
TOLERANCE_LU = 0.2
"""Accepted difference from the target; the figures are printed to 0.1."""
_MAX_MEASUREMENTS = 5
_MIN_SLOPE = 0.25
"""How much louder the result is known to become for one LU more that is asked for; bounds the next step."""
_LOUDEST_AIM, _QUIETEST_AIM = -5.0, -70.0
"""The limits of loudnorm's ``I``."""
_RANGE_LU = 11.0
"""Loudness range from which FFmpeg's loudnorm would compress; raised to the range of the audio, so that it does not."""
_MAX_RANGE_LU = 50.0
_SUMMARY = re.compile(r"I:\s+(\S+) LUFS\s+Threshold:\s+(\S+) LUFS.*?LRA:\s+(\S+) LU.*?Peak:\s+(\S+) dBFS", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Loudness:
    """The EBU R128 measurements of an audio track.

    Attributes
    ----------
    integrated_lufs, threshold_lufs, range_lu, true_peak_dbtp : float
        As printed by ``ebur128``.
    """

    integrated_lufs: float
    threshold_lufs: float
    range_lu: float
    true_peak_dbtp: float

    @property
    def is_silent(self) -> bool:
        """Whether everything lies below the gate of -70 LUFS, so that there is nothing to measure."""
        return not math.isfinite(self.integrated_lufs) or self.integrated_lufs <= -70.0  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Leveling:
    """How the loudness of a track is normalized.

    Attributes
    ----------
    filter : str
        The filter; empty to leave the track unchanged.
    note : str
        A note for the user.
    commands : tuple of tuple of str
        The ffmpeg command lines that measured the track.
    """

    filter: str
    note: str
    commands: tuple[tuple[str, ...], ...] = ()


def read_loudness(run: Run) -> Loudness:
    """Parse the output of a measurement.

    Raises
    ------
    ExportError
        If the output contains no measurements.
    """
    found = _SUMMARY.search(run.log.rpartition("Summary:")[2])
    if found is None:
        raise ExportError(
            "ffmpeg did not report the loudness of the audio; switch normalize_loudness off", command=run.command
        )
    return Loudness(*map(float, found.groups()))


def find_leveling(
    run: Callable[[Sequence[str]], Run],
    arguments: Callable[[str], Sequence[str]],
    target_lufs: float,
    sample_rate: int,
) -> Leveling:
    """Find the filter that brings a track to a loudness.

    Parameters
    ----------
    run : callable
        Runs ffmpeg.
    arguments : callable
        Returns the arguments that measure the track behind a filter; behind none if that is empty.
    target_lufs : float
        The loudness to reach, in LUFS.
    sample_rate : int
        The track's sample rate, in Hz.
    """
    commands: list[tuple[str, ...]] = []

    def measure(filters: str) -> Loudness:
        made = run(arguments(filters))
        commands.append(made.command)
        return read_loudness(made)

    return replace(_found(measure, target_lufs, sample_rate), commands=tuple(commands))


def _found(measure: Callable[[str], Loudness], target_lufs: float, sample_rate: int) -> Leveling:
    before = measure("")
    if before.is_silent:
        return Leveling("", "its audio is silent, so its loudness was not changed")
    said = f"loudness normalized from {before.integrated_lufs:.1f} to"
    gain = target_lufs - before.integrated_lufs
    if before.true_peak_dbtp + gain <= TRUE_PEAK_DBTP:
        return Leveling(f"volume={gain:.2f}dB:precision=float", f"{said} {target_lufs:g} LUFS")
    limited, reached = _limited(measure, before, target_lufs, sample_rate)
    if abs(reached - target_lufs) <= TOLERANCE_LU:
        return Leveling(limited, f"{said} {target_lufs:g} LUFS")
    return Leveling(limited, f"{said} {reached:.1f} LUFS; its peaks allow no {target_lufs:g}")


def _limited(
    measure: Callable[[str], Loudness], before: Loudness, target_lufs: float, sample_rate: int
) -> tuple[str, float]:
    """Return the loudnorm filter that comes nearest to a loudness, and what it reaches.

    loudnorm misses its aim by some LU where it has to limit peaks, so the aim is corrected by what was measured.
    """
    aim, slope = target_lufs, 1.0
    tried: list[tuple[float, str, float]] = []
    for _ in range(_MAX_MEASUREMENTS):
        made = _loudnorm(before, aim, sample_rate)
        reached = measure(made).integrated_lufs
        if tried:
            slope = max((reached - tried[-1][2]) / (aim - tried[-1][0]), _MIN_SLOPE)
        tried.append((aim, made, reached))
        aim = min(max(aim + (target_lufs - reached) / slope, _QUIETEST_AIM), _LOUDEST_AIM)
        if abs(reached - target_lufs) <= TOLERANCE_LU or aim == tried[-1][0]:
            break
    _, nearest, reached = min(tried, key=lambda each: abs(each[2] - target_lufs))
    return nearest, reached


def _loudnorm(before: Loudness, aim_lufs: float, sample_rate: int) -> str:
    """Return loudnorm's second pass. It works at 192 kHz, so the rate is set back after it."""
    range_lu = min(max(_RANGE_LU, math.ceil(before.range_lu)), _MAX_RANGE_LU)
    return (
        f"loudnorm=I={aim_lufs:.2f}:TP={TRUE_PEAK_DBTP}:LRA={range_lu}:measured_I={before.integrated_lufs}:"
        f"measured_TP={before.true_peak_dbtp}:measured_LRA={before.range_lu}:"
        f"measured_thresh={before.threshold_lufs}:linear=true,aresample={sample_rate}"
    )
