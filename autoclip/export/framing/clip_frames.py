"""Every frame of a clip, small, and its shots, from one decode: the input of all framings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autoclip.media.decoding.frame_sampling import FrameSampler, SampleGrid
from autoclip.media.frames import FrameReader, TimedFrame, open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video
from autoclip.signals.color import color_histograms
from autoclip.signals.fine_structure import fine_thumbnails
from autoclip.signals.frame_features import thumbnails
from autoclip.signals.shots import ShotFrames, cut_scores, shot_rows
from autoclip.timeline import Interval

_LONGEST = 64
_MIN_CUT_SCORE = 0.3
"""Like ``scene_threshold``: the score from which two consecutive frames belong to different shots."""

FrameVisitor = Callable[[TimedFrame, NDArray[np.uint8]], None]
"""Called with each decoded frame, in order: the frame as stored, and its luma, small and upright."""


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """Every frame of a clip, small and upright.

    Attributes
    ----------
    instants : ndarray
        Presentation times, in seconds of the video, shape ``(n,)``.
    luma : ndarray
        The frames, uint8, shape ``(n, height, width)``.
    edges : tuple of int
        Indices where shots begin, ascending: 0 first, the number of frames last.
    """

    instants: NDArray[np.float64]
    luma: NDArray[np.uint8]
    edges: tuple[int, ...]

    @property
    def shots(self) -> Iterator[range]:
        """Return the frames of each shot."""
        return (range(begin, end) for begin, end in pairwise(self.edges))

    def shot_start_sec(self, begin: int) -> float:
        """Return when a path must be at its position for a shot that begins with frame `begin`.

        That is half a frame before a cut, since a filter's times may be rounded.
        """
        if begin == 0:
            return float(self.instants[0])
        return float(self.instants[begin - 1] + self.instants[begin]) / 2


def read_clip_frames(video: Video, interval: Interval, visit: FrameVisitor = lambda _frame, _luma: None) -> ClipFrames:
    """Decode a clip, and find its shots.

    Parameters
    ----------
    video : Video
        The source.
    interval : Interval
        The clip, in seconds from the first video frame.
    visit : callable
        Called with each frame.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    facts = video.video
    orientation = Orientation(facts.rotation, facts.mirrored)
    grid = SampleGrid.of(facts.width, facts.height, _LONGEST)
    sampler = FrameSampler(grid)
    points = np.empty((grid.height, grid.width), np.uint8)
    chroma = np.empty((2, grid.height // 2, grid.width // 2), np.uint8)
    instants, luma, histograms = [], [], []
    with open_frames(video.path, video, in_runs=True, small=True) as reader:
        for found in _frames_in(reader, interval):
            readable = sampler.readable(found.frame)
            sampler.sample(readable, points, chroma)
            instants.append(max(found.instant, interval.start))
            luma.append(orientation.apply(sampler.cell_means(readable)))
            histograms.append(color_histograms(points[None], chroma[None])[0])
            visit(found, luma[-1])
    pictures = np.stack(luma)
    cuts = _first_frames_of_shots(np.array(instants), pictures, np.stack(histograms))
    return ClipFrames(np.array(instants), pictures, (0, *cuts, len(instants)))


def _frames_in(reader: FrameReader, interval: Interval) -> Iterator[TimedFrame]:
    """Yield the frames shown during an interval, in order."""
    instant = interval.start
    while instant < interval.end:
        found = reader.at(instant)
        yield found
        if found.end <= instant:  # the last frame of the file
            return
        instant = found.end


def _first_frames_of_shots(
    instants: NDArray[np.float64], luma: NDArray[np.uint8], histogram: NDArray[np.float32]
) -> list[int]:
    """Return the indices of the frames that begin a new shot."""
    numbers = np.arange(len(instants), dtype=np.int64)
    pictures = ShotFrames(histogram, thumbnails(luma), fine_thumbnails(luma), numbers)
    rows = shot_rows(pictures, 0, len(numbers))
    scores = cut_scores(instants, rows)
    return [int(i) for i in np.flatnonzero(scores >= _MIN_CUT_SCORE) if i > 0]
