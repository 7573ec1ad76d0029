"""Loudness normalization in two passes: measure, then bring to the target by one gain where that is possible."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from autoclip.errors import ExportError
from autoclip.media.ffmpeg import Run

TRUE_PEAK_DBTP = -1.5
"""Highest true peak afterwards: EBU R128 allows -1 dBTP; lossy encoding may add a little."""
_RANGE_LU = 11.0
"""Loudness range from which FFmpeg's loudnorm would compress; raised to what the sound has, so that it does not."""
_MAX_RANGE_LU = 50.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """What EBU R128 measures of a sound.

    Attributes
    ----------
    integrated_lufs, true_peak_dbtp, range_lu, threshold_lufs : float
        As loudnorm prints them.
    offset_lu : float
        loudnorm's own correction.
    """

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float
    threshold_lufs: float
    offset_lu: float

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to measure: everything lies below the gate of -70 LUFS."""
        return not math.isfinite(self.integrated_lufs) or self.integrated_lufs <= -70.0  # noqa: PLR2004


def measuring_filter(target_lufs: float) -> str:
    """Return the filter of the first pass."""
    return f"loudnorm=I={target_lufs}:TP={TRUE_PEAK_DBTP}:LRA={_RANGE_LU}:print_format=json"


def read_loudness(run: Run) -> Loudness:
    """Read what the first pass printed.

    Raises
    ------
    ExportError
        If it printed nothing of the kind.
    """
    blocks = re.findall(r"\{[^{}]*\"input_i\"[^{}]*\}", run.log)
    if not blocks:
        raise ExportError(
            "ffmpeg did not say how loud the sound is; switch normalize_loudness off", command=run.command
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
    """Return the filter of the second pass: one gain, or, where that would lift peaks too high, loudnorm.

    loudnorm's own linear mode does the same as one gain, but not for sound of an even loudness: a range of 0 it takes
    for not measured. It works at 192 kHz, so the rate is set back after it.
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
