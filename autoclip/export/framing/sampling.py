"""Detect faces on a few frames of a clip, while it is decoded."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.detection import SubjectDetector
from autoclip.export.framing.faces import Face
from autoclip.export.framing.tracks import FaceSample
from autoclip.media.frames import TimedFrame
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video

STEP_SEC = 0.33
"""Seconds between two examined frames: in that time people mostly move less than a crop's dead zone."""
_CALM_STEP_SEC = 0.66
"""The same for a single face that has hardly moved."""
_EMPTY_STEP_SEC = 0.4
"""The same after a frame without a face."""
_APPEARED_STEP_SEC = 0.17
"""The same after a face has appeared: two samples confirm it."""
_CALM = 0.25
"""How far it may have moved, in widths of the face."""

_PIXELS = 416 * 234
"""Size of the examined frame: faces of at least a tenth of the height are found, in 25 ms per frame."""
_MULTIPLE = 32
_NEW_SCENE = 0.08
"""Mean change of luma, as a share of its range, from which a frame may begin a shot and is examined, too."""
_SURPRISE = 2.0
"""Minimum ratio of the change to the median of the last ones: during fast motion every frame changes much."""
_RECENT = 8
_LONGEST_PAIR_SEC = 0.12
"""Frames farther apart say nothing about a mouth, which opens and closes about four times per second."""
_MOUTH_WIDTH, _MOUTH_HEIGHT = 0.5, 0.3
"""Size of the mouth's region, as shares of the face."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A frame whose mouths are compared with the next frame's."""

    instant: float
    luma: NDArray[np.int16]
    faces: tuple[Face, ...]


class FaceSampler:
    """Receives the frames of a clip and detects faces on some; `samples` are the results so far.

    Parameters
    ----------
    video : Video
        The source.
    detector : SubjectDetector
        The face detector.
    """

    def __init__(self, video: Video, detector: SubjectDetector) -> None:
        self.samples: list[FaceSample] = []
        self._detector = detector
        self._orientation = Orientation(video.video.rotation, video.video.mirrored)
        width, height = _detection_size(video.video.display_width, video.video.display_height)
        self._size = (height, width) if self._orientation.swaps_sides else (width, height)
        self._due = -math.inf
        self._before: NDArray[np.uint8] | None = None
        self._changes: deque[float] = deque(maxlen=_RECENT)
        self._pending: _Pending | None = None
        self._missed_mouths = False

    @property
    def needs_every_frame(self) -> bool:
        """Whether decoded frames were too far apart to compare mouths."""
        return self._missed_mouths

    def __call__(self, found: TimedFrame, luma: NDArray[np.uint8]) -> None:
        """Take a frame, at full size and small."""
        if self._pending is not None:
            self._compare(found)
        new_scene = self._is_new_scene(luma)
        if found.instant >= self._due - 1e-6 or new_scene:
            self._look(found)
        self._before = luma

    def finish(self) -> tuple[FaceSample, ...]:
        """Return the samples, including the last frame's faces."""
        if self._pending is not None:
            self._keep(self._pending, (math.nan,) * len(self._pending.faces))
        return tuple(self.samples)

    def _is_new_scene(self, luma: NDArray[np.uint8]) -> bool:
        if self._before is None:
            return True
        change = float(np.abs(luma.astype(np.int16) - self._before).mean()) / 255
        usual = float(np.median(self._changes)) if self._changes else 0.0
        self._changes.append(change)
        return change > max(_NEW_SCENE, _SURPRISE * usual)

    def _look(self, found: TimedFrame) -> None:
        faces = tuple(self._detector.detect(self._picture(found, "rgb24")))
        self._due = found.instant + self._step_sec(faces)
        if len(faces) > 1:
            self._pending = _Pending(found.instant, self._picture(found, "gray").astype(np.int16), faces)
        else:
            self.samples.append(FaceSample(found.instant, faces, (math.nan,) * len(faces)))

    def _step_sec(self, faces: tuple[Face, ...]) -> float:
        """Return the time until the next sample, in seconds."""
        if not faces:
            return _EMPTY_STEP_SEC
        if not (self.samples and self.samples[-1].faces):
            return _APPEARED_STEP_SEC
        return _CALM_STEP_SEC if self._is_calm(faces) else STEP_SEC

    def _is_calm(self, faces: tuple[Face, ...]) -> bool:
        """Whether there is one face, at the same position as before."""
        before = self.samples[-1].faces if self.samples else ()
        if len(faces) != 1 or len(before) != 1:
            return False
        moved = math.hypot(faces[0].center_x - before[0].center_x, faces[0].center_y - before[0].center_y)
        return moved < _CALM * (faces[0].right - faces[0].left)

    def _compare(self, found: TimedFrame) -> None:
        assert self._pending is not None  # noqa: S101 - the caller has looked
        near = found.instant - self._pending.instant <= _LONGEST_PAIR_SEC
        motion: tuple[float, ...] = (math.nan,) * len(self._pending.faces)
        if near:
            change = np.abs(self._picture(found, "gray").astype(np.int16) - self._pending.luma)
            motion = tuple(_mouth_motion(change, face) for face in self._pending.faces)
        self._missed_mouths |= not near
        self._keep(self._pending, motion)

    def _keep(self, pending: _Pending, motion: tuple[float, ...]) -> None:
        self.samples.append(FaceSample(pending.instant, pending.faces, motion))
        self._pending = None

    def _picture(self, found: TimedFrame, pixels: str) -> NDArray[np.uint8]:
        width, height = self._size
        shown = found.frame.reformat(width=width, height=height, format=pixels).to_ndarray()
        return np.ascontiguousarray(self._orientation.apply(shown.astype(np.uint8)))


def _detection_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(_PIXELS / (width * height)))
    return tuple(max(_MULTIPLE, round(side * scale / _MULTIPLE) * _MULTIPLE) for side in (width, height))  # type: ignore[return-value]


def _mouth_motion(change: NDArray[np.int16], face: Face) -> float:
    """Return how much more the mouth changes than the upper half of the face; a nod moves both."""
    if face.mouth_x is None or face.mouth_y is None:
        return math.nan
    wide, high = face.right - face.left, face.bottom - face.top
    mouth = _mean(
        change,
        (face.mouth_x - _MOUTH_WIDTH * wide / 2, face.mouth_x + _MOUTH_WIDTH * wide / 2),
        (face.mouth_y - _MOUTH_HEIGHT * high / 2, face.mouth_y + _MOUTH_HEIGHT * high / 2),
    )
    upper = _mean(change, (face.left, face.right), (face.top, face.top + high / 2))
    return max(0.0, mouth - upper) / 255


def _mean(change: NDArray[np.int16], across: tuple[float, float], down: tuple[float, float]) -> float:
    height, width = change.shape
    columns = slice(max(0, int(across[0] * width)), max(1, math.ceil(across[1] * width)))
    rows = slice(max(0, int(down[0] * height)), max(1, math.ceil(down[1] * height)))
    region = change[rows, columns]
    return float(region.mean()) if region.size else 0.0
