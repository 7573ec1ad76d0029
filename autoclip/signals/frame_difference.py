"""The difference between two frames, pixel by pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 32  # frames at a time, so that intermediate results stay in the CPU cache


def mean_absolute_difference(
    luma_a: NDArray[np.uint8], luma_b: NDArray[np.uint8], chroma_a: NDArray[np.uint8], chroma_b: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the mean absolute difference over all samples, luma and chroma, as a share of the full range.

    This is what FFmpeg's ``freezedetect`` compares with its noise tolerance.

    Parameters
    ----------
    luma_a, luma_b : ndarray
        Shape ``(n, height, width)``, uint8.
    chroma_a, chroma_b : ndarray
        Shape ``(n, 2, height / 2, width / 2)``, uint8.

    Returns
    -------
    ndarray
        Shape ``(n,)``, float32, in [0, 1].
    """
    samples = luma_a[0].size + chroma_a[0].size if len(luma_a) else 1
    total = absolute_difference(luma_a, luma_b) + absolute_difference(chroma_a, chroma_b)
    return (total / (samples * 256.0)).astype(np.float32)


def absolute_difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the sum of absolute differences of each pair of frames, shape ``(n,)``."""
    sums = np.empty(len(a), np.int64)
    for start in range(0, len(a), _BLOCK):
        first, second = a[start : start + _BLOCK], b[start : start + _BLOCK]
        gap = np.maximum(first, second)
        gap -= np.minimum(first, second)
        sums[start : start + _BLOCK] = gap.reshape(len(gap), -1).sum(axis=1, dtype=np.uint32)
    return sums
