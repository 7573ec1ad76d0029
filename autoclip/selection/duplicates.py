"""Near-duplicates: the same moment shown twice anywhere in the video, as in replays, teasers and loops.

The core of each window, some seconds around its anchor, is compared with every better window at every offset, since a
repetition is not aligned to the grid and may have its anchor at another second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from autoclip.selection.filters import Filtered, Verdict
from autoclip.selection.windows import Window
from autoclip.settings import FilterSettings
from autoclip.signals.table import ENVELOPE_STEP_SEC, Features
from autoclip.timeline import Interval

HASH_BITS = 64

CORE_SEC = (-3.0, 5.0)
"""Length of the core, the span around the anchor that is compared: what a replay of a moment shows of it."""

MIN_CORE_SEC = 3.0
"""A shorter core is not compared: words and beats last up to a second and recur."""

SLACK_SEC = 4.0
"""How far a core may extend beyond the window it is compared with, in seconds."""

HASH_STEP_SEC = 1.0
"""Distance in seconds of the frames of a core that are compared."""

AUDIO_STEP_SEC = 0.1
"""Step in seconds at which audio is compared: finer than syllables (4 Hz, Greenberg 1999), coarse enough to tolerate
re-encoding.
"""

AUDIO_TOLERANCE_DB = 3.0
"""Envelopes that differ by less than this (RMS) match, such as two stretches of the same hum."""

AGREEING_CORRELATION = 0.95
"""Correlation from which two audio envelopes match: re-encoding keeps it above this value, and among hundreds of
stretches of speech, compared at every offset, hardly a pair reaches 0.9 by chance.
"""

LOOSE_BITS = 6
"""If the audio matches this well, frame hashes may differ by this many bits more: a logo, other sampling times or a new
size change some bits.

Unrelated frames differ by 32 of 64 bits, plus or minus 4.
"""

MOTION_TOLERANCE = 0.002
"""Motion curves that differ by less than this (RMS, share of full range) match."""

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Twin:
    """A better window that shows the same moment, and the number of bits by which their frames differ."""

    index: int
    bits: float


def drop_duplicates(
    windows: Sequence[Window], kept: Sequence[int], features: Features, settings: FilterSettings
) -> Filtered:
    """Keep the best of windows that look and sound the same, over the whole video.

    Two windows are near-duplicates if there is an alignment at which the perceptual hashes of one's core differ from
    the other's by at most `duplicate_distance` bits on average, and their audio envelopes match as well (without audio,
    their motion): a talking head looks the same throughout but says different things.
    """
    seen = _Seen(features, settings.duplicate_distance)
    chosen: list[int] = []
    verdicts = []
    for index in kept:
        core = _core(windows[index], features.duration_sec)
        twin = seen.twin(core)
        verdicts.append(_verdict(index, twin, settings.duplicate_distance))
        if twin is None:
            chosen.append(index)
            seen.add(index, windows[index].interval)
    return Filtered(tuple(chosen), tuple(verdicts))


def _core(window: Window, duration_sec: float) -> Interval:
    at = window.anchor.time_sec
    return Interval(max(0.0, at + CORE_SEC[0]), min(duration_sec, at + CORE_SEC[1]))


def _verdict(index: int, twin: _Twin | None, limit: int) -> Verdict:
    if twin is None:
        reason = "no better clip looks and sounds like it"
        return Verdict(
            stage="duplicate", clip_index=index, kept=True, reason=reason, value=float(HASH_BITS), limit=limit
        )
    reason = f"looks and sounds like better clip {twin.index}: their pictures differ by {twin.bits:.1f} of 64 bits"
    return Verdict(
        stage="duplicate", clip_index=index, kept=False, reason=reason, value=twin.bits, limit=limit, other=twin.index
    )


class _Seen:
    """The windows kept so far, concatenated, so that a core can be searched in all of them."""

    def __init__(self, features: Features, limit: int) -> None:
        self._limit = limit
        self._step_sec = features.grid.step_sec
        self._every = max(1, round(HASH_STEP_SEC / self._step_sec))
        self._all_hashes = features.frame_hash
        self._course = _course(features)
        self._steps = np.zeros(0, np.intp)  # of the kept windows
        self._owner = np.zeros(0, np.intp)  # of each of those
        self._hashes = np.zeros(0, np.uint64)
        self._heard_owner = np.zeros(0, np.intp)  # of each value of their courses
        self._heard = np.zeros(0)
        self._place = np.zeros(0, np.intp)  # the step nearest to each

    def add(self, index: int, interval: Interval) -> None:
        """Add a kept window."""
        first = max(0, round((interval.start - SLACK_SEC) / self._step_sec))
        after = min(round((interval.end + SLACK_SEC) / self._step_sec), len(self._all_hashes))
        ratio = self._step_sec / self._course.step_sec
        heard = self._course.smooth[round(first * ratio) : round(after * ratio)]
        steps = np.minimum(np.round(np.arange(heard.size) / ratio).astype(np.intp), after - first - 1)
        self._place = np.concatenate([self._place, self._owner.size + steps])
        self._heard = np.concatenate([self._heard, heard])
        self._heard_owner = np.concatenate([self._heard_owner, np.full(heard.size, index)])
        self._steps = np.concatenate([self._steps, np.arange(first, after)])
        self._owner = np.concatenate([self._owner, np.full(after - first, index)])
        self._hashes = np.concatenate([self._hashes, self._all_hashes[first:after]])

    def twin(self, core: Interval) -> _Twin | None:
        """Return the kept window that matches a core best; None if none matches, or the core is too short."""
        first, count = round(core.start / self._step_sec), int(core.duration / self._step_sec)
        if core.duration < MIN_CORE_SEC or first + count > len(self._all_hashes) or self._owner.size <= count:
            return None
        bits = self._distances(first, count)
        if bits.min() > self._limit + LOOSE_BITS:
            return None
        if self._course.smooth.size == 0:
            place = int(bits.argmin())
            return _Twin(int(self._owner[place]), float(bits[place])) if bits[place] <= self._limit else None
        return self._sounding_alike(core, bits)

    def _sounding_alike(self, core: Interval, bits: NDArray[np.float32]) -> _Twin | None:
        start, count = (round(value / self._course.step_sec) for value in (core.start, core.duration))
        likeness, hum = _likeness(self._course.smooth[start : start + count], self._heard, self._course.tolerance)
        places = self._place[: likeness.size]
        around = np.clip(places + np.array([[-1], [0], [1]]), 0, bits.size - 1)
        near = bits[around].min(axis=0)
        certain = likeness >= AGREEING_CORRELATION
        alike = (hum | certain) & (near <= np.where(certain, self._limit + LOOSE_BITS, self._limit))
        alike &= self._heard_owner[: likeness.size] == self._heard_owner[self._heard.size - likeness.size :]
        if not alike.any():
            return None
        best = int(np.where(alike, near, np.inf).argmin())
        return _Twin(int(self._heard_owner[best]), float(near[best]))

    def _distances(self, first: int, count: int) -> NDArray[np.float32]:
        """Return the mean Hamming distance of a core's hashes from those at each kept step; infinite across windows."""
        offsets = np.arange(0, count, self._every)
        last = int(offsets[-1])
        total = np.zeros(self._owner.size - last, np.float32)
        for offset in offsets.tolist():
            total += np.bitwise_count(self._hashes[offset : offset + total.size] ^ self._all_hashes[first + offset])
        distance = np.full(self._owner.size, np.inf, np.float32)
        whole = self._owner[: total.size] == self._owner[last:]
        elsewhere = np.abs(self._steps[: total.size] - first) >= count  # windows extend into their neighbors' time
        distance[: total.size] = np.where(whole & elsewhere, total / offsets.size, np.inf)
        return distance


