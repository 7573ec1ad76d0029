"""What the default's weights are fitted by: non-negative least squares of the events on the signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import nnls

from autoclip.selection.excitement import measure_excitement
from autoclip.settings import AnchorSettings
from benchmarks.highlight_videos import KnownVideo

EVENT_SEC = 3.0
"""Time over which an event's weight is spread: about what is seen and heard of it."""

MAX_WEIGHT = 2.0
"""More events at once count as this many: one uproar, however many fall in it."""

WEIGHTS = ("excitement_w_audio", "excitement_w_motion", "excitement_w_drop")


def fitted_settings(videos: Sequence[KnownVideo]) -> dict[str, object]:
    """Return the weights of loudness, motion and drops that explain the events of some videos best; they sum to 1."""
    signals = np.concatenate([_centered(_signals(video)) for video in videos])
    wanted = np.concatenate([_centered(_wanted(video)) for video in videos])
    weights, _ = nnls(signals, wanted)
    shares = weights / weights.sum()
    return {name: float(share) for name, share in zip(WEIGHTS, shares, strict=True)}


def _signals(video: KnownVideo) -> NDArray[np.float64]:
    """Normalized signals, shape ``(steps, 3)``; zero for one that is absent."""
    excitement = measure_excitement(video.features, AnchorSettings())
    parts = (excitement.loudness_z, excitement.motion_z, excitement.drop_z)
    empty = np.zeros(excitement.grid.count)
    return np.stack([empty if part is None else part for part in parts], axis=1)


def _wanted(video: KnownVideo) -> NDArray[np.float64]:
    grid = video.features.grid
    weights = np.zeros(grid.count)
    for event in video.truth.events:
        weights[min(int(event.time_sec / grid.step_sec), grid.count - 1)] += event.weight
    steps = round(EVENT_SEC / grid.step_sec)
    return np.minimum(uniform_filter1d(weights, steps, mode="nearest") * steps, MAX_WEIGHT)


def _centered(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values - values.mean(axis=0)
