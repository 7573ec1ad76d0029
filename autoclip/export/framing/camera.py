"""Camera paths like those of a camera operator: static if possible, otherwise one calm move.

The path is that of Grundmann, Kwatra and Essa, "Auto-Directed Video Stabilization with Robust L1 Optimal Camera Paths"
(CVPR 2011): of all paths that keep the subject near the center it has the smallest sum of absolute first, second and
third derivatives, so it consists of rests, steady moves and smooth transitions between them. Linear programming finds
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import sparse

STEP_SEC = 0.1
"""Seconds between the points of a path."""

DEAD_ZONE = 0.15
"""Dead zone: how far the subject may leave the center of the crop on either side before the crop moves, as a share of
the crop; no move is shorter than that.
"""

MAX_SPEED = 0.5
"""Maximum speed, in widths of the source per second."""

MAX_ACCELERATION = 1.5
"""Maximum acceleration, in widths of the source per second squared."""

_WEIGHTS = (50.0, 1.0, 10.0)
"""Weights of the first, second and third derivative.

With the paper's 10, 1 and 100 a move may overshoot before a cut.
"""
_WEIGHT_LOST = 1e4
"""Cost of losing the subject: only if speed and acceleration allow nothing else."""
_STILL = 1e-5
_ROOM = 1e-3
_MAX_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class CameraTask:
    """The subject of a camera path, at every `STEP_SEC`.

    Attributes
    ----------
    subject : ndarray
        Position of the subject as a share of the cropped side, shape ``(n,)``.
    crop_share : float
        Length of the crop as a share of that side, in (0, 1].
    """

    subject: NDArray[np.float64]
    crop_share: float

    @property
    def reachable(self) -> NDArray[np.float64]:
        """Return the possible centers of a crop nearest to the subject, shape ``(n,)``."""
        return np.clip(self.subject, self.crop_share / 2, 1 - self.crop_share / 2)


def camera_path(task: CameraTask) -> NDArray[np.float64]:
    """Return the center of the crop over time, shape ``(n,)``.

    A move shorter than the dead zone is avoided by widening the dead zone around it.
    """
    shortest = DEAD_ZONE * task.crop_share
    stray = np.full(len(task.subject), shortest)
    path = _shortest_path(task, stray)
    for _ in range(_MAX_ATTEMPTS):
        short = [move for move in _moves(path) if move.length < shortest]
        if not short:
            break
        for move in short:
            stray[move.rest_begin : move.rest_end] += move.length / 2 + _ROOM
        path = _shortest_path(task, stray)
    return path


@dataclass(frozen=True, slots=True)
class _Move:
    """A move in one direction: points ``[begin, end]`` of the path, and the extent of the rests on both sides."""

    begin: int
    end: int
    length: float
    rest_begin: int
    rest_end: int


def _moves(path: NDArray[np.float64]) -> list[_Move]:
    """Return the moves of a path, in order."""
    steps = np.diff(path)
    way = np.where(np.abs(steps) > _STILL, np.sign(steps), 0.0).astype(int)
    bounds = [0, *(np.flatnonzero(np.diff(way)) + 1).tolist(), len(way)]
    runs = [(a, b) for a, b in pairwise(bounds) if b > a and way[a] != 0]
    ends = [0, *(b for _, b in runs)]
    begins = [*(a for a, _ in runs), len(path)]
    return [
        _Move(a, b, abs(float(path[b] - path[a])), ends[place], begins[place + 1] + 1)
        for place, (a, b) in enumerate(runs)
    ]


def _shortest_path(task: CameraTask, stray: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve the linear program. Unknowns are the path, its distance from the tube, and the absolute derivatives."""
    count = len(task.subject)
    wanted = task.reachable
    if np.ptp(wanted) <= 2 * stray.min():
        return np.full(count, (wanted.min() + wanted.max()) / 2)
    identity = sparse.identity(count, format="csr")
    derivatives = [_difference(count, order) for order in (1, 2, 3) if count > order]
    sizes = [count, *(each.shape[0] for each in derivatives)]
    blocks = [[identity, -identity], [-identity, -identity]]
    limits = [wanted + stray, stray - wanted]
    rows = [sparse.hstack([*block, sparse.csr_matrix((count, sum(sizes[1:])))]) for block in blocks]
    for place, each in enumerate(derivatives):
        for sign in (1, -1):
            parts = [sign * each, sparse.csr_matrix((each.shape[0], count))]
            parts += [
                -sparse.identity(size, format="csr") if other == place else sparse.csr_matrix((each.shape[0], size))
                for other, size in enumerate(sizes[1:])
            ]
            rows.append(sparse.hstack(parts))
            limits.append(np.zeros(each.shape[0]))
    most = (MAX_SPEED * STEP_SEC, MAX_ACCELERATION * STEP_SEC**2, np.inf)
    bounds = [(task.crop_share / 2, 1 - task.crop_share / 2)] * count + [(0.0, np.inf)] * count
    costs = [np.zeros(count), np.full(count, _WEIGHT_LOST)]
    for each, weight, limit in zip(derivatives, _WEIGHTS, most, strict=False):
        bounds += [(0.0, limit)] * each.shape[0]
        costs.append(np.full(each.shape[0], weight))
    found = scipy.optimize.linprog(
        np.concatenate(costs), sparse.vstack(rows, format="csr"), np.concatenate(limits), bounds=bounds, method="highs"
    )
    return np.asarray(found.x, np.float64)[:count]


def _difference(count: int, order: int) -> sparse.csr_matrix:
    matrix = sparse.identity(count, format="csr")
    for _ in range(order):
        matrix = matrix[1:] - matrix[:-1]
    return matrix
