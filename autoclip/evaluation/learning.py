"""Learning from verdicts: weights that rank kept clips above rejected ones, and stay close to the usual weights."""

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
"""The settings that are learned: the parts of excitement under the formula ``mean``."""

MIN_VERDICTS = 30
"""Ten verdicts a weight: a common rule for regressions (Peduzzi et al. 1996, "A simulation study of the number of
events per variable in logistic regression analysis")."""

MIN_OF_EACH = 5
"""With fewer kept, or fewer rejected, there is hardly anything to tell apart."""

PRIOR_VERDICTS = 30.0
"""How many verdicts the usual weights count for; with as many of one's own, both count alike."""

FOLDS = 5
"""Parts that a single project's clips are split into for cross-validation."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JudgedClips:
    """Clips of one project that a person kept or rejected.

    Attributes
    ----------
    parts : ndarray
        Mean of loudness, motion and fall of the sound in each clip, as z-scores, shape ``(n, 3)``, float64.
    kept : ndarray
        Whether each was kept, shape ``(n,)``, bool.
    """

    parts: Matrix
    kept: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned.

    Attributes
    ----------
    weights : tuple of float
        By the names in `WEIGHTS`; they sum to 1.
    verdicts : int
        Verdicts they were learned from.
    before, after : float
        How often a kept clip ranks above a rejected one (area under the ROC curve) by the usual weights and by learned
        ones, each on clips that they were not learned from.
    """

    weights: tuple[float, float, float]
    verdicts: int
    before: float
    after: float

    @property
    def is_better(self) -> bool:
        """Whether the learned weights rank clips they have not seen better than the usual ones."""
        return self.after > self.before


def judged_clips(
    features: Features, spans: Sequence[Interval], kept: Sequence[bool], settings: AnchorSettings
) -> JudgedClips:
    """Measure the parts of excitement in clips.

    Parameters
    ----------
    features : Features
        Of the project's video.
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
    """Learn weights from verdicts, and tell by cross-validation how much better they rank.

    Logistic regression of the verdicts on the parts, with weights of at least 0 that are drawn to the usual ones
    (ridge). Each project is ranked by weights of the others; of a single project, each fifth by those of the rest.

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
    """Return the weights that explain the verdicts best, at least 0, summing to 1."""
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
    """Return the projects, or parts of a single one; each holds both kinds where that is possible."""
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
    """Return the area under the ROC curve, mean over the parts that hold both kinds; 0.5 if none does."""
    areas = [_area(clips.parts @ weights, clips.kept) for clips, weights in pairs if 0 < clips.kept.mean() < 1]
    return float(np.mean(areas)) if areas else 0.5


def _area(scores: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
    """Return how often a kept clip scores above a rejected one (Mann-Whitney U over the number of pairs)."""
    positive = int(kept.sum())
    above = rankdata(scores)[kept].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (kept.size - positive)))
