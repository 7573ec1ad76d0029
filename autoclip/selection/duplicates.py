"""Near-duplicates: the same moment shown twice, anywhere in the video, as replays and teasers do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from autoclip.selection.filters import Filtered, Verdict
from autoclip.selection.windows import Window
from autoclip.settings import FilterSettings
from autoclip.signals.table import ENVELOPE_STEP_SEC, Features

HASH_BITS = 64

COMPARED_SEC = (-3.0, 5.0)
"""Span around the anchor that is compared: what a replay of a moment shows of it."""

SOUND_STEP_SEC = 0.1
"""Step at which sound is compared: finer than syllables (4 Hz, Greenberg 1999), coarse enough to forgive
re-encoding."""

SOUND_TOLERANCE_DB = 3.0
"""Envelopes that differ by less than this (RMS) agree, such as two stretches of the same hum."""

AGREEING_CORRELATION = 0.9
"""Correlation from which two courses of sound, or of motion, are the same: re-encoding keeps it above 0.95, and among
hundreds of stretches of speech some pair reaches 0.8 by chance."""

MOTION_TOLERANCE = 0.002
"""Courses of motion that differ by less than this (RMS, share of full range) agree."""

Matrix = NDArray[np.float32]


def drop_duplicates(
    windows: Sequence[Window], kept: Sequence[int], features: Features, settings: FilterSettings
) -> Filtered:
    """Keep the best of windows that look and sound the same, over the whole video.

    Two windows are near-duplicates when, aligned at their anchors, their perceptual hashes differ by no more than
    `duplicate_distance` bits on average and the course of their sound agrees as well (without sound, that of motion): a
    talking head has the same picture throughout, and yet says different things.
    """
    if not kept:
        return Filtered(())
    steps = np.array([windows[index].anchor.step for index in kept])
    distance = hash_distances(features, steps)
    limit = settings.duplicate_distance
    alike = (distance <= limit) & _courses_agree(features, steps)
    chosen: list[int] = []
    ranks: list[int] = []
    verdicts = []
    for rank, index in enumerate(kept):
        twins = [other for other in np.flatnonzero(alike[rank, :rank]).tolist() if other in set(ranks)]
        if twins:
            bits = float(distance[rank, twins[0]])
            reason = (
                f"looks and sounds like better clip {kept[twins[0]]}: their pictures differ by {bits:.1f} of 64 bits"
            )
            verdicts.append(
                Verdict(
                    stage="duplicate",
                    clip_index=index,
                    kept=False,
                    reason=reason,
                    value=bits,
                    limit=limit,
                    other=kept[twins[0]],
                )
            )
            continue
        nearest = float(distance[rank, ranks].min()) if ranks else float(HASH_BITS)
        reason = "no better clip looks and sounds like it"
        verdicts.append(
            Verdict(stage="duplicate", clip_index=index, kept=True, reason=reason, value=nearest, limit=limit)
        )
        chosen.append(index)
        ranks.append(rank)
    return Filtered(tuple(chosen), tuple(verdicts))


def hash_distances(features: Features, steps: NDArray[np.intp]) -> Matrix:
    """Mean Hamming distance of the hashes around each pair of steps, the best of one step to and fro; shape ``(n, n)``.

    Bits as +1 and -1 make the distance a matrix product: ``(64 - agreement) / 2``.
    """
    if features.frame_hash.size == 0:
        return np.full((steps.size, steps.size), HASH_BITS, np.float32)
    octets = features.frame_hash.astype("<u8").view(np.uint8).reshape(-1, 8)
    signs = np.unpackbits(octets, axis=1).astype(np.float32) * 2.0 - 1.0
    step_sec = features.grid.step_sec
    first, last = (round(edge / step_sec) for edge in COMPARED_SEC)
    offsets = np.arange(first, last + 1, max(1, round(1.0 / step_sec)))

    def around(shift: int) -> Matrix:
        rows = np.clip(steps[:, None] + offsets + shift, 0, len(signs) - 1)
        flat: Matrix = signs[rows].reshape(steps.size, -1)
        return flat

    here = around(0)
    later = here @ around(1).T
    agreement = np.maximum(np.maximum(here @ here.T, later), later.T) / offsets.size
    distance: Matrix = (HASH_BITS - agreement) / 2
    return distance


def _courses_agree(features: Features, steps: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell of each pair of steps whether the course of sound (without sound, of motion) is the same; ``(n, n)``."""
    step_sec = features.grid.step_sec
    middles = (steps + 0.5) * step_sec
    if features.envelope_dbfs is not None and features.envelope_dbfs.size:
        hops = round(SOUND_STEP_SEC / ENVELOPE_STEP_SEC)
        # Averaging over twice the step keeps a shift of half a step from mattering.
        smooth = uniform_filter1d(features.envelope_dbfs.astype(np.float64), 3 * hops, mode="nearest")[::hops]
        reach = round(step_sec / SOUND_STEP_SEC)
        return _alike(
            smooth, np.round(middles / SOUND_STEP_SEC).astype(np.intp), SOUND_STEP_SEC, reach, SOUND_TOLERANCE_DB
        )
    motion = features.series.get("motion_score")
    if motion is None:
        return np.ones((steps.size, steps.size), np.bool_)
    return _alike(np.nan_to_num(motion.astype(np.float64)), steps, step_sec, 1, MOTION_TOLERANCE)


def _alike(
    course: NDArray[np.float64], positions: NDArray[np.intp], step_sec: float, reach: int, tolerance: float
) -> NDArray[np.bool_]:
    """Tell whether the courses around each pair of positions agree, at the best of the shifts up to `reach` steps."""
    offsets = np.arange(round(COMPARED_SEC[0] / step_sec), round(COMPARED_SEC[1] / step_sec) + 1)

    def around(shift: int) -> Matrix:
        rows = course[np.clip(positions[:, None] + offsets + shift, 0, course.size - 1)]
        return np.asarray(rows - rows.mean(axis=1, keepdims=True), dtype=np.float32)

    here = around(0)
    power = (here**2).sum(axis=1)
    agree = np.zeros((positions.size, positions.size), np.bool_)
    for shift in range(reach + 1):
        there = around(shift)
        power_there = (there**2).sum(axis=1)
        product = here @ there.T
        joint = power[:, None] + power_there[None, :]
        near = joint - 2 * product <= offsets.size * tolerance**2
        same = product >= AGREEING_CORRELATION * np.sqrt(power[:, None] * power_there[None, :])
        agree |= near | (same & (product > 0))
    return agree | agree.T
