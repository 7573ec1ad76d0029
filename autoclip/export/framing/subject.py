"""The crop that follows people. Read this first in this package."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.camera import STEP_SEC, CameraTask, camera_path
from autoclip.export.framing.clip_frames import ClipFrames, read_clip_frames
from autoclip.export.framing.crop_path import CropPath, joined
from autoclip.export.framing.detection import SubjectDetector
from autoclip.export.framing.motion import motion_in_shot
from autoclip.export.framing.sampling import FaceSampler
from autoclip.export.framing.speaking import SoundLevels, Turn, find_turns, sound_levels
from autoclip.export.framing.tracks import HOLD_SEC, FaceSample, FaceTrack, follow_faces
from autoclip.media.video import Video
from autoclip.timeline import Interval

_EQUALS = 0.4
"""Share of the most prominent face's weight from which another person counts equally."""
_MIN_SIGHTINGS = 2
_TOGETHER = 0.6
"""Distance of two faces, as a share of the crop, up to which one crop shows both."""
_STAND_IN_SEC = 0.7
"""How long the followed face must be out of sight, in seconds, before a visible one replaces it: longer than the time
between two samples.
"""
_FACE_TO_HEIGHT = 3.5
"""Height of a half of a split frame, in heights of the face: head and shoulders."""
_MIN_HALF_HEIGHT = 0.4
"""Minimum height of the content of a half, as a share of the source's; less would be enlarged too much."""
_MIDDLE = 0.02
"""Distance from the center up to which the motion path means that nothing moves."""

Followed = Literal["faces", "motion", "middle"]


@dataclass(frozen=True, slots=True)
class HalfPath:
    """One half of a split frame: a crop that follows one person.

    Attributes
    ----------
    path : CropPath
        Horizontal path, in seconds of the clip.
    center_y : float
        Its middle from the top, as a share of the source's height.
    """

    path: CropPath
    center_y: float


@dataclass(frozen=True, slots=True)
class Split:
    """A span in which two people are shown, one above the other.

    Attributes
    ----------
    start_sec, end_sec : float
        Seconds of the clip; infinite at its end.
    halves : tuple of HalfPath
        The upper and the lower half.
    height_share : float
        Height of both crops as a share of the source's.
    """

    start_sec: float
    end_sec: float
    halves: tuple[HalfPath, HalfPath]
    height_share: float


@dataclass(frozen=True, slots=True)
class SubjectFraming:
    """The position of a crop that follows people.

    Attributes
    ----------
    path : CropPath
        The crop.
    splits : tuple of Split
        Spans in which two people are shown instead.
    followed : tuple of str
        The subject that was followed in each shot.
    """

    path: CropPath
    splits: tuple[Split, ...]
    followed: tuple[Followed, ...]

    def notes(self) -> tuple[str, ...]:
        """Return notes on shots in which no people were followed."""
        counts = Counter(self.followed)
        others = len(self.followed) - counts["faces"]
        if not others:
            return ()
        fallbacks = [f"{counts['motion']} follow the motion"] if counts["motion"] else []
        fallbacks += [f"{counts['middle']} stay in the middle"] if counts["middle"] else []
        return (f"framing: no face was found in {others} of {len(self.followed)} shots: {' and '.join(fallbacks)}",)


@dataclass(frozen=True, slots=True)
class CropShape:
    """The geometry of a crop, as far as a path needs it.

    Attributes
    ----------
    source_aspect, aspect : float
        Aspect ratios of the source and of the crop.
    """

    source_aspect: float
    aspect: float

    @property
    def vertical_side(self) -> bool:
        """Whether the crop is as wide as the source and moves up and down."""
        return self.source_aspect <= self.aspect

    @property
    def share(self) -> float:
        """Return the length of the crop along the side it moves on, as a share of the source."""
        return min(self.aspect / self.source_aspect, self.source_aspect / self.aspect)


