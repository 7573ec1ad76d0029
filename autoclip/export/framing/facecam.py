"""Find a streamer's camera in a game's video: the rectangle whose edges never move, whatever the game shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from autoclip.errors import ParameterError
from autoclip.media.frames import open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video
from autoclip.timeline import Interval

_FRAMES = 40
"""Number of frames examined, spread over the video: enough that the game's edges are everywhere."""
_MIN_FRAMES = 8
_WIDTH = 640
"""Width at which edges are detected: a camera of an eighth of the frame is then 80 pixels wide."""
_LINES = 16
"""Number of columns and rows that are tried as edges, the strongest ones."""
_MIN_WIDTH, _MAX_WIDTH = 0.1, 0.5
_MIN_HEIGHT, _MAX_HEIGHT = 0.15, 0.65
_MIN_ASPECT, _MAX_ASPECT = 0.5, 2.4
"""Aspect ratios of cameras: 4:3, 16:9 or square, some cropped upright."""
_MIN_EDGE = 5.0
"""Minimum strength of each side, in code values of luma above its surroundings."""
_LIVELY, _MIN_LIVELY_SHARE = 2.0, 0.25
"""Median distance of a pixel from its median over time, in code values, from which it is active, and the minimum share
of active pixels in a camera: in displays of the game, which have permanent edges, too, only figures change and flash.
"""
_CONTINUATION = 4
"""Part of a side's length by which its continuation is examined."""
_INSIDE = 2
"""Distance, in pixels, from which an edge's surroundings are examined."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the frame, in shares of its width and height as a player shows it."""

    left: float
    top: float
    width: float
    height: float

    def pixels(self, video: Video) -> str:
        """Return it in the format of the setting `facecam`: left, top, width and height in pixels of a video."""
        wide, high = video.video.display_width, video.video.display_height
        sides = (self.left * wide, self.top * high, self.width * wide, self.height * high)
        return ",".join(str(round(side)) for side in sides)


def read_rectangle(text: str, video: Video) -> Rectangle:
    """Parse ``left,top,width,height`` in pixels of the displayed frame.

    Raises
    ------
    ParameterError
        If it does not lie in the frame.
    """
    wide, high = video.video.display_width, video.video.display_height
    require_within(text, wide, high, video.path.name)
    left, top, width, height = (int(part) for part in text.split(","))
    return Rectangle(left / wide, top / high, width / wide, height / high)


def require_within(text: str, wide: int, high: int, name: str) -> None:
    """Raise an error if a rectangle does not lie in a frame of this size.

    Raises
    ------
    ParameterError
        If it does not; the message has the video's name and size.
    """
    left, top, width, height = (int(part) for part in text.split(","))
    if width < 2 or height < 2 or left + width > wide or top + height > high:  # noqa: PLR2004
        raise ParameterError(f"facecam = {text} lies outside of the picture of {name}, which has {wide}x{high} pixels")


