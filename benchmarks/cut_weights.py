"""Fit the weights of the cues of cuts, and say how good they are on sources that they were not fitted on.

``python -m benchmarks.cut_weights FOLDER... [--write]``: folders of videos with their cuts as JSON of the same name.
A video whose JSON has ``cuts_frames`` is a game, one with ``hard_cuts`` a film; videos whose names begin alike up to
the first ``-`` are left out together. With ``--write`` the weights go to autoclip/signals/cut_weights.py.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from autoclip.signals import shots
from autoclip.signals.shots import ShotRows, cut_cues, is_possible, is_sure, only_best
from benchmarks.cuts import CutTruth, score, videos_with_cuts
from benchmarks.measured_shots import measured_shots

RIDGE = 7e-5
THRESHOLD = -0.5
THRESHOLDS = (-2.0, -1.5, -1.0, -0.5, 0.0)
SURE_LOGIT, MIN_LOGIT = (
    THRESHOLD + math.log(score / (1 - score)) - math.log(0.3 / 0.7) for score in (shots.SURE_SCORE, shots.MIN_SCORE)
)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: weights and intercept."""

    weights: Values
    intercept: float

    def logits(self, cues: Values) -> Values:
        """Return the logit of each row of cues."""
        return np.asarray(cues @ self.weights + self.intercept)


@dataclass(frozen=True, slots=True)
class Example:
    """A video's candidates.

    Attributes
    ----------
    truth : CutTruth
        Where its cuts are.
    seconds : ndarray
        Presentation times of all pictures.
    possible : ndarray
        Which of them are candidates.
    cues : ndarray
        Of the candidates, shape ``(k, cues)``.
    sure : ndarray
        Which candidates are cuts whatever the weights say.
    is_cut : ndarray
        Of the candidates: 1 a cut, 0 none, -1 unknown.
    """

    truth: CutTruth
    seconds: Values
    possible: NDArray[np.intp]
    cues: Values
    sure: NDArray[np.bool_]
    is_cut: NDArray[np.int8]

    @classmethod
    def of(cls, truth: CutTruth, seconds: Values, rows: ShotRows) -> Example:
        """Make an example of a video's rows."""
        is_candidate = is_possible(rows)
        possible = np.flatnonzero(is_candidate)
        labels, sure = _labels(truth, seconds, rows.color)[possible], is_sure(rows, is_candidate)[possible]
        return cls(truth, seconds, possible, cut_cues(seconds, rows, possible), sure, labels)

    def f1(self, logits: Values, threshold: float) -> float:
        """Score what a model finds: of candidates close together the best alone, a sure one above all others."""
        whole = np.full(self.seconds.size, -np.inf)
        whole[self.possible] = np.where(self.sure & (logits >= MIN_LOGIT), np.maximum(logits, SURE_LOGIT), logits)
        return score(self.seconds[only_best(whole) >= threshold].tolist(), self.truth).f1


def _labels(truth: CutTruth, seconds: Values, color: NDArray[np.float32]) -> NDArray[np.int8]:
    """Label each picture: 1 a cut, 0 none, -1 unknown; of several within the slack, the one that changes most is 1."""
    frames = np.round(seconds * truth.fps)
    labels = np.zeros(seconds.size, np.int8)
    for start, end in truth.zones:
        labels[(frames >= start - 3) & (frames <= end + 3)] = -1
    for cut in truth.cuts:
        near = np.flatnonzero(np.abs(frames - cut) <= truth.slack)
        if near.size:
            labels[near] = -1
            labels[near[color[near].argmax()]] = 1
    return labels


def fit(examples: Sequence[Example]) -> Logistic:
    """Fit the regression; cuts of films weigh as much in all as those of games."""
    weights = _weights(examples)
    return fit_logistic([example.cues for example in examples], [example.is_cut for example in examples], weights)


def _weights(examples: Sequence[Example]) -> list[float]:
    cuts = {game: sum(int((e.is_cut == 1).sum()) for e in examples if e.truth.game == game) for game in (True, False)}
    return [1.0 / max(1, cuts[example.truth.game]) for example in examples]


def fit_logistic(cues: Sequence[Values], labels: Sequence[NDArray[np.int8]], weights: Sequence[float]) -> Logistic:
    """Fit a regression on the rows of several videos: 1 is one, 0 is none, -1 is left out; each video has a weight."""
    known = [kinds >= 0 for kinds in labels]
    rows = np.concatenate([part[keep] for part, keep in zip(cues, known, strict=True)])
    signs = np.where(np.concatenate([kinds[keep] for kinds, keep in zip(labels, known, strict=True)]) == 1, 1.0, -1.0)
    weight = np.concatenate([np.full(int(keep.sum()), w) for keep, w in zip(known, weights, strict=True)])
    weight /= weight.sum()
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = (rows - mean) / deviation

    def loss(values: Values) -> tuple[float, Values]:
        margins = signs * (scaled @ values[:-1] + values[-1])
        slope = -signs * expit(-margins) * weight
        ridge = RIDGE * float(np.sum(values[:-1] ** 2))
        gradient = np.append(scaled.T @ slope + 2 * RIDGE * values[:-1], slope.sum())
        return float(np.logaddexp(0, -margins) @ weight) + ridge, gradient

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return Logistic(found[:-1] / deviation, float(found[-1] - (found[:-1] / deviation) @ mean))


def left_out_table(examples: Mapping[str, Example]) -> str:
    """Score every video by weights fitted without its source, at several thresholds."""
    groups = sorted({name.split("-")[0] for name in examples})
    rows: dict[str, list[float]] = {}
    for group in groups:
        model = fit([example for name, example in examples.items() if name.split("-")[0] != group])
        for name in (name for name in examples if name.split("-")[0] == group):
            logits = model.logits(examples[name].cues)
            rows[name] = [examples[name].f1(logits, threshold) for threshold in THRESHOLDS]
    lines = [f"{name:32}" + " ".join(f"{value:.3f}" for value in values) for name, values in rows.items()]
    for game in (False, True):
        kind = [values for name, values in rows.items() if examples[name].truth.game == game]
        if kind:
            means = " ".join(f"{value:.3f}" for value in np.mean(kind, axis=0))
            lines.append(f"{'mean of games' if game else 'mean of films':32}{means}")
    return "\n".join([f"{'F1, source left out, from logit':32}" + " ".join(f"{t:5.1f}" for t in THRESHOLDS), *lines])


def main(arguments: Sequence[str]) -> int:
    """Fit, print the table and the weights, and write them if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cut_weights", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    examples = {}
    for path, truth in (pair for folder in options.folders for pair in videos_with_cuts(folder)):
        seconds, rows = measured_shots(path, options.cache)
        examples[path.stem] = Example.of(truth, seconds, rows)
    print(left_out_table(examples))
    text = _module(fit(list(examples.values())))
    print(text)
    if options.write:
        Path(shots.__file__).with_name("cut_weights.py").write_text(text)
    return 0


def _module(model: Logistic) -> str:
    def numbers(values: Values) -> str:
        return ", ".join(f"{value:.3f}" for value in values)

    return f'''"""Weights of the cues of cuts: see `autoclip.signals.shots.cut_cues`.

Generated by ``python -m benchmarks.cut_weights FOLDER... --write``; docs/benchmarks.md describes the data.
"""

CUE_WEIGHTS = ({numbers(model.weights)})
CUE_INTERCEPT = {model.intercept:.3f}
THRESHOLD_LOGIT = {THRESHOLD:.2f}
"""Where films and games do best together, their sources left out."""
'''


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