@dataclass(frozen=True, slots=True)
class _Course:
    """An audio envelope or motion curve: one value every `step_sec`.

    Stretches that differ by less than `tolerance` (RMS) match. An empty curve matches nothing.
    """

    smooth: Series
    step_sec: float
    tolerance: float


def _likeness(here: Series, all_heard: Series, tolerance: float) -> tuple[Series, NDArray[np.bool_]]:
    """Return the correlation of a stretch with that from each value on, and where both are the same hum."""
    if all_heard.size < here.size or here.size == 0:
        return np.zeros(0), np.zeros(0, np.bool_)
    centered = here - here.mean()
    product = np.correlate(all_heard, centered, "valid")
    sums, squares = (
        np.concatenate(([0.0], np.cumsum(values)))[here.size :]
        - np.concatenate(([0.0], np.cumsum(values)))[: product.size]
        for values in (all_heard, all_heard**2)
    )
    power, powers = float(centered @ centered), np.maximum(squares - sums**2 / here.size, 0.0)
    scale = np.sqrt(power * powers)
    correlation = np.divide(product, scale, out=np.zeros(product.size), where=scale > 0)
    hum = power + powers - 2 * product <= here.size * tolerance**2
    return correlation, hum


def _course(features: Features) -> _Course:
    if features.envelope_dbfs is not None and features.envelope_dbfs.size:
        hops = round(AUDIO_STEP_SEC / ENVELOPE_STEP_SEC)
        levels = np.nan_to_num(features.envelope_dbfs.astype(np.float64), nan=-120.0)
        # Averaging over more than the step makes the result insensitive to a shift of half a step.
        smooth = uniform_filter1d(levels, 3 * hops, mode="nearest")[::hops]
        return _Course(smooth, AUDIO_STEP_SEC, AUDIO_TOLERANCE_DB)
    motion = features.series.get("motion_score")
    values = np.zeros(0) if motion is None else np.nan_to_num(motion.astype(np.float64))
    return _Course(values, features.grid.step_sec, MOTION_TOLERANCE)
