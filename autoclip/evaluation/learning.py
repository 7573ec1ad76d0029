"""Learn weights from verdicts: they rank kept clips above rejected ones and stay close to the default weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from autoclip.errors import ParameterError
from autoclip.selection.excitement import measure_excitement
from autoclip.settings import AnchorSettings
from autoclip.signals.table import Features
from autoclip.timeline import Interval

WEIGHTS = ("excitement_w_audio", "excitement_w_motion", "excitement_w_drop")
"""The settings that are learned: the weights of excitement under the formula ``mean``."""

MIN_VERDICTS = 30
"""Ten verdicts per weight: a common rule for regressions (Peduzzi et al.

1996, "A simulation study of the number of events per variable in logistic regression analysis").
"""

MIN_OF_EACH = 5
"""Minimum number of kept and of rejected clips; with fewer, there is hardly anything to learn."""

PRIOR_VERDICTS = 30.0
"""Number of verdicts that the default weights count as in the regression."""

MIN_GAIN = 0.01
"""Share of pairs, out of all, that learned weights must put right to replace the default ones; less reads as equal in
percent, and is chance: 183 verdicts on recorded matches gained 0.0006.
"""

FOLDS = 5
"""Number of folds that a single project's clips are split into for cross-validation."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JudgedClips:
    """Clips of one project that a person kept or rejected.

    Attributes
    ----------
    parts : ndarray
        Mean loudness, motion and level drop of each clip, as z-scores, shape ``(n, 3)``, float64.
    kept : ndarray
        Whether each was kept, shape ``(n,)``, bool.
    """

    parts: Matrix
    kept: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Learned:
    """The result of learning.

    Attributes
    ----------
    weights : tuple of float
        In the order of `WEIGHTS`; they sum to 1.
    verdicts : int
        Number of verdicts they were learned from.
    before, after : float
        How often a kept clip ranks above a rejected one (area under the ROC curve) with the default weights and with
        learned weights, measured on clips that were not used for learning.
    """

    weights: tuple[float, float, float]
    verdicts: int
    before: float
    after: float

    @property
    def is_better(self) -> bool:
        """Whether the learned weights rank unseen clips better than the default weights, by `MIN_GAIN` at least."""
        return self.after >= self.before + MIN_GAIN


def judged_clips(
    features: Features, spans: Sequence[Interval], kept: Sequence[bool], settings: AnchorSettings
) -> JudgedClips:
    """Compute the components of excitement in clips.

    Parameters
    ----------
    features : Features
        Features of the project's video.
    spans : sequence of Interval
        The clips.
    kept : sequence of bool
        Their verdicts, in the same order.
    settings : AnchorSettings
        How signals are normalized.
    """
    excitement = measure_excitement(features, settings)
    empty = np.zeros(features.grid.count)
    series = (excitement.loudness_z, excitement.motion_z, excitement.drop_z)
    sums = [np.concatenate(([0.0], np.cumsum(empty if part is None else part))) for part in series]
    first = np.array([features.grid.index_of(span.start) for span in spans], np.intp)
    after = np.maximum(first + 1, [features.grid.index_of(span.end) for span in spans])
    parts = np.stack([(total[after] - total[first]) / (after - first) for total in sums], axis=1)
    return JudgedClips(parts, np.array(kept, bool))


def learn_weights(projects: Sequence[JudgedClips], settings: AnchorSettings) -> Learned:
    """Learn weights from verdicts, and estimate by cross-validation how much better they rank.

    Logistic regression of the verdicts on the components, with non-negative weights that are regularized towards the
    default weights (ridge). Each project is ranked with weights learned from the others; a single project is split into
    five folds.

    Raises
    ------
    ParameterError
        If there are fewer than `MIN_VERDICTS`, or fewer than `MIN_OF_EACH` of either kind.
    """
    everything = _joined(projects)
    _require_enough(everything)
    usual = np.array([getattr(settings, name) for name in WEIGHTS])
    usual /= usual.sum() or 1.0
    weights = _fitted(everything, usual)
    folds = _folds(projects)
    pairs = [(fold, _fitted(_joined([other for other in folds if other is not fold]), usual)) for fold in folds]
    before = _mean_rank([(fold, usual) for fold, _ in pairs])
    after = _mean_rank(pairs)
    return Learned((float(weights[0]), float(weights[1]), float(weights[2])), everything.kept.size, before, after)


def _require_enough(clips: JudgedClips) -> None:
    kept, count = int(clips.kept.sum()), clips.kept.size
    if count < MIN_VERDICTS or min(kept, count - kept) < MIN_OF_EACH:
        raise ParameterError(
            f"{kept} kept and {count - kept} rejected clips are too few to learn from; decide on at least "
            f"{MIN_VERDICTS}, {MIN_OF_EACH} of each kind"
        )


def _fitted(clips: JudgedClips, usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the non-negative weights, summing to 1, that explain the verdicts best."""
    signs = np.where(clips.kept, 1.0, -1.0)
    strength = PRIOR_VERDICTS / max(1, clips.kept.size)

    def loss(values: NDArray[np.float64]) -> float:
        margins = signs * (clips.parts @ values[:-1] + values[-1])
        return float(-np.mean(np.log(expit(margins) + 1e-12)) + strength * np.sum((values[:-1] - usual) ** 2))

    bounds = [(0.0, None)] * len(WEIGHTS) + [(None, None)]
    found = minimize(loss, np.append(usual, 0.0), method="L-BFGS-B", bounds=bounds).x[:-1]
    total = found.sum()
    return np.asarray(found / total if total > 0 else usual)


def _folds(projects: Sequence[JudgedClips]) -> list[JudgedClips]:
    """Return the projects, or folds of a single one. Each fold holds both kinds if possible."""
    if len(projects) > 1:
        return list(projects)
    (only,) = projects
    order = np.lexsort((np.arange(only.kept.size), only.kept))
    places = [order[start::FOLDS] for start in range(FOLDS)]
    return [JudgedClips(only.parts[place], only.kept[place]) for place in places]


def _joined(projects: Sequence[JudgedClips]) -> JudgedClips:
    parts = [np.zeros((0, len(WEIGHTS))), *(project.parts for project in projects)]
    return JudgedClips(np.concatenate(parts), np.concatenate([np.zeros(0, bool), *(p.kept for p in projects)]))


def _mean_rank(pairs: Sequence[tuple[JudgedClips, NDArray[np.float64]]]) -> float:
    """Return the area under the ROC curve, averaged over the folds that hold both kinds; 0.5 if none does."""
    areas = [_area(clips.parts @ weights, clips.kept) for clips, weights in pairs if 0 < clips.kept.mean() < 1]
    return float(np.mean(areas)) if areas else 0.5


def _area(scores: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
    """Return how often a kept clip scores above a rejected one (Mann-Whitney U over the number of pairs)."""
    positive = int(kept.sum())
    above = rankdata(scores)[kept].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (kept.size - positive)))
