"""Faces on a few frames of a shot, joined to tracks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.faces import Face, iou

HOLD_SEC = 2.0
"""How long a head that has turned away is taken to be where it was."""

_MIN_IOU = 0.2
"""Overlap from which two faces on neighboring samples are one person's."""
_MAX_STEP = 1.5
"""Else the distance up to which they are, in widths of the face: a head crosses about its own width in 0.3 s."""
_MAX_GROWTH = 1.8
"""By how much a face may grow or shrink on the way."""


@dataclass(frozen=True, slots=True)
class FaceSample:
    """The faces on one frame.

    Attributes
    ----------
    instant : float
        When it is shown, in seconds of the video.
    faces : tuple of Face
        In no order.
    mouth_motion : tuple of float
        How much more the mouth of each changes than the rest of the face up to the next frame, as a share of the range
        of luma; NaN where it is not known.
    """

    instant: float
    faces: tuple[Face, ...]
    mouth_motion: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person's face through a shot.

    Attributes
    ----------
    seconds : ndarray
        When it was seen, in seconds of the video, shape ``(n,)``.
    faces : tuple of Face
        As it was then.
    mouth_motion : ndarray
        As in `FaceSample`, shape ``(n,)``.
    """

    seconds: NDArray[np.float64]
    faces: tuple[Face, ...]
    mouth_motion: NDArray[np.float64]

    @property
    def weight(self) -> float:
        """How much of the shot it fills: the sum of its faces' sides, each as sure as the detector is."""
        return sum(face.score * math.sqrt(face.area) for face in self.faces)

    def along(self, *, vertical_side: bool) -> NDArray[np.float64]:
        """Return its place along a side, shape ``(n,)``."""
        return np.array([face.center_y if vertical_side else face.center_x for face in self.faces])


def follow_faces(samples: Sequence[FaceSample]) -> tuple[FaceTrack, ...]:
    """Join the faces of one shot's samples to tracks, the weightiest first.

    Each face goes to the track whose last face it overlaps most, or is nearest to; a track that was not seen for
    `HOLD_SEC` takes no more.
    """
    tracks: list[list[tuple[float, Face, float]]] = []
    for sample in samples:
        pairs = sorted(
            (
                (_likeness(track[-1][1], face), number, place)
                for number, track in enumerate(tracks)
                if sample.instant - track[-1][0] <= HOLD_SEC
                for place, face in enumerate(sample.faces)
            ),
            reverse=True,
        )
        taken: dict[int, int] = {}
        for likeness, number, place in pairs:
            if likeness > 0 and place not in taken and number not in taken.values():
                taken[place] = number
        for place, face in enumerate(sample.faces):
            seen = (sample.instant, face, sample.mouth_motion[place])
            if place in taken:
                tracks[taken[place]].append(seen)
            else:
                tracks.append([seen])
    made = [
        FaceTrack(np.array([s for s, _, _ in track]), tuple(f for _, f, _ in track), np.array([m for *_, m in track]))
        for track in tracks
    ]
    return tuple(sorted(made, key=lambda track: -track.weight))


def _likeness(before: Face, after: Face) -> float:
    """Say how likely two faces are one person's: above 1 by overlap, up to 1 by distance, 0 if they are not."""
    shared = iou(before, after)
    if shared >= _MIN_IOU:
        return 1 + shared
    side = math.sqrt(max(before.area, 1e-9))
    growth = math.sqrt(max(after.area, 1e-9)) / side
    if not 1 / _MAX_GROWTH <= growth <= _MAX_GROWTH:
        return 0.0
    distance = math.hypot(after.center_x - before.center_x, after.center_y - before.center_y)
    return max(0.0, 1 - distance / (_MAX_STEP * side))
