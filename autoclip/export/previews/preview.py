"""A moving preview of a clip: a small animation for any page."""

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
"""Maximum length of a preview in seconds: enough to recognize a clip, and a few hundred kilobytes."""
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
    """Write a moving preview of a clip, without audio.

    It shows the middle of the clip, at most `MAX_SECONDS` of it, in real time, in an endless loop. This process decodes
    the frames; only the animation's small frames stay in memory.

    Parameters
    ----------
    video : Video
        The probed source.
    interval : Interval
        The clip, in seconds from the first video frame.
    target : Path
        The file to write; an existing one is replaced.
    animation : str
        ``webp``, or ``gif`` where only that is supported: larger, and with 256 colors.
    frame_rate : float
        Frame rate.
    box : Size
        Maximum frame size.

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
