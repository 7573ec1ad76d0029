"""A crop path: where a crop lies at each instant of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 2.5e-4
"""Half a pixel of a frame 1,920 pixels wide, as a share of it."""


@dataclass(frozen=True, slots=True)
class CropPath:
    """A crop's position over time, along the side that is cropped.

    Attributes
    ----------
    seconds : ndarray
        Instants from the start of the clip, ascending, shape ``(n,)``.
    center : ndarray
        Center of the crop, as a share of that side, shape ``(n,)``.
    jumps : ndarray
        Whether the path jumps to this position (a cut) instead of moving there, shape ``(n,)``, bool.
    """

    seconds: NDArray[np.float64]
    center: NDArray[np.float64]
    jumps: NDArray[np.bool_]

    def expression(self, cropped: int, whole: int) -> str:
        """Return the path as an ffmpeg expression of `t`: the offset of a crop, `cropped` of `whole` pixels long."""
        offsets = np.clip(self.center * whole - cropped / 2, 0, whole - cropped).round().astype(int).tolist()
        terms = [str(offsets[0])]
        for i in range(1, len(offsets)):
            step = offsets[i] - offsets[i - 1]
            if step:
                begin, end = self.seconds[i - 1], self.seconds[i]
                ramp = f"gte(t,{end:.3f})" if self.jumps[i] else f"clip((t-{begin:.3f})/{end - begin:.3f},0,1)"
                terms.append(f"({step})*{ramp}")
        return "+".join(terms)

    def simplified(self) -> CropPath:
        """Return the path without points that lie on the line between others, within `_TOLERANCE` (Douglas-Peucker)."""
        kept = np.zeros(len(self.seconds), np.bool_)
        starts = [0, *np.flatnonzero(self.jumps).tolist(), len(self.seconds)]
        for begin, end in pairwise(starts):
            kept[[begin, end - 1]] = True
            pending = [(begin, end - 1)]
            while pending:
                first, last = pending.pop()
                line = np.interp(
                    self.seconds[first : last + 1], self.seconds[[first, last]], self.center[[first, last]]
                )
                away = np.abs(self.center[first : last + 1] - line)
                if away.max() > _TOLERANCE:
                    middle = first + int(away.argmax())
                    kept[middle] = True
                    pending += [(first, middle), (middle, last)]
        return CropPath(self.seconds[kept], self.center[kept], self.jumps[kept])

    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the center at some instants, shape ``(k,)``, as `expression` evaluates it."""
        before = np.clip(np.searchsorted(self.seconds, seconds, side="right") - 1, 0, len(self.seconds) - 1)
        after = np.minimum(before + 1, len(self.seconds) - 1)
        length = np.maximum(self.seconds[after] - self.seconds[before], 1e-9)
        share = np.clip((seconds - self.seconds[before]) / length, 0.0, 1.0)
        share = np.where(self.jumps[after], np.where(after > before, 0.0, share), share)
        return np.asarray(self.center[before] + share * (self.center[after] - self.center[before]), np.float64)


def joined(shots: Sequence[CropPath], start_sec: float) -> CropPath:
    """Join the paths of consecutive shots, in seconds of the video, to one for a clip that begins at `start_sec`.

    The path jumps to the first position of each shot except the first.
    """
    jumps = [np.arange(len(shot.seconds)) == 0 for shot in shots]
    jumps[0][:] = False
    seconds = np.concatenate([shot.seconds for shot in shots]) - start_sec
    return CropPath(np.maximum(seconds, 0.0), np.concatenate([shot.center for shot in shots]), np.concatenate(jumps))
