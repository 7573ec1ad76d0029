"""Join faces on a few frames of a shot to tracks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.faces import Face, iou

HOLD_SEC = 2.0
"""How long a head that has turned away is assumed to stay in place, in seconds."""

_MIN_IOU = 0.2
"""Overlap from which two faces in consecutive samples belong to one person."""
_MAX_STEP = 1.5
"""Otherwise, the distance up to which they do, in widths of the face: a head moves about its own width in 0.3 s."""
_MAX_GROWTH = 1.8
"""Maximum ratio of a face's sizes between samples."""
_STEADY_SEC = 1.0
"""Maximum time between two sightings that give a face's speed, and for which that speed is assumed to continue."""


@dataclass(frozen=True, slots=True)
class FaceSample:
    """The faces on one frame.

    Attributes
    ----------
    instant : float
        Presentation time, in seconds of the video.
    faces : tuple of Face
        Faces, in any order.
    mouth_motion : tuple of float
        How much more the mouth of each changes than the rest of the face until the next frame, as a share of the range
        of luma; NaN if unknown.
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
        Times of the sightings, in seconds of the video, shape ``(n,)``.
    faces : tuple of Face
        The face at each time.
    mouth_motion : ndarray
        As in `FaceSample`, shape ``(n,)``.
    """

    seconds: NDArray[np.float64]
    faces: tuple[Face, ...]
    mouth_motion: NDArray[np.float64]

    @property
    def weight(self) -> float:
        """Return the weight of the track: the sum of its faces' sides, weighted by confidence."""
        return sum(face.score * math.sqrt(face.area) for face in self.faces)

    def along(self, *, vertical_side: bool) -> NDArray[np.float64]:
        """Return its position along a side, shape ``(n,)``."""
        return np.array([face.center_y if vertical_side else face.center_x for face in self.faces])


@dataclass(frozen=True, slots=True)
class _Sighting:
    """One face of a track, as in `FaceSample`."""

    instant: float
    face: Face
    mouth_motion: float


def follow_faces(samples: Sequence[FaceSample]) -> tuple[FaceTrack, ...]:
    """Join the faces of one shot's samples to tracks, in order of weight.

    Each face goes to the track whose face, moved at its last speed, it overlaps most, or is nearest to, so that two
    people who pass each other keep their tracks. A track that was not seen for `HOLD_SEC` ends.
    """
    tracks: list[list[_Sighting]] = []
    for sample in samples:
        pairs = sorted(
            (
                (_likeness(expected, face), number, place)
                for number, track in enumerate(tracks)
                if sample.instant - track[-1].instant <= HOLD_SEC
                for expected in [_expected(track, sample.instant)]
                for place, face in enumerate(sample.faces)
            ),
            reverse=True,
        )
        taken: dict[int, int] = {}
        for likeness, number, place in pairs:
            if likeness > 0 and place not in taken and number not in taken.values():
                taken[place] = number
        for place, face in enumerate(sample.faces):
            seen = _Sighting(sample.instant, face, sample.mouth_motion[place])
            if place in taken:
                tracks[taken[place]].append(seen)
            else:
                tracks.append([seen])
    made = [
        FaceTrack(
            np.array([seen.instant for seen in track]),
            tuple(seen.face for seen in track),
            np.array([seen.mouth_motion for seen in track]),
        )
        for track in tracks
    ]
    return tuple(sorted(made, key=lambda track: -track.weight))


def _expected(track: Sequence[_Sighting], instant: float) -> Face:
    """Return where the last face of a track is if it has gone on as it moved between its last two sightings."""
    last = track[-1]
    if len(track) == 1 or last.instant - track[-2].instant > _STEADY_SEC:
        return last.face
    share = min(instant - last.instant, _STEADY_SEC) / (last.instant - track[-2].instant)
    across = share * (last.face.center_x - track[-2].face.center_x)
    down = share * (last.face.center_y - track[-2].face.center_y)
    return replace(
        last.face,
        left=last.face.left + across,
        right=last.face.right + across,
        top=last.face.top + down,
        bottom=last.face.bottom + down,
    )


def _likeness(before: Face, after: Face) -> float:
    """Return how likely two faces belong to one person: above 1 by overlap, up to 1 by distance, 0 if they don't."""
    shared = iou(before, after)
    if shared >= _MIN_IOU:
        return 1 + shared
    side = math.sqrt(max(before.area, 1e-9))
    growth = math.sqrt(max(after.area, 1e-9)) / side
    if not 1 / _MAX_GROWTH <= growth <= _MAX_GROWTH:
        return 0.0
    distance = math.hypot(after.center_x - before.center_x, after.center_y - before.center_y)
    return max(0.0, 1 - distance / (_MAX_STEP * side))
