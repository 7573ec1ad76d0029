"""The frames of a clip, small, and its shots, from one decode: the input of all framings.

Of large frames only those that others refer to are decoded, and between two that differ as at a cut, all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoclip.export.framing.scene_changes import lasting_changes
from autoclip.media.decoding.frame_sampling import FrameSampler, SampleGrid
from autoclip.media.decoding.video import is_small
from autoclip.media.frames import FrameReader, TimedFrame, open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.packets import read_packet_times, stores_times
from autoclip.media.video import Video
from autoclip.signals.color import color_histograms
from autoclip.signals.fine_structure import fine_thumbnails
from autoclip.signals.frame_features import thumbnails
from autoclip.signals.shots import SURE_SCORE, ShotFrames, cut_scores, shot_rows
from autoclip.timeline import Interval

_LONGEST = 64
_MIN_POSSIBLE_SCORE = 0.1
"""The score from which the frames skipped before a frame are decoded, to find the very first one of the shot."""
_MIN_CUT_SCORE = 0.3
"""Like ``scene_threshold``: the score from which two consecutive frames belong to different shots."""


class FrameVisitor(Protocol):
    """Receives the decoded frames of a clip, in order."""

    @property
    def needs_every_frame(self) -> bool:
        """Whether frames that no other refers to must be decoded from here on, too."""

    def __call__(self, found: TimedFrame, luma: NDArray[np.uint8]) -> None:
        """Take a frame as stored, and its luma, small and upright."""


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """The decoded frames of a clip, small and upright.

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


def read_clip_frames(video: Video, interval: Interval, visit: FrameVisitor | None = None) -> ClipFrames:
    """Decode a clip, and find its shots.

    Parameters
    ----------
    video : Video
        The source.
    interval : Interval
        The clip, in seconds from the first video frame.
    visit : FrameVisitor, optional
        Receives the frames, except those that are decoded later to find a cut.

    Raises
    ------
    MediaError
        If the source can't be read.
    """
    skips = not is_small(video) and stores_times(video)
    shown = _shown_instants(video, interval) if skips else np.zeros(0)
    reduced = _FrameReducer(video, interval)
    with open_frames(video.path, video, in_runs=True, small=True) as reader:
        for found in _frames_in(reader, interval, visit, skips=skips):
            luma = reduced.add(found)
            if visit is not None:
                visit(found, luma)
        for instant in reduced.skipped_at_cuts(shown):
            reduced.add(reader.at(instant))
    return reduced.frames(shown)


def _shown_instants(video: Video, interval: Interval) -> NDArray[np.float64]:
    """Return when the frames of a clip are shown, decoded or not, in seconds of the video, ascending."""
    times = read_packet_times(video, interval)
    # As `TimedFrame.instant` is computed, so that the same times are equal.
    shown = np.array([float((pts - times.origin) * times.time_base) for pts in times.shown.tolist()])
    first = max(int(np.searchsorted(shown, interval.start, side="right")) - 1, 0)
    inside = shown[first : int(np.searchsorted(shown, interval.end))]
    return np.asarray(np.maximum(inside, interval.start), np.float64)


class _FrameReducer:
    """Reduces the frames of a clip to what the framings need."""

    def __init__(self, video: Video, interval: Interval) -> None:
        facts = video.video
        self._start = interval.start
        self._orientation = Orientation(facts.rotation, facts.mirrored)
        self._grid = SampleGrid.of(facts.width, facts.height, _LONGEST)
        self._sampler = FrameSampler(self._grid)
        self._instants: list[float] = []
        self._luma: list[NDArray[np.uint8]] = []
        self._histograms: list[NDArray[np.float32]] = []

    def add(self, found: TimedFrame) -> NDArray[np.uint8]:
        """Take a frame, and return its luma, small and upright."""
        grid = self._grid
        points = np.empty((1, grid.height, grid.width), np.uint8)
        chroma = np.empty((1, 2, grid.height // 2, grid.width // 2), np.uint8)
        readable = self._sampler.readable(found.frame)
        self._sampler.sample(readable, points[0], chroma[0])
        self._instants.append(max(found.instant, self._start))
        self._luma.append(self._orientation.apply(self._sampler.cell_means(readable)))
        self._histograms.append(color_histograms(points, chroma)[0])
        return self._luma[-1]

    def skipped_at_cuts(self, shown: NDArray[np.float64]) -> list[float]:
        """Return when those of the `shown` frames that were not taken are shown that may begin a shot, ascending."""
        instants = self._in_order()[0]
        skipped = shown[~np.isin(shown, instants)]
        if not skipped.size:
            return []
        after = np.flatnonzero(self._scores(shown) >= _MIN_POSSIBLE_SCORE)
        return list(map(float, skipped[np.isin(np.searchsorted(instants, skipped), after)]))

    def frames(self, shown: NDArray[np.float64]) -> ClipFrames:
        """Return the frames in order of presentation, and where the shots among them begin."""
        instants, order = self._in_order()
        cuts = np.flatnonzero(self._scores(shown) >= _MIN_CUT_SCORE).tolist()
        return ClipFrames(instants, np.stack(self._luma)[order], (0, *(cut for cut in cuts if cut > 0), len(instants)))

    def _in_order(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        return np.unique(self._instants, return_index=True)

    def _scores(self, shown: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return how likely each frame begins a shot, in order of presentation."""
        instants, order = self._in_order()
        luma, histograms = np.stack(self._luma)[order], np.stack(self._histograms)[order]
        numbers = np.searchsorted(np.union1d(shown, instants), instants)
        pictures = ShotFrames(histograms, thumbnails(luma), fine_thumbnails(luma), numbers)
        rows = shot_rows(pictures, 0, len(instants))
        scores = cut_scores(instants, rows)
        scores[lasting_changes(pictures, rows, scores < _MIN_CUT_SCORE)] = SURE_SCORE
        return scores


def _frames_in(
    reader: FrameReader, interval: Interval, visit: FrameVisitor | None, *, skips: bool
) -> Iterator[TimedFrame]:
    """Yield the frames shown during an interval, in order, or of those only the ones that others refer to."""
    instant = interval.start
    while instant < interval.end:
        every = not skips or (visit is not None and visit.needs_every_frame)
        found = reader.at(instant, references_only=not every)
        yield found
        if found.end <= instant:  # the last frame of the file
            return
        instant = found.end
