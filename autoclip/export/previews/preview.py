"""A moving preview of a clip: a small animation that any page can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from autoclip.errors import ParameterError
from autoclip.export.previews.image_file import write_image
from autoclip.media.displayed_frame import frame_as_displayed
from autoclip.media.frames import open_frames
from autoclip.media.orientation import Size
from autoclip.media.video import Video
from autoclip.timeline import Interval

AnimationFormat = Literal["webp", "gif"]

MAX_SECONDS = 6.0
"""Longest part of a clip that is shown: enough to know it by, and a few hundred kilobytes."""
_MIN_FRAMES = 2
_WEBP: dict[str, Any] = {"format": "WEBP", "save_all": True, "loop": 0, "quality": 60, "method": 2}
_GIF: dict[str, Any] = {"format": "GIF", "save_all": True, "loop": 0, "optimize": False, "disposal": 1}


def make_preview(
    video: Video,
    interval: Interval,
    target: Path,
    *,
    animation: AnimationFormat = "webp",
    frame_rate: float = 8.0,
    box: Size = Size(320, 320),  # noqa: B008 - an immutable value
) -> Path:
    """Write a moving preview of a clip, without sound.

    It shows the middle of the clip, at most `MAX_SECONDS` of it, in real time and without end. Frames are taken out of
    the file in this process; none is kept beyond the animation's own small ones.

    Parameters
    ----------
    video : Video
        The probed source.
    interval : Interval
        The clip, in seconds from the first video frame.
    target : Path
        The file to write; replaced if it is there.
    animation : str
        ``webp``, or ``gif`` for where only that is shown: larger, and of 256 colors.
    frame_rate : float
        Frames a second.
    box : Size
        The largest picture.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    ParameterError
        If the clip is too short for two frames.
    MediaError
        If the source can't be read.
    ExportError
        If the file can't be written.
    """
    shown = _middle(interval)
    instants = np.arange(shown.start, shown.end, 1 / frame_rate)
    if len(instants) < _MIN_FRAMES:
        raise ParameterError(
            f"a clip of {interval.duration:.2f} s is too short for a preview at {frame_rate:g} a second"
        )
    pictures = _pictures(video, instants.tolist(), box)
    first = next(pictures)
    options = _WEBP if animation == "webp" else _GIF
    return write_image(first, target, append_images=pictures, duration=round(1000 / frame_rate), **options)


def _middle(interval: Interval) -> Interval:
    length = min(interval.duration, MAX_SECONDS)
    return Interval(interval.midpoint - length / 2, interval.midpoint + length / 2)


def _pictures(video: Video, instants: list[float], box: Size) -> Iterator[Image.Image]:
    with open_frames(video.path, video, in_runs=True) as frames:
        for instant in instants:
            yield frame_as_displayed(frames.at(instant), video, box)
