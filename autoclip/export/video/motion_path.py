"""Where the motion is: the path a crop follows so that what moves stays in sight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from autoclip.media.frames import FrameReader, TimedFrame, open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video
from autoclip.signals.color import color_histograms
from autoclip.signals.frame_features import thumbnails
from autoclip.signals.shots import cut_scores, shot_rows
from autoclip.timeline import Interval

STEP_SEC = 0.25
"""How often motion is looked for: at the same 4 frames a second as for the signals."""
_WIDTH, _HEIGHT = 64, 36
_SMOOTHING_SEC = 1.0
"""Standard deviation of the smoothing: a camera operator's calm rather than a tracker's haste."""
_MIN_CUT_SCORE = 0.3
"""As ``scene_threshold``: the score from which two neighboring frames belong to different shots."""
_STILL = 0.002
"""Mean absolute difference of luma, as a share of its range, below which nothing moves by itself."""
_UNIFORM_SPREAD = 12**-0.5
"""Standard deviation of the uniform distribution over the side: motion that is everywhere has no place."""
_MIN_FOCUS = 0.12
"""How much narrower than that the spread of the motion must be for its center to be a place, as a share."""
_SURE_SHARE = 0.5
"""Share of a shot's looks with such a place from which the crop goes all the way there; of fewer, part of the way."""


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


@dataclass(frozen=True, slots=True)
class _Frames:
    """Every frame of a clip, small and upright.

    `instants` are seconds of the video, shape ``(n,)``; `luma` is uint8, shape ``(n, height, width)``; `histogram` is
    that of `autoclip.signals.color`.
    """

    instants: NDArray[np.float64]
    luma: NDArray[np.uint8]
    histogram: NDArray[np.float32]


def find_motion_path(video: Video, interval: Interval, *, vertical_side: bool = False) -> MotionPath:
    """Follow the motion through a clip.

    Motion is what changes more than the median of the picture does, so that a camera turn or shake does not count.
    Within a shot the path is smooth, and begins where the motion of the shot will be first. It jumps on the first frame
    of a new shot. In a shot without motion, or with motion everywhere, it stays in the middle.

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
    frames = _small_frames(video, interval)
    edges = [0, *_first_frames_of_shots(frames), len(frames.instants)]
    parts = [_shot_path(frames, begin, end, vertical_side=vertical_side) for begin, end in pairwise(edges)]
    jumps = [np.arange(len(part.seconds)) == 0 for part in parts]
    jumps[0][:] = False
    seconds = np.concatenate([part.seconds for part in parts]) - interval.start
    return MotionPath(np.maximum(seconds, 0.0), np.concatenate([part.center for part in parts]), np.concatenate(jumps))


def _small_frames(video: Video, interval: Interval) -> _Frames:
    orientation = Orientation(video.video.rotation, video.video.mirrored)
    width, height = (_HEIGHT, _WIDTH) if orientation.swaps_sides else (_WIDTH, _HEIGHT)
    instants, luma, histograms = [], [], []
    with open_frames(video.path, video, in_runs=True, small=True) as reader:
        for found in _frames_in(reader, interval):
            planes = found.frame.reformat(width=width, height=height, format="yuv420p").to_ndarray().astype(np.uint8)
            chroma = planes[height:].reshape(1, 2, height // 2, width // 2)
            instants.append(max(found.instant, interval.start))
            luma.append(orientation.apply(planes[:height]))
            histograms.append(color_histograms(planes[None, :height], chroma)[0])
    return _Frames(np.array(instants), np.stack(luma), np.stack(histograms))


def _frames_in(reader: FrameReader, interval: Interval) -> Iterator[TimedFrame]:
    """Yield the frames shown during an interval, in order."""
    instant = interval.start
    while instant < interval.end:
        found = reader.at(instant)
        yield found
        if found.end <= instant:  # the last frame of the file
            return
        instant = found.end


def _first_frames_of_shots(frames: _Frames) -> list[int]:
    """Return the positions of the frames that begin a new shot."""
    numbers = np.arange(len(frames.instants), dtype=np.int64)
    rows = shot_rows(frames.histogram, thumbnails(frames.luma), numbers, 0, len(numbers))
    scores = cut_scores(frames.instants, rows)
    return [int(i) for i in np.flatnonzero(scores >= _MIN_CUT_SCORE) if i > 0]


def _shot_path(frames: _Frames, begin: int, end: int, *, vertical_side: bool) -> MotionPath:
    """Follow the motion through the frames ``[begin, end)`` of one shot; the seconds are those of the video."""
    instants = frames.instants[begin:end]
    wanted = np.arange(instants[0], instants[-1] + 1e-9, STEP_SEC)
    looks = np.unique(np.searchsorted(instants, wanted - 1e-6))
    luma = frames.luma[begin:end][looks].astype(np.float32) / 255
    center = np.full(len(looks), np.nan)
    if len(looks) > 1:
        # What moved between two looks is in both places: the later look's is known at the later instant.
        center[1:] = _centers(np.abs(np.diff(luma, axis=0)), vertical_side=vertical_side)
    seconds = instants[looks].copy()
    if begin > 0:
        seconds[0] = (frames.instants[begin - 1] + frames.instants[begin]) / 2  # the filter's times may be rounded
    return MotionPath(seconds, _smoothed(center), np.zeros(len(looks), np.bool_))


def _centers(changes: NDArray[np.float32], *, vertical_side: bool) -> NDArray[np.float64]:
    """Return the center of the motion between looks, shape ``(n,)``; NaN where there is none, or it is everywhere."""
    own = np.maximum(changes - np.median(changes, axis=(1, 2), keepdims=True), 0.0)
    profile = own.sum(axis=2 if vertical_side else 1).astype(np.float64)
    places = (np.arange(profile.shape[1]) + 0.5) / profile.shape[1]
    total = np.maximum(profile.sum(axis=1), 1e-9)
    center = (profile * places).sum(axis=1) / total
    spread = np.sqrt((profile * (places - center[:, None]) ** 2).sum(axis=1) / total)
    is_place = (own.mean(axis=(1, 2)) > _STILL) & (spread < (1 - _MIN_FOCUS) * _UNIFORM_SPREAD)
    return np.where(is_place, center, np.nan)


def _smoothed(center: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill the gaps of one shot and smooth it; the fewer places are known, the nearer to the middle."""
    known = np.flatnonzero(~np.isnan(center))
    if not known.size:
        return np.full(len(center), 0.5)
    filled = np.interp(np.arange(len(center)), known, center[known])
    smooth = gaussian_filter1d(filled, _SMOOTHING_SEC / STEP_SEC, mode="nearest")
    trust = min(1.0, known.size / max(1.0, _SURE_SHARE * (len(center) - 1)))
    return np.asarray(0.5 + trust * (smooth - 0.5), np.float64)
