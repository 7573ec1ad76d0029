"""Where the motion is: the path a crop follows so that what moves stays in sight."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from autoclip.media.frames import open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video
from autoclip.timeline import Interval

STEP_SEC = 0.25
"""How often the picture is looked at: motion is measured at the same 4 frames a second as for the signals."""
_WIDTH, _HEIGHT = 64, 36
_SMOOTHING_SEC = 1.0
"""Standard deviation of the smoothing: a camera operator's calm rather than a tracker's haste."""
_CUT = 0.18
"""Mean absolute difference of luma, as a share of its range, from which two looks belong to different shots."""
_STILL = 0.004
"""The same below which nothing moves."""


@dataclass(frozen=True, slots=True)
class MotionPath:
    """A path through the picture along the side that is cropped.

    Attributes
    ----------
    seconds : ndarray
        Instants from the start of the clip, ascending, shape ``(n,)``.
    center : ndarray
        Where the motion is, as a share of that side, shape ``(n,)``.
    jumps : ndarray
        Whether the path jumps to this instant's place (a cut) instead of gliding there, shape ``(n,)``, bool.
    """

    seconds: NDArray[np.float64]
    center: NDArray[np.float64]
    jumps: NDArray[np.bool_]

    def expression(self, cropped: int, whole: int) -> str:
        """Return the path as an ffmpeg expression of `t`: the offset of a crop, `cropped` of `whole` pixels long."""
        offsets = np.clip(self.center * whole - cropped / 2, 0, whole - cropped).round().astype(int).tolist()
        terms = [str(offsets[0])]
        for i in range(1, len(offsets)):
            step = offsets[i] - offsets[i - 1]
            if step:
                begin, end = self.seconds[i - 1], self.seconds[i]
                ramp = f"gte(t,{end:.3f})" if self.jumps[i] else f"clip((t-{begin:.3f})/{end - begin:.3f},0,1)"
                terms.append(f"({step})*{ramp}")
        return "+".join(terms)


def find_motion_path(video: Video, interval: Interval, *, vertical_side: bool = False) -> MotionPath:
    """Follow the motion through a clip.

    The center of a look is the mean place of what changed since the look before, weighted by how much; within a shot it
    is smoothed, between shots it jumps. Where nothing moves it stays, and starts in the middle.

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
    instants, looks = _looks(video, interval)
    changes = np.abs(np.diff(looks, axis=0))
    strength = changes.mean(axis=(1, 2))
    cuts = np.concatenate([[False], strength > _CUT])
    profile = changes.sum(axis=2 if vertical_side else 1)
    places = (np.arange(profile.shape[1]) + 0.5) / profile.shape[1]
    center = np.full(len(looks), np.nan)
    moved = (strength > _STILL) & (strength <= _CUT)
    center[1:][moved] = (profile[moved] * places).sum(axis=1) / profile[moved].sum(axis=1)
    return MotionPath(instants - interval.start, _smoothed(center, cuts), cuts)


def _looks(video: Video, interval: Interval) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return instants, and small upright pictures in [0, 1], shape ``(n, height, width)``."""
    orientation = Orientation(video.video.rotation, video.video.mirrored)
    width, height = (_HEIGHT, _WIDTH) if orientation.swaps_sides else (_WIDTH, _HEIGHT)
    instants, looks = [], []
    with open_frames(video.path, video, in_runs=True) as frames:
        for asked in np.arange(interval.start, interval.end, STEP_SEC).tolist():
            found = frames.at(asked)
            gray = found.frame.reformat(width=width, height=height, format="gray").to_ndarray()
            instants.append(max(found.instant, interval.start))
            looks.append(orientation.apply(gray).astype(np.float32) / 255)
    return np.array(instants), np.stack(looks)


def _smoothed(center: NDArray[np.float64], cuts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill the gaps and smooth, shot by shot."""
    result = np.empty_like(center)
    edges = [0, *np.flatnonzero(cuts).tolist(), len(center)]
    for begin, end in pairwise(edges):
        shot = center[begin:end]
        known = np.flatnonzero(~np.isnan(shot))
        filled = np.interp(np.arange(len(shot)), known, shot[known]) if known.size else np.full(len(shot), 0.5)
        result[begin:end] = gaussian_filter1d(filled, _SMOOTHING_SEC / STEP_SEC, mode="nearest")
    return result
