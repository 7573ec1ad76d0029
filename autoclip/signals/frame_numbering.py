"""Number the decoded frames among all shown frames.

Counts of neighboring frames must not depend on how many of them a profile decodes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TOLERANCE_SEC = 1e-6


class Numbering:
    """Numbers decoded frames in presentation order, counting those that are skipped."""

    def __init__(self) -> None:
        self._before = 0  # frames shown before those kept
        self._shown = np.zeros(0)
        self._last_sec = -np.inf
        self._last = -1

    def number(self, seconds: NDArray[np.float64], shown_sec: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the numbers of the next decoded frames, ascending from call to call.

        Parameters
        ----------
        seconds : ndarray
            Presentation times of the decoded frames, ascending, shape ``(n,)``, n > 0.
        shown_sec : ndarray
            Presentation times of all frames around them according to the file, decoded or not; shape ``(m,)``. A
            decoded frame that is missing among them (its packet had no time) still gets its own number.

        Returns
        -------
        ndarray
            Shape ``(n,)``, int64.
        """
        new = shown_sec[shown_sec > self._last_sec + _TOLERANCE_SEC]
        self._shown = np.union1d(self._shown, new)
        number = self._before + np.searchsorted(self._shown, seconds - _TOLERANCE_SEC)
        number[0] = max(number[0], self._last + 1)
        step = np.arange(len(number))
        number = np.maximum.accumulate(number - step) + step
        passed = int(np.searchsorted(self._shown, seconds[-1] + _TOLERANCE_SEC))
        self._before, self._shown = self._before + passed, self._shown[passed:]
        self._before = max(self._before, int(number[-1]) + 1)
        self._last_sec, self._last = float(seconds[-1]), int(number[-1])
        return np.asarray(number, np.int64)
