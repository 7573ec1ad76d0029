"""Cuts into a strobe or gunfire: the colors go on changing after them, but another scene stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.fine_structure import structure_change
from autoclip.signals.shots import IN_PLACE, OTHER_SCENE, ShotFrames, ShotRows, only_best

_MIN_COLOR = 0.3
"""Minimum color change, in [0, 1]: in fast motion within a shot it was at most 0.23."""
_UNLIKE = 0.7
"""Minimum unlikeness of the two scenes: 0.71 to 0.82 at cuts that the scores missed, up to 0.69 in fast motion."""
_LASTING = 12
"""Number of frames on each side that must be unlike the first frame on the other side: flashes are shorter."""


def lasting_changes(frames: ShotFrames, rows: ShotRows, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which frames begin another scene that stays, shape ``(n,)``.

    Unlike `autoclip.signals.shots.cut_scores`, this compares the fine structure alone beyond the cut, which flashes
    hardly change. They change the colors so much that the scores take such a cut for one more flash.

    Parameters
    ----------
    frames : ShotFrames
        The frames of a clip.
    rows : ShotRows
        The cues of all of them.
    among : ndarray
        The frames to examine, shape ``(n,)``.
    """
    first = np.flatnonzero(among & (rows.color >= _MIN_COLOR) & (rows.unlike >= OTHER_SCENE) & (rows.kept < IN_PLACE))
    by = np.arange(_LASTING + 1)
    later = np.minimum(first[:, None] + by, len(among) - 1)
    earlier = np.maximum(first[:, None] - 1 - by, 0)
    one = np.hstack([later, np.broadcast_to(first[:, None], earlier.shape)]).ravel()
    other = np.hstack([np.broadcast_to(first[:, None] - 1, later.shape), earlier]).ravel()
    unlike = structure_change(frames.fine[one], frames.fine[other]).unlike.reshape(len(first), 2 * len(by)).min(axis=1)
    strength = np.full(len(among), -np.inf)
    strength[first] = np.where(unlike >= _UNLIKE, unlike, -np.inf)
    return np.asarray(only_best(strength) > 0, np.bool_)
