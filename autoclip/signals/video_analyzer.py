"""Reduce each frame to one compact row, from which events and motion are computed.

A row depends on its own frame and a bounded number of neighbors. For a long video only the rows are kept, some 60 bytes
per frame, on disk.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.credits import TextRows, TextTracker
from autoclip.signals.dissolves import EVERY, REACH_SEC, DissolveTrack, PossibleDissolves, possible_dissolves
from autoclip.signals.frame_difference import mean_absolute_difference
from autoclip.signals.frame_features import FrameFacts, FrameSamples, luma_range
from autoclip.signals.frame_numbering import Numbering
from autoclip.signals.freeze import earlier_picture
from autoclip.signals.motion import motion_between
from autoclip.signals.perceptual_hash import difference_hash
from autoclip.signals.shots import SIDE_PICTURES, ShotFrames, ShotRows, shot_rows
from autoclip.signals.spooled_array import SpooledArray

MAX_DRIFT_SEC = 2.0
"""Frames are compared with one that is at most this many seconds older, so that few need to be kept."""

AT_ONCE = 400
"""Number of frames in which dissolves are searched at once: fewer cost more time each, and more take memory."""

Rows = TypeVar("Rows", ShotRows, "FrameRows", PossibleDissolves)


@dataclass(frozen=True, slots=True)
class MeasuredFrames:
    """Consecutive frames with the features of each on its own.

    Attributes
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``, float64.
    samples : FrameSamples
        The reduced frames.
    facts : FrameFacts
        The features of each frame.
    motion_index : ndarray
        Indices of the frames used for motion, shape ``(m,)``.
    motion_luma : ndarray
        Mean luma of the cells of those frames, shape ``(m, height, width)``, uint8.
    """

    seconds: NDArray[np.float64]
    samples: FrameSamples
    facts: FrameFacts
    motion_index: NDArray[np.intp]
    motion_luma: NDArray[np.uint8]

    def since(self, first: int) -> MeasuredFrames:
        """Return the frames from an index on."""
        if first == 0:
            return self
        moving = self.motion_index >= first
        return MeasuredFrames(
            self.seconds[first:],
            FrameSamples(self.samples.luma[first:], self.samples.chroma[first:], self.samples.full_range),
            FrameFacts(*(getattr(self.facts, column.name)[first:] for column in fields(self.facts))),
            self.motion_index[moving] - first,
            self.motion_luma[moving],
        )


@dataclass(frozen=True, slots=True)
class ComparedFrames:
    """The features of consecutive frames, on their own and compared with earlier ones, without the frames.

    Attributes
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``, float64.
    facts : FrameFacts
        The features of each frame.
    change, drift : ndarray
        As in `FrameRows`.
    motion_index, motion_luma : ndarray
        As in `MeasuredFrames`.
    full_range : bool
        Whether luma runs over 0..255 instead of 16..235.
    """

    seconds: NDArray[np.float64]
    facts: FrameFacts
    change: NDArray[np.float32]
    drift: NDArray[np.float32]
    motion_index: NDArray[np.intp]
    motion_luma: NDArray[np.uint8]
    full_range: bool


@dataclass(frozen=True, slots=True)
class FrameRows:
    """One row per frame, shape ``(n,)`` each; float32 unless stated otherwise.

    Attributes
    ----------
    seconds : ndarray
        Presentation time, float64.
    luma_mean, contrast, core_contrast, black_share : ndarray
        As in `FrameFacts`.
    change : ndarray
        Mean absolute difference from the previous frame; the first is infinite.
    drift : ndarray
        Mean absolute difference from the frame that `freeze.earlier_picture` returns; infinite where `change` is
        sufficient.
    """

    seconds: NDArray[np.float64]
    luma_mean: NDArray[np.float32]
    contrast: NDArray[np.float32]
    core_contrast: NDArray[np.float32]
    black_share: NDArray[np.float32]
    change: NDArray[np.float32]
    drift: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FrameMeasures:
    """Everything measured from the frames.

    Attributes
    ----------
    rows : FrameRows
        One row a frame.
    shots : ShotRows
        One row a frame.
    dissolves : PossibleDissolves
        One row per possible dissolve.
    motion_sec, motion : ndarray
        Presentation time of the later frame of each pair, and the pair's motion; shape ``(m,)``.
    hash_sec, hashes : ndarray
        Presentation time of each hashed frame, and its hash (uint64); shape ``(k,)``.
    text : TextRows
        Detected rolling text and cards.
    """

    rows: FrameRows
    shots: ShotRows
    dissolves: PossibleDissolves
    motion_sec: NDArray[np.float64]
    motion: NDArray[np.float32]
    hash_sec: NDArray[np.float64]
    hashes: NDArray[np.uint64]
    text: TextRows


class FrameComparison:
    """Compares consecutive frames, keeping only a few earlier ones.

    Differences are sums of integers: they are the same wherever the comparison began, as long as that is at least
    `MAX_DRIFT_SEC` before.

    Parameters
    ----------
    freeze_noise : float
        Difference up to which frames may be equal.
    freeze_min_sec : float
        Minimum length of a freeze in seconds.
    """

    def __init__(self, freeze_noise: float, freeze_min_sec: float) -> None:
        self._noise = freeze_noise
        self._drift_sec = min(freeze_min_sec, MAX_DRIFT_SEC)
        self._seconds = np.zeros(0)  # of the frames still kept
        self._samples: FrameSamples | None = None

    def compare(self, pictures: MeasuredFrames) -> ComparedFrames:
        """Compare the frames that follow those of the previous call."""
        kept = len(self._seconds)
        seconds = np.concatenate([self._seconds, pictures.seconds])
        samples = _joined(self._samples, pictures.samples)
        change, drift = self._differences(seconds, samples, kept)
        self._keep(seconds, samples)
        return ComparedFrames(
            pictures.seconds,
            pictures.facts,
            change,
            drift,
            pictures.motion_index,
            pictures.motion_luma,
            pictures.samples.full_range,
        )

    def _differences(
        self, seconds: NDArray[np.float64], samples: FrameSamples, first: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        index = np.arange(first, len(seconds))
        change = _difference(samples, slice(max(first - 1, 0), len(seconds) - 1), slice(max(first, 1), len(seconds)))
        if first == 0:
            change = np.concatenate([[np.float32(np.inf)], change])
        drift = np.full(len(index), np.inf, np.float32)
        still = change <= self._noise
        earlier = earlier_picture(seconds, self._drift_sec)[index]
        drift[still] = _difference(samples, earlier[still], index[still])
        return change, drift

    def _keep(self, seconds: NDArray[np.float64], samples: FrameSamples) -> None:
        first = min(int(np.searchsorted(seconds, seconds[-1] - self._drift_sec)), len(seconds) - 1)
        self._seconds = seconds[first:].copy()
        self._samples = FrameSamples(samples.luma[first:].copy(), samples.chroma[first:].copy(), samples.full_range)


class VideoAnalyzer:
    """Converts consecutive frames to rows.

    Parameters
    ----------
    motion_fps : float
        Rate at which motion looks at frames.
    """

    def __init__(self, motion_fps: float) -> None:
        self._motion_fps = motion_fps
        self._rows = _Collected(FrameRows)
        self._numbering = Numbering()
        self._sides = _Sides()
        self._dissolves = _Dissolves()
        self._motion = _Motion(motion_fps)

    def push(self, pictures: ComparedFrames, shown_sec: NDArray[np.float64]) -> None:
        """Take the frames that follow those pushed before; `shown_sec` has the times of all frames, decoded or not."""
        facts = pictures.facts
        self._rows.append(
            FrameRows(
                pictures.seconds,
                facts.luma_mean,
                facts.contrast,
                facts.core_contrast,
                facts.black_share,
                pictures.change,
                pictures.drift,
            )
        )
        number = self._numbering.number(pictures.seconds, shown_sec)
        self._sides.push(ShotFrames(facts.histogram, facts.thumbnail, facts.fine, number))
        self._dissolves.push(DissolveTrack(pictures.seconds, facts.thumbnail, facts.histogram, facts.detail))
        _, span = luma_range(full_range=pictures.full_range)
        self._motion.push(pictures.seconds[pictures.motion_index], pictures.motion_luma, span)

    def finish(self) -> FrameMeasures:
        """Return the measurements of all frames."""
        return FrameMeasures(
            self._rows.finish(),
            self._sides.finish(),
            self._dissolves.finish(),
            self._motion.motion_sec.finish(),
            self._motion.motion.finish(),
            self._motion.hash_sec.finish(),
            self._motion.hashes.finish(),
            self._motion.text.finish(),
        )


class _Collected(Generic[Rows]):
    """Rows of one kind, column by column."""

    def __init__(self, kind: type[Rows]) -> None:
        self._kind: type[Rows] = kind
        self._columns: dict[str, SpooledArray[Any]] = {}

    def append(self, rows: Rows) -> None:
        for column in fields(rows):
            values = getattr(rows, column.name)
            self._columns.setdefault(column.name, SpooledArray(values)).append(values)

    def finish(self) -> Rows:
        return self._kind(**{name: column.finish() for name, column in self._columns.items()})


class _Sides:
    """Keeps the neighboring frames that the cues of cuts need until both sides are available."""

    def __init__(self) -> None:
        self._kept: ShotFrames | None = None
        self._measured = 0  # of the frames kept
        self._rows = _Collected(ShotRows)

    def push(self, frames: ShotFrames) -> None:
        self._kept = frames if self._kept is None else self._kept.followed_by(frames)
        number = self._kept.number
        self._measure(self._kept, int(np.searchsorted(number, number[-1] + 1 - SIDE_PICTURES)))

    def finish(self) -> ShotRows:
        if self._kept is not None:
            self._measure(self._kept, len(self._kept.number))
        return self._rows.finish()

    def _measure(self, kept: ShotFrames, after: int) -> None:
        if after <= self._measured:
            return
        self._rows.append(shot_rows(kept, self._measured, after))
        # One more than a side holds: each represents the preceding frames that were not decoded.
        drop = max(0, int(np.searchsorted(kept.number, kept.number[after - 1] - SIDE_PICTURES)) - 1)
        self._kept = kept.since(drop)
        self._measured = after - drop


class _Dissolves:
    """Keeps the frames in which dissolves are searched."""

    def __init__(self) -> None:
        self._held: DissolveTrack | None = None
        self._count = 0  # number of frames before those kept
        self._done = 0  # of the frames kept
        self._found = _Collected(PossibleDissolves)

    def push(self, track: DissolveTrack) -> None:
        self._held = track if self._held is None else self._held.followed_by(track)
        seconds = self._held.seconds
        after = int(np.searchsorted(seconds, seconds[-1] - REACH_SEC))
        if after - self._done >= AT_ONCE:
            self._measure(self._held, after)

    def finish(self) -> PossibleDissolves:
        if self._held is not None:
            self._measure(self._held, len(self._held.seconds))
        return self._found.finish()

    def _measure(self, held: DissolveTrack, after: int) -> None:
        if after <= self._done:
            return
        middles = np.arange(self._done, after)
        self._found.append(possible_dissolves(held, middles[(middles + self._count) % EVERY == 0]))
        drop = int(np.searchsorted(held.seconds, held.seconds[after - 1] - REACH_SEC))
        self._held = held.since(drop)
        self._count += drop
        self._done = after - drop


class _Motion:
    """Compares each frame used for motion with the previous one."""

    def __init__(self, motion_fps: float) -> None:
        self._motion_fps = motion_fps
        self._tick: float | None = None
        self._last: NDArray[np.uint8] | None = None
        self.motion_sec = SpooledArray(np.empty(0))
        self.motion = SpooledArray(np.empty(0, np.float32))
        self.hash_sec = SpooledArray(np.empty(0))
        self.hashes = SpooledArray(np.empty(0, np.uint64))
        self.text = TextTracker()

    def push(self, seconds: NDArray[np.float64], luma: NDArray[np.uint8], span: float) -> None:
        # The first frame that was decoded in one batch may fall into the tick of the previous one.
        ticks = np.floor(seconds * self._motion_fps + 1e-6)
        first_of_tick = np.diff(ticks, prepend=-1.0 if self._tick is None else self._tick) > 0
        seconds, luma = seconds[first_of_tick], luma[first_of_tick]
        if len(seconds) == 0:
            return
        self._tick = float(ticks[-1])
        self.hash_sec.append(seconds)
        self.hashes.append(difference_hash(luma))
        self.text.push(seconds, luma)
        if self._last is not None:
            luma = np.concatenate([self._last[None], luma])
        self.motion.append(motion_between(luma, span))
        self.motion_sec.append(seconds[len(seconds) - len(luma) + 1 :])
        self._last = luma[-1].copy()


def _difference(samples: FrameSamples, a: slice | NDArray[np.intp], b: slice | NDArray[np.intp]) -> NDArray[np.float32]:
    return mean_absolute_difference(samples.luma[a], samples.luma[b], samples.chroma[a], samples.chroma[b])


def _joined(before: FrameSamples | None, new: FrameSamples) -> FrameSamples:
    if before is None:
        return new
    return FrameSamples(
        np.concatenate([before.luma, new.luma]), np.concatenate([before.chroma, new.chroma]), new.full_range
    )
