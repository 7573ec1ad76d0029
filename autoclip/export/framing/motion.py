"""Follow motion: the crop path that keeps moving objects in sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from autoclip.export.framing.clip_frames import ClipFrames, read_clip_frames
from autoclip.export.framing.crop_path import CropPath, joined
from autoclip.media.video import Video
from autoclip.timeline import Interval

STEP_SEC = 0.25
"""Rate at which motion is measured, in Hz: the same as for the signals."""
_SMOOTHING_SEC = 1.0
"""Standard deviation of the smoothing, in seconds: a camera operator's calm rather than a tracker's haste."""
_STILL = 0.002
"""Mean absolute difference of luma, as a share of its range, below which nothing moves."""
_UNIFORM_SPREAD = 12**-0.5
"""Standard deviation of the uniform distribution over the side: motion that is everywhere has no position."""
_MIN_FOCUS = 0.12
"""How much narrower than that the spread of the motion must be for its center to be a position, as a share."""
_SURE_SHARE = 0.5
"""Share of a shot's samples with a position from which the crop moves all the way there; with fewer, part of the way.
"""


def find_motion_path(video: Video, interval: Interval, *, vertical_side: bool = False) -> CropPath:
    """Follow the motion through a clip.

    Motion is what changes more than the median of the frame does, so that camera turns and shake don't count. Within a
    shot the path is smooth, and begins where the first motion of the shot will be. It jumps on the first frame of a new
    shot. In a shot without motion, or with motion everywhere, it stays in the center.

    Parameters
    ----------
    video : Video
        The source.
    interval : Interval
        The clip, in seconds from the first video frame.
    vertical_side : bool
        Follow up and down instead of left and right.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    frames = read_clip_frames(video, interval)
    parts = [motion_in_shot(frames, shot, vertical_side=vertical_side) for shot in frames.shots]
    return joined(parts, interval.start)


def motion_in_shot(frames: ClipFrames, shot: range, *, vertical_side: bool) -> CropPath:
    """Follow the motion through one shot; times are in seconds of the video."""
    instants = frames.instants[shot.start : shot.stop]
    wanted = np.arange(instants[0], instants[-1] + 1e-9, STEP_SEC)
    looks = np.unique(np.searchsorted(instants, wanted - 1e-6))
    luma = frames.luma[shot.start : shot.stop][looks].astype(np.float32) / 255
    center = np.full(len(looks), np.nan)
    if len(looks) > 1:
        # An object that moved between two samples is in both places; the later place is valid at the later instant.
        center[1:] = _centers(np.abs(np.diff(luma, axis=0)), vertical_side=vertical_side)
    seconds = instants[looks].copy()
    seconds[0] = frames.shot_start_sec(shot.start)
    return CropPath(seconds, _smoothed(center), np.zeros(len(looks), np.bool_))


def _centers(changes: NDArray[np.float32], *, vertical_side: bool) -> NDArray[np.float64]:
    """Return the center of the motion between samples, shape ``(n,)``; NaN if there is none, or it is everywhere."""
    own = np.maximum(changes - np.median(changes, axis=(1, 2), keepdims=True), 0.0)
    profile = own.sum(axis=2 if vertical_side else 1).astype(np.float64)
    places = (np.arange(profile.shape[1]) + 0.5) / profile.shape[1]
    total = np.maximum(profile.sum(axis=1), 1e-9)
    center = (profile * places).sum(axis=1) / total
    spread = np.sqrt((profile * (places - center[:, None]) ** 2).sum(axis=1) / total)
    is_place = (own.mean(axis=(1, 2)) > _STILL) & (spread < (1 - _MIN_FOCUS) * _UNIFORM_SPREAD)
    return np.where(is_place, center, np.nan)


def _smoothed(center: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill the gaps of one shot and smooth it; the fewer positions are known, the closer to the center."""
    known = np.flatnonzero(~np.isnan(center))
    if not known.size:
        return np.full(len(center), 0.5)
    filled = np.interp(np.arange(len(center)), known, center[known])
    smooth = gaussian_filter1d(filled, _SMOOTHING_SEC / STEP_SEC, mode="nearest")
    trust = min(1.0, known.size / max(1.0, _SURE_SHARE * (len(center) - 1)))
    return np.asarray(0.5 + trust * (smooth - 0.5), np.float64)
