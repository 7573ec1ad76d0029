"""Faces: the position of a face in a frame, and the overlap of boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a frame; all positions are shares of its width (x) and height (y).

    Attributes
    ----------
    left, top, right, bottom : float
        Its box.
    score : float
        Confidence of the detector, in [0, 1].
    mouth_x, mouth_y : float or None
        Center of its mouth, if the detector reports it.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    mouth_x: float | None = None
    mouth_y: float | None = None

    @property
    def center_x(self) -> float:
        """Return the middle of the box, from the left."""
        return (self.left + self.right) / 2

    @property
    def center_y(self) -> float:
        """Return the middle of the box, from the top."""
        return (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """Return the share of the frame it covers."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


def iou(first: Face, second: Face) -> float:
    """Return the intersection over union of two boxes."""
    width = min(first.right, second.right) - max(first.left, second.left)
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(first.area + second.area - shared, 1e-12)


def without_overlaps(boxes: NDArray[np.float32], scores: NDArray[np.float32], most_iou: float) -> NDArray[np.intp]:
    """Return which boxes remain after non-maximum suppression, best first.

    Parameters
    ----------
    boxes : ndarray
        Left, top, right and bottom of each, shape ``(n, 4)``.
    scores : ndarray
        Shape ``(n,)``.
    most_iou : float
        IoU from which the weaker of two is dropped.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        corners = np.minimum(boxes[best, 2:], boxes[rest, 2:]) - np.maximum(boxes[best, :2], boxes[rest, :2])
        shared = np.prod(np.maximum(corners, 0.0), axis=1)
        order = rest[shared / np.maximum(areas[best] + areas[rest] - shared, 1e-9) < most_iou]
    return np.array(kept, np.intp)
