"""The features of each frame: a few numbers, a coarse color histogram and a thumbnail of 16 by 9 cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.black import black_share
from autoclip.signals.cells import cell_sums
from autoclip.signals.color import color_histograms
from autoclip.signals.detail import detail_energy
from autoclip.signals.fine_structure import fine_thumbnails

THUMBNAIL_ROWS = 9
THUMBNAIL_COLUMNS = 16

OUTSTANDING = 0.15
"""Share of a thumbnail's cells that a logo and a clock may cover on an otherwise flat frame."""


@dataclass(frozen=True, slots=True)
class FrameSamples:
    """Consecutive frames, reduced; see `autoclip.media.decoding.video.Pictures`.

    Attributes
    ----------
    luma : ndarray
        Shape ``(n, height, width)``, uint8.
    chroma : ndarray
        Cb and Cr, shape ``(n, 2, height / 2, width / 2)``, uint8.
    full_range : bool
        Whether luma runs over 0..255 instead of 16..235.
    """

    luma: NDArray[np.uint8]
    chroma: NDArray[np.uint8]
    full_range: bool


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """The features of each frame on its own.

    Attributes
    ----------
    luma_mean : ndarray
        Mean luma as a share of full range, shape ``(n,)``, float32.
    contrast : ndarray
        Standard deviation of the thumbnail's cells as a share of full range, shape ``(n,)``, float32.
    core_contrast : ndarray
        The same without the `OUTSTANDING` share of cells that deviate most from the median, shape ``(n,)``, float32.
    black_share : ndarray
        Share of black pixels, shape ``(n,)``, float32.
    detail : ndarray
        Energy of fine structure in each part, shape ``(n, parts)``, float32; see `autoclip.signals.detail`.
    histogram : ndarray
        Color histogram that sums to one, shape ``(n, bins)``, float32.
    thumbnail : ndarray
        Mean luma of each cell, shape ``(n, rows, columns)``, float32, in code values.
    fine : ndarray
        The same of finer cells, uint8; see `autoclip.signals.fine_structure`.
    """

    luma_mean: NDArray[np.float32]
    contrast: NDArray[np.float32]
    core_contrast: NDArray[np.float32]
    black_share: NDArray[np.float32]
    detail: NDArray[np.float32]
    histogram: NDArray[np.float32]
    thumbnail: NDArray[np.float32]
    fine: NDArray[np.uint8]


def describe_pictures(samples: FrameSamples, black_pixel_threshold: float) -> FrameFacts:
    """Compute the features of frames, each on its own.

    Parameters
    ----------
    samples : FrameSamples
        The frames.
    black_pixel_threshold : float
        Luma below which a pixel is black, as a share of the full range.
    """
    floor, span = luma_range(full_range=samples.full_range)
    flat = samples.luma.reshape(len(samples.luma), -1)
    mean = flat.sum(axis=1, dtype=np.uint32) / flat.shape[1]
    small = thumbnails(samples.luma)
    return FrameFacts(
        luma_mean=np.clip((mean - floor) / span, 0.0, 1.0).astype(np.float32),
        contrast=(small.std(axis=(1, 2)) / np.float32(span)).astype(np.float32),
        core_contrast=(_core_deviation(small) / np.float32(span)).astype(np.float32),
        black_share=black_share(flat, floor + black_pixel_threshold * span),
        detail=detail_energy(samples.luma),
        histogram=color_histograms(samples.luma, samples.chroma),
        thumbnail=small,
        fine=fine_thumbnails(samples.luma),
    )


def _core_deviation(thumbnail: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest distance from the median among the cells that are no outliers, shape ``(n,)``."""
    cells = thumbnail.reshape(len(thumbnail), -1)
    middle, last = cells.shape[1] // 2, int((1 - OUTSTANDING) * (cells.shape[1] - 1))
    off = np.abs(cells - np.partition(cells, middle, axis=1)[:, middle, None])
    return np.asarray(np.partition(off, last, axis=1)[:, last], np.float32)


def luma_range(*, full_range: bool) -> tuple[float, float]:
    """Return the code value of black, and the number of values from it to white (ITU-R BT.601, 2.5.3)."""
    return (0.0, 255.0) if full_range else (16.0, 219.0)


def thumbnails(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean of each of 16 by 9 cells (fewer for tiny frames), shape ``(n, rows, columns)``, float32."""
    cells = cell_sums(luma, THUMBNAIL_ROWS, THUMBNAIL_COLUMNS)
    return (cells.totals / np.float32(cells.area)).astype(np.float32)
