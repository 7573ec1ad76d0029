"""Color histograms: the colors of a frame, wherever they are in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA_LEVELS = 8
CHROMA_EDGES = (104, 120, 127, 129, 136, 152)
"""Borders between the levels of Cb and Cr: narrow around gray, where most pixels of most films lie."""

_CHROMA_LEVELS = len(CHROMA_EDGES) + 1
BINS = LUMA_LEVELS * _CHROMA_LEVELS**2

_LUMA_CODE = (np.arange(256) * LUMA_LEVELS // 256 * _CHROMA_LEVELS**2).astype(np.uint16)
_CR_CODE = np.searchsorted(CHROMA_EDGES, np.arange(256), side="right").astype(np.uint16)
_CB_CODE = (_CR_CODE * _CHROMA_LEVELS).astype(np.uint16)


def color_histograms(luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the joint histogram of luma and chroma of each frame.

    Parameters
    ----------
    luma : ndarray
        Shape ``(n, height, width)``, uint8.
    chroma : ndarray
        Cb and Cr, shape ``(n, 2, height / 2, width / 2)``, uint8.

    Returns
    -------
    ndarray
        Shape ``(n, BINS)``, float32; each row sums to one.
    """
    codes = _LUMA_CODE[luma[:, ::2, ::2]]
    codes += _CB_CODE[chroma[:, 0]]
    codes += _CR_CODE[chroma[:, 1]]
    flat = codes.reshape(len(codes), -1)
    histograms = np.stack([np.bincount(picture, minlength=BINS) for picture in flat])
    return (histograms / np.float32(flat.shape[1])).astype(np.float32)
