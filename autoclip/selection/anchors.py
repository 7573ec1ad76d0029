"""Anchors: the moments that clips are built around."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoclip.selection.excitement import Excitement
from autoclip.settings import AnchorSettings

AnchorKind = Literal["excitement_peak", "audio_peak", "action_sequence", "thought", "chat_reaction"]

CUT_CLUSTER_SEC = 4.0
"""Half the span in which cuts are counted for an action sequence: one suppression window on either side."""

CUTS_OF_A_CLUSTER = 3
"""Number of cuts in those 8 s from which editing is fast: shots shorter than 3 s, where those of recent films last
about 4 s (Cutting et al.

2011, "Quicker, faster, darker: Changes in Hollywood film over 75 years").
"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment that may become a clip.

    Attributes
    ----------
    time_sec : float
        Middle of its step, in seconds.
    score : float
        Excitement, scaled by its kind.
    kind : str
        ``excitement_peak`` (loudness and motion), ``audio_peak`` (loud, little motion) or ``action_sequence`` (motion,
        raised by clustered cuts), ``thought`` (what is said), or ``chat_reaction`` (what a chat reacted to).
    step : int
        Index of its step on the grid.
    """

    time_sec: float
    score: float
    kind: AnchorKind
    step: int

    @property
    def reason(self) -> str:
        """Return the kind under its name in the debug file."""
        return self.kind


@dataclass(frozen=True, slots=True)
class _Peaks:
    """Local maxima of one kind: their steps and scores."""

    kind: AnchorKind
    steps: NDArray[np.intp]
    scores: NDArray[np.float64]


def find_anchors(excitement: Excitement, cuts: NDArray[np.float64], settings: AnchorSettings) -> tuple[Anchor, ...]:
    """Find the anchors, ordered by time: peaks of the three kinds, the best of each suppression window.

    Parameters
    ----------
    excitement : Excitement
        The excitement curve and its signals.
    cuts : ndarray
        Times of the cuts in seconds, ascending.
    settings : AnchorSettings
        Thresholds, scales, `anchor_suppression_window_sec` and `max_anchors_per_minute`.
    """
    if excitement.grid.count == 0:
        return ()
    kinds = (
        _excitement_peaks(excitement, settings),
        _audio_peaks(excitement, settings),
        _action_sequences(excitement, cuts, settings),
    )
    steps = np.concatenate([peaks.steps for peaks in kinds])
    scores = np.concatenate([peaks.scores for peaks in kinds])
    names = np.repeat(np.arange(len(kinds)), [peaks.steps.size for peaks in kinds])
    reach = max(1, math.ceil(settings.anchor_suppression_window_sec / excitement.grid.step_sec))
    kept = suppress_neighbors(steps, scores, reach)
    minutes = excitement.grid.count * excitement.grid.step_sec / 60
    most = max(1, math.ceil(settings.max_anchors_per_minute * minutes))
    step_sec = excitement.grid.step_sec
    best = sorted(kept[:most], key=lambda index: int(steps[index]))
    return tuple(
        Anchor((int(steps[i]) + 0.5) * step_sec, float(scores[i]), kinds[int(names[i])].kind, int(steps[i]))
        for i in best
    )


def suppress_neighbors(steps: NDArray[np.intp], scores: NDArray[np.float64], reach: int) -> list[int]:
    """Apply non-maximum suppression: return peaks, best first, none within `reach` steps of a better one.

    Of equal scores the earlier step wins.
    """
    blocked = np.zeros(int(steps.max(initial=0)) + 1, np.bool_)
    kept: list[int] = []
    for index in np.lexsort((steps, -scores)).tolist():
        step = int(steps[index])
        if not blocked[step]:
            kept.append(index)
            blocked[max(0, step - reach + 1) : step + reach] = True
    return kept


def local_maxima(curve: NDArray[np.float64], threshold: float) -> NDArray[np.intp]:
    """Return the steps above `threshold` that no neighbor exceeds; the last step of a plateau."""
    before = np.concatenate(([-np.inf], curve[:-1]))
    after = np.concatenate((curve[1:], [-np.inf]))
    return np.flatnonzero((curve > threshold) & (curve >= before) & (curve > after))


def _excitement_peaks(excitement: Excitement, settings: AnchorSettings) -> _Peaks:
    steps = local_maxima(excitement.curve, settings.anchor_threshold)
    steps = steps[excitement.content[steps]]
    return _Peaks("excitement_peak", steps, excitement.curve[steps])


def _audio_peaks(excitement: Excitement, settings: AnchorSettings) -> _Peaks:
    """Find loud moments with less than usual motion, such as commentary and reactions."""
    if excitement.loudness_z is None:
        return _no_peaks("audio_peak")
    steps = local_maxima(excitement.loudness_z, settings.audio_only_z_threshold)
    if excitement.motion_z is not None:
        steps = steps[excitement.motion_z[steps] <= 0]
    return _Peaks("audio_peak", steps, settings.audio_only_score_scale * excitement.loudness_z[steps])


def _action_sequences(excitement: Excitement, cuts: NDArray[np.float64], settings: AnchorSettings) -> _Peaks:
    """Find fast motion: the z-score of motion, raised by half where cuts cluster."""
    if excitement.motion_z is None:
        return _no_peaks("action_sequence")
    times = excitement.grid.times + excitement.grid.step_sec / 2
    around = np.searchsorted(cuts, times + CUT_CLUSTER_SEC) - np.searchsorted(cuts, times - CUT_CLUSTER_SEC)
    action = np.maximum(excitement.motion_z, 0.0) * (1.0 + 0.5 * np.minimum(around / CUTS_OF_A_CLUSTER, 1.0))
    steps = local_maxima(action, settings.action_threshold)
    steps = steps[around[steps] >= CUTS_OF_A_CLUSTER]
    return _Peaks("action_sequence", steps, settings.action_score_scale * action[steps])


def _no_peaks(kind: AnchorKind) -> _Peaks:
    return _Peaks(kind, np.zeros(0, np.intp), np.zeros(0))