def frame_subject(
    video: Video, interval: Interval, shape: CropShape, detector: SubjectDetector, *, prefer_split: bool = False
) -> SubjectFraming:
    """Follow people through a clip.

    Within a shot the crop moves like a camera operator's (`camera_path`); on the first frame of a new shot it jumps.
    After a head turns away, the crop stays for `HOLD_SEC` and then follows the motion, as it does in shots without a
    face; if nothing moves, it stays in the center. Two people of equal weight are both shown if the crop can contain
    them; otherwise the one who speaks, if mouths and audio show it; otherwise one above the other.

    Parameters
    ----------
    video : Video
        The source.
    interval : Interval
        The clip, in seconds from the first video frame.
    shape : CropShape
        Geometry of the crop.
    detector : SubjectDetector
        The detector of people.
    prefer_split : bool, optional
        Show two people whom the crop can't contain one above the other, whoever speaks.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    sampler = FaceSampler(video, detector)
    frames = read_clip_frames(video, interval, sampler)
    samples = sampler.finish()
    levels = None if prefer_split else cache(lambda: sound_levels(video, interval))
    shots = [_frame_shot(_Shot(frames, shot, samples, shape, levels)) for shot in frames.shots]
    splits = tuple(_moved(shot.split, -interval.start) for shot in shots if shot.split is not None)
    path = joined([shot.path for shot in shots], interval.start)
    return SubjectFraming(path, splits, tuple(shot.followed for shot in shots))


class _Shot:
    """One shot: its points in time, its faces and its motion."""

    def __init__(
        self,
        frames: ClipFrames,
        shot: range,
        samples: Sequence[FaceSample],
        shape: CropShape,
        levels: Callable[[], SoundLevels] | None,
    ) -> None:
        instants = frames.instants
        start = frames.shot_start_sec(shot.start)
        end = frames.shot_start_sec(shot.stop) if shot.stop < len(instants) else float(instants[-1])
        inside = [s for s in samples if instants[shot.start] <= s.instant <= instants[shot.stop - 1]]
        tracks = follow_faces(inside)
        self.shape = shape
        self.levels = levels
        self.span = Interval(start, max(end, start + 1e-3))
        self.split_end = end if shot.stop < len(instants) else math.inf
        self.seconds: NDArray[np.float64] = np.arange(start, max(end, start + 1e-9), STEP_SEC)
        self.tracks = [track for track in tracks if len(track.faces) >= min(_MIN_SIGHTINGS, len(inside))]
        motion = motion_in_shot(frames, shot, vertical_side=shape.vertical_side)
        self.motion = np.interp(self.seconds, motion.seconds, motion.center)

    def place(self, tracks: Sequence[FaceTrack]) -> NDArray[np.float64]:
        """Return the position of the first of some tracks at each point in time; others replace it while unseen."""
        times, places = np.zeros(0), np.zeros(0)
        for track in tracks:
            far = np.array([not times.size or np.abs(times - t).min() > _STAND_IN_SEC for t in track.seconds])
            times = np.concatenate([times, track.seconds[far]])
            places = np.concatenate([places, track.along(vertical_side=self.shape.vertical_side)[far]])
        order = np.argsort(times)
        return self._filled(times[order], places[order])

    def _filled(self, times: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fill gaps between sightings: linearly, or with the last position for a while and then the motion."""
        after = np.searchsorted(times, self.seconds)
        since = self.seconds - times[np.maximum(after - 1, 0)]
        until = times[np.minimum(after, len(times) - 1)] - self.seconds
        filled = np.interp(self.seconds, times, places)
        long_gap = (after > 0) & (after < len(times)) & (since + until > HOLD_SEC)
        filled = np.where(long_gap, places[np.maximum(after - 1, 0)], filled)
        lost = (np.where(after > 0, since, np.inf) > HOLD_SEC) & (
            np.where(after < len(times), until, np.inf) > HOLD_SEC
        )
        moving = np.abs(self.motion - 0.5) > _MIDDLE
        return np.where(lost & moving, self.motion, filled)

    def camera(self, subject: NDArray[np.float64], share: float) -> CropPath:
        """Return the path of a crop of a given share that follows a subject."""
        return CropPath(self.seconds, camera_path(CameraTask(subject, share)), np.zeros(len(self.seconds), np.bool_))


@dataclass(frozen=True, slots=True)
class _FramedShot:
    path: CropPath
    followed: Followed
    split: Split | None = None


def _frame_shot(shot: _Shot) -> _FramedShot:
    share = shot.shape.share
    if not shot.tracks:
        moving = bool((np.abs(shot.motion - 0.5) > _MIDDLE).any())
        return _FramedShot(shot.camera(shot.motion, share), "motion" if moving else "middle")
    rival = _rival(shot.tracks)
    if rival is None:
        return _FramedShot(shot.camera(shot.place(shot.tracks), share), "faces")
    both = [shot.place([track]) for track in (shot.tracks[0], rival)]
    distance = float(np.median(np.abs(both[0] - both[1])))
    if distance <= _TOGETHER * share:
        return _FramedShot(shot.camera((both[0] + both[1]) / 2, share), "faces")
    turns = find_turns([shot.tracks[0], rival], shot.span, shot.levels()) if shot.levels is not None else ()
    path = shot.camera(_by_turns(shot.seconds, both, turns), share)
    if turns or shot.shape.vertical_side:
        return _FramedShot(path, "faces")
    return _FramedShot(path, "faces", _split(shot, (shot.tracks[0], rival), both, distance))


def _rival(tracks: Sequence[FaceTrack]) -> FaceTrack | None:
    """Return the other person who counts as much as the first one, and is seen at the same time; None without one."""
    first = tracks[0]
    for other in tracks[1:]:
        together = np.isin(other.seconds, first.seconds).sum()
        if other.weight >= _EQUALS * first.weight and together >= _EQUALS * len(first.seconds):
            return other
    return None


def _by_turns(
    seconds: NDArray[np.float64], places: Sequence[NDArray[np.float64]], turns: Sequence[Turn]
) -> NDArray[np.float64]:
    """Return the position of whoever speaks; the first person's where that is unknown."""
    chosen = places[0].copy()
    for turn in turns:
        later = seconds >= turn.start_sec
        chosen[later] = places[turn.track][later]
    return chosen


def _split(
    shot: _Shot, tracks: tuple[FaceTrack, FaceTrack], places: Sequence[NDArray[np.float64]], distance: float
) -> Split:
    """Show two people one above the other, the one on the left first, in crops that exclude the other one."""
    aspect = 2 * shot.shape.aspect / shot.shape.source_aspect  # a half is half as high
    tallest = max(float(np.median([face.bottom - face.top for face in track.faces])) for track in tracks)
    height = min(max(_FACE_TO_HEIGHT * tallest, _MIN_HALF_HEIGHT), distance / aspect, 1 / aspect, 1.0)
    pairs = sorted(zip(tracks, places, strict=True), key=lambda pair: float(pair[1].mean()))
    halves = []
    for track, place in pairs:
        middle = float(np.median([face.center_y for face in track.faces])) + height / _FACE_TO_HEIGHT / 2
        halves.append(HalfPath(shot.camera(place, height * aspect), min(max(middle, height / 2), 1 - height / 2)))
    return Split(shot.span.start, shot.split_end, (halves[0], halves[1]), height)


def _moved(split: Split, by_sec: float) -> Split:
    """Return a split with shifted times."""
    halves = [replace(half, path=replace(half.path, seconds=half.path.seconds + by_sec)) for half in split.halves]
    return Split(split.start_sec + by_sec, split.end_sec + by_sec, (halves[0], halves[1]), split.height_share)
