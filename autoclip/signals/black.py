"""Black: runs of frames whose pixels are nearly all dark, as in FFmpeg's ``blackdetect``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.runs import Runs, runs_of
from autoclip.signals.table import Event

PICTURE_SHARE = 0.98
"""Share of black pixels from which a frame is black (``picture_black_ratio_th`` of FFmpeg's ``blackdetect``)."""


def black_share(pixels: NDArray[np.uint8], threshold: float) -> NDArray[np.float32]:
    """Return the share of pixels at or below a code value.

    Parameters
    ----------
    pixels : ndarray
        Luma, shape ``(n, pixels)``, uint8.
    threshold : float
        Code value.
    """
    counts = np.count_nonzero(pixels <= int(threshold), axis=1)
    return np.asarray(counts / pixels.shape[1], np.float32)


def black_runs(
    seconds: NDArray[np.float64], share: NDArray[np.float32], end_sec: float, min_sec: float
) -> tuple[Event, ...]:
    """Return the runs of black frames.

    Parameters
    ----------
    seconds : ndarray
        Presentation time of each frame, shape ``(n,)``.
    share : ndarray
        Share of black pixels of each frame, shape ``(n,)``.
    end_sec : float
        When the last frame ends.
    min_sec : float
        Minimum length of a run in seconds.

    Returns
    -------
    tuple of Event
        From the first black frame to the first that is not; the score is the mean share of black pixels.
    """
    runs: Runs = runs_of(share >= PICTURE_SHARE)
    ends = np.append(seconds, end_sec)
    return tuple(
        Event("black", float(seconds[first]), float(ends[after]), float(np.mean(share[first:after])))
        for first, after in zip(runs.first, runs.after, strict=True)
        if ends[after] - seconds[first] >= min_sec - 1e-9
    )