def find_facecam(video: Video) -> Rectangle | None:
    """Find the rectangle of the camera; return None if there is none.

    The median, over frames from the whole video, of the differences between neighboring pixels is computed: edges of
    the game move, those of an inset are always in the same place. Among the rectangles between the strongest such
    columns and rows, the one with the most and strongest sides is chosen; sides may lie on the frame's own edge.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    pictures = _pictures(video)
    if len(pictures) < _MIN_FRAMES:
        return None
    across = _lasting_edges(pictures)
    down = _lasting_edges(pictures.transpose(0, 2, 1)).T
    lively = np.median(np.abs(pictures - np.median(pictures, axis=0)), axis=0) > _LIVELY
    return _best_rectangle(across, down, lively)


def _pictures(video: Video) -> NDArray[np.float32]:
    """Return the luma of keyframes from the whole video, upright, shape ``(n, height, width)``."""
    facts = video.video
    orientation = Orientation(facts.rotation, facts.mirrored)
    height = round(_WIDTH * facts.display_height / facts.display_width / 2) * 2
    width, high = (height, _WIDTH) if orientation.swaps_sides else (_WIDTH, height)
    found: dict[float, NDArray[np.float32]] = {}
    whole = Interval(0.0, video.duration_sec + 1.0)
    with open_frames(video.path, video) as reader:
        for instant in (np.arange(_FRAMES) + 0.5) * video.duration_sec / _FRAMES:
            shown = reader.keyframe(float(instant), whole, unless=frozenset(found))
            if shown is None and len(found) < _MIN_FRAMES:
                shown = reader.at(float(instant))
            if shown is not None:
                luma = shown.frame.reformat(width=width, height=high, format="gray").to_ndarray()
                found[shown.instant] = orientation.apply(luma).astype(np.float32)
    return np.stack(list(found.values())) if found else np.zeros((0, height, _WIDTH), np.float32)


def _lasting_edges(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each column's permanent edge, left of a pixel, stands out, shape ``(height, width + 1)``.

    The frame's own edges don't stand out.
    """
    change = np.median(np.abs(np.diff(pictures, axis=2)), axis=0)
    around = np.minimum(np.roll(change, _INSIDE, axis=1), np.roll(change, -_INSIDE, axis=1))
    strength = np.maximum(change - around, 0.0)
    return np.pad(strength, ((0, 0), (1, 1))).astype(np.float32)


def _strongest(edges: NDArray[np.float32]) -> list[int]:
    """Return the columns with the longest permanent edges, plus both of the frame's own."""
    strength = np.minimum(edges, 4 * _MIN_EDGE).sum(axis=0)
    peaks = np.flatnonzero((strength == maximum_filter1d(strength, 2 * _INSIDE + 1)) & (strength > 0))
    best = peaks[np.argsort(-strength[peaks], kind="stable")][:_LINES].tolist()
    return sorted({0, edges.shape[1] - 1, *best})


def _best_rectangle(
    across: NDArray[np.float32], down: NDArray[np.float32], lively: NDArray[np.bool_]
) -> Rectangle | None:
    height, width = lively.shape
    columns, rows = _Lines(across.T), _Lines(down)
    best, found = 0.0, None
    for left, right in combinations(_strongest(across), 2):
        for top, bottom in combinations(_strongest(down.T), 2):
            wide, high = right - left, bottom - top
            if not _is_plausible(wide / width, high / height, wide / high):
                continue
            sides = [columns.strength(x, top, bottom) for x in (left, right) if 0 < x < width]
            sides += [rows.strength(y, left, right) for y in (top, bottom) if 0 < y < height]
            if len(sides) < 2 or min(sides) < _MIN_EDGE:  # noqa: PLR2004 - in a corner two sides are the picture's own
                continue
            evidence = sum(sides) * math.sqrt(wide * high)
            if evidence > best and lively[top:bottom, left:right].mean() >= _MIN_LIVELY_SHARE:
                best, found = evidence, Rectangle(left / width, top / height, wide / width, high / height)
    return found


class _Lines:
    """Edge strengths along lines, shape ``(lines, length)``; a pixel counts for at most four times the minimum."""

    def __init__(self, edges: NDArray[np.float32]) -> None:
        self._length = edges.shape[1]
        self._sums = np.pad(np.cumsum(np.minimum(edges, 4 * _MIN_EDGE), axis=1), ((0, 0), (1, 0)))

    def strength(self, line: int, begin: int, end: int) -> float:
        """Return the mean strength of a segment minus that of its continuation: a camera's edges end at its corners."""
        longer = (end - begin) // _CONTINUATION
        inside = self._mean(line, begin, end)
        beyond = [
            self._mean(line, max(0, begin - longer), begin),
            self._mean(line, end, min(self._length, end + longer)),
        ]
        return inside - max(beyond)

    def _mean(self, line: int, begin: int, end: int) -> float:
        return float(self._sums[line, end] - self._sums[line, begin]) / max(1, end - begin)


def _is_plausible(width: float, height: float, aspect: float) -> bool:
    return (
        _MIN_WIDTH <= width <= _MAX_WIDTH
        and _MIN_HEIGHT <= height <= _MAX_HEIGHT
        and _MIN_ASPECT <= aspect <= _MAX_ASPECT
    )
