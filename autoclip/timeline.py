"""Time: timestamps, intervals and the sampling grid.

Time 0 is the presentation time of the first video frame. A time stays an integer presentation timestamp (PTS) with its
time base until it is displayed or stored; it is never a frame index divided by a frame rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

JITTER_SEC = 0.04
"""Maximum deviation of timestamps from the sample count, in seconds: containers round to a millisecond, and some clocks
to more.

Half of it is the audio/video offset that nobody notices (ITU-R BT.1359: 45 ms early).
"""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A presentation timestamp: an integer count of a time base.

    Attributes
    ----------
    pts : int
        Presentation timestamp in units of `time_base`.
    time_base : Fraction
        Seconds per unit.
    """

    pts: int
    time_base: Fraction

    @property
    def exact(self) -> Fraction:
        """Return the time in seconds as an exact fraction."""
        return self.pts * self.time_base

    @property
    def seconds(self) -> float:
        """Return the time in seconds."""
        return float(self.exact)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A half-open span of time ``[start, end)`` in seconds; `end` is exclusive.

    Raises
    ------
    ValueError
        If an end is not finite or `end` lies before `start`.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)):
            raise ValueError(f"interval ends must be finite, got [{self.start}, {self.end})")
        if self.end < self.start:
            raise ValueError(f"an interval can't end before it starts, got [{self.start}, {self.end})")

    @property
    def duration(self) -> float:
        """Return the length in seconds."""
        return self.end - self.start

    @property
    def midpoint(self) -> float:
        """Return the midpoint in seconds."""
        return self.start + self.duration / 2

    def contains(self, instant: float) -> bool:
        """Whether `instant` (seconds) lies in ``[start, end)``."""
        return self.start <= instant < self.end

    def encloses(self, other: Interval) -> bool:
        """Whether all of `other` lies within this interval."""
        return self.start <= other.start and other.end <= self.end

    def overlap(self, other: Interval) -> float:
        """Return how many seconds both intervals share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def iou(self, other: Interval) -> float:
        """Return the intersection over union (Jaccard index), in [0, 1]; symmetric, and 0 for two empty intervals."""
        shared = self.overlap(other)
        union = self.duration + other.duration - shared
        return shared / union if union > 0 else 0.0

    def clamped(self, outer: Interval) -> Interval:
        """Return the part that lies within `outer`; without one, an empty interval at the nearer end."""
        start = min(max(self.start, outer.start), outer.end)
        return Interval(start, max(start, min(self.end, outer.end)))


@dataclass(frozen=True, slots=True)
class Grid:
    """The sampling grid: step ``i`` covers ``[i * step_sec, (i + 1) * step_sec)``.

    Attributes
    ----------
    step_sec : float
        Length of a step in seconds.
    count : int
        Number of steps.
    """

    step_sec: float
    count: int

    @classmethod
    def covering(cls, duration_sec: float, step_sec: float) -> Grid:
        """Return the shortest grid that covers ``[0, duration_sec)``."""
        # A remainder below a microsecond is float rounding (10.000000001 s), not another step.
        return cls(step_sec, max(0, math.ceil(duration_sec / step_sec - 1e-6)))

    @property
    def times(self) -> NDArray[np.float64]:
        """Return the start of every step in seconds, shape ``(count,)``."""
        return np.arange(self.count, dtype=np.float64) * self.step_sec

    def index_of(self, instant: float) -> int:
        """Return the step that contains `instant` (seconds), clamped to the grid."""
        return min(max(int(instant / self.step_sec + 1e-9), 0), max(self.count - 1, 0))
