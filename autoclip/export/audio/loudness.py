"""Loudness normalization in two passes: measure, then reach the target with a single gain if possible."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from autoclip.errors import ExportError
from autoclip.media.ffmpeg import Run

TRUE_PEAK_DBTP = -1.5
"""Highest true peak afterwards, in dBTP: EBU R128 allows -1; lossy encoding may add a little."""
_RANGE_LU = 11.0
"""Loudness range from which FFmpeg's loudnorm would compress; raised to the range of the audio, so that it does not."""
_MAX_RANGE_LU = 50.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """The EBU R128 measurements of an audio track.

    Attributes
    ----------
    integrated_lufs, true_peak_dbtp, range_lu, threshold_lufs : float
        As printed by loudnorm.
    offset_lu : float
        The correction that loudnorm computes.
    """

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float
    threshold_lufs: float
    offset_lu: float

    @property
    def is_silent(self) -> bool:
        """Whether everything lies below the gate of -70 LUFS, so that there is nothing to measure."""
        return not math.isfinite(self.integrated_lufs) or self.integrated_lufs <= -70.0  # noqa: PLR2004


def measuring_filter(target_lufs: float) -> str:
    """Return the filter of the first pass."""
    return f"loudnorm=I={target_lufs}:TP={TRUE_PEAK_DBTP}:LRA={_RANGE_LU}:print_format=json"


def read_loudness(run: Run) -> Loudness:
    """Parse the output of the first pass.

    Raises
    ------
    ExportError
        If the output contains no measurements.
    """
    blocks = re.findall(r"\{[^{}]*\"input_i\"[^{}]*\}", run.log)
    if not blocks:
        raise ExportError(
            "ffmpeg did not report the loudness of the audio; switch normalize_loudness off", command=run.command
        )
    figures = {name: float(value) for name, value in json.loads(blocks[-1]).items() if name != "normalization_type"}
    return Loudness(
        integrated_lufs=figures["input_i"],
        true_peak_dbtp=figures["input_tp"],
        range_lu=figures["input_lra"],
        threshold_lufs=figures["input_thresh"],
        offset_lu=figures["target_offset"],
    )


def leveling_filter(measured: Loudness, target_lufs: float, sample_rate: int) -> str:
    """Return the filter of the second pass: a single gain or, if that would raise peaks too high, loudnorm.

    loudnorm's linear mode is equivalent to a single gain, but fails for audio of constant loudness: it takes a range of
    0 for not measured. It works at 192 kHz, so the rate is set back after it.
    """
    gain = target_lufs - measured.integrated_lufs
    if measured.true_peak_dbtp + gain <= TRUE_PEAK_DBTP:
        return f"volume={gain:.2f}dB:precision=float"
    range_lu = min(max(_RANGE_LU, math.ceil(measured.range_lu)), _MAX_RANGE_LU)
    return (
        f"loudnorm=I={target_lufs}:TP={TRUE_PEAK_DBTP}:LRA={range_lu}:measured_I={measured.integrated_lufs}:"
        f"measured_TP={measured.true_peak_dbtp}:measured_LRA={measured.range_lu}:"
        f"measured_thresh={measured.threshold_lufs}:offset={measured.offset_lu}:linear=true,aresample={sample_rate}"
    )
