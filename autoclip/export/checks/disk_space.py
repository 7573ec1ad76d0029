"""Check, before rendering, that the disk has room for an export."""

from __future__ import annotations

import shutil
from pathlib import Path

from autoclip.errors import ExportError
from autoclip.media.video import Video
from autoclip.settings import ExportSettings

_BITS_PER_PIXEL = 0.25
"""Bits per pixel that x264 veryfast may need at crf 18: an overestimate, for a complex video."""
_CRF_HALVING = 6
"""x264 and x265 halve the bit rate about every 6 steps of crf (their documentation)."""
_MEGABYTE = 1_000_000


def estimated_bytes(video: Video, seconds: float, width: int, height: int, settings: ExportSettings) -> int:
    """Return a generous estimate of the size of an export, in bytes.

    Parameters
    ----------
    video : Video
        The source.
    seconds : float
        Length of the export in seconds.
    width, height : int
        Its frame size.
    settings : ExportSettings
        Quality, frame rate and method.
    """
    source_rate = video.size_bytes / max(video.duration_sec, 0.1)
    if settings.cut == "copy":
        return int(source_rate * seconds * 1.5)
    frames_per_sec = settings.frame_rate or float(video.video.average_rate or 30)
    bits = width * height * frames_per_sec * _BITS_PER_PIXEL * 2 ** ((18 - settings.crf) / _CRF_HALVING)
    return int((max(bits / 8, source_rate) + settings.audio_bitrate_kbps * 125) * seconds)


def require_space(folder: Path, needed_bytes: int, settings: ExportSettings) -> None:
    """Refuse an export that would fill the disk.

    Raises
    ------
    ExportError
        If the free space is less than the estimate plus the reserve.
    """
    free = shutil.disk_usage(folder).free
    wanted = needed_bytes + settings.disk_reserve_mb * _MEGABYTE
    if free < wanted:
        raise ExportError(
            f"{folder} has {free / _MEGABYTE:,.0f} MB free and the export may take {needed_bytes / _MEGABYTE:,.0f} MB "
            f"with {settings.disk_reserve_mb:,} MB to be left; free some space, choose another folder or lower "
            "disk_reserve_mb"
        )
