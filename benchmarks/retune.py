"""How long choosing again takes: four hours of signals with 5,000 cuts, in both modes.

Run with ``python -m benchmarks.retune``; exits with 1 when a choice takes a second or more.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from autoclip.selection import select
from autoclip.settings import Settings
from autoclip.signals.table import ENVELOPE_STEP_SEC, Event, Features
from autoclip.timeline import Grid

DURATION_SEC = 4 * 3600.0
CUTS = 5000
MOMENTS = 600
LIMIT_SEC = 1.0
ROUNDS = 3


def long_features(seed: int = 0) -> Features:
    """Four hours of speech-like sound and changing motion, with moments that stand out, cut about every three
    seconds."""
    random = np.random.default_rng(seed)
    grid = Grid.covering(DURATION_SEC, 0.5)
    width = round(grid.step_sec / ENVELOPE_STEP_SEC)
    # Words of 0.4 s, a third of which are pauses, on a level that drifts.
    words = np.repeat(np.where(random.random(round(DURATION_SEC / 0.4)) < 1 / 3, -55.0, -25.0), 20)
    envelope = words + random.normal(0, 2, words.size)
    motion = 0.03 * np.exp(random.normal(0, 0.6, grid.count))
    for at in random.uniform(0, DURATION_SEC - 10, MOMENTS):
        first, length, louder = int(at / grid.step_sec), int(random.integers(4, 16)), random.uniform(5, 20)
        envelope[first * width : (first + length) * width] += louder
        motion[first : first + length] *= random.uniform(1, 5)
    power = (10 ** (envelope / 10)).reshape(grid.count, width)
    level = (10 * np.log10(power.mean(axis=1))).astype(np.float32)
    series = {
        "audio_rms": np.sqrt(power.mean(axis=1)).astype(np.float32),
        "audio_dbfs": level,
        "loudness_lufs": level + np.float32(1.0),
        "motion_score": np.clip(motion, 0, 1).astype(np.float32),
    }
    cuts = np.sort(random.uniform(0, DURATION_SEC, CUTS))
    return Features(
        duration_sec=DURATION_SEC,
        grid=grid,
        series=series,
        frame_hash=random.integers(0, 2**64, grid.count, dtype=np.uint64),
        envelope_dbfs=envelope.astype(np.float32),
        events=tuple(Event("cut", float(cut), None, 0.8) for cut in cuts),
    )


def main() -> int:
    """Time the choice in both modes in CPU seconds, free of what else the machine does; the best round counts."""
    features = long_features()
    slow = False
    for mode in ("v1", "v2"):
        settings = Settings.from_flat({"segmentation_mode": mode})
        seconds = []
        for _ in range(ROUNDS):
            began = time.process_time()
            selection = select(features, settings, "benchmark")
            seconds.append(time.process_time() - began)
        best = min(seconds)
        slow |= best >= LIMIT_SEC
        print(
            f"retune {mode}: {best:.2f} CPU s for 4 hours with {CUTS} cuts ({len(selection.anchors)} anchors, "
            f"{len(selection.boundaries)} boundaries, {len(selection.clips)} clips); limit {LIMIT_SEC:g} s"
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
