"""Detectors: what finds people in a picture.

Packages can bring further ones as entry points of the group ``autoclip.subject_detectors``: callables that make a
`SubjectDetector` of export settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.export.framing import centerface
from autoclip.export.framing.faces import Face
from autoclip.settings import ExportSettings

GROUP = "autoclip.subject_detectors"


class SubjectDetector(Protocol):
    """Finds faces, or whatever else a crop is to follow."""

    def require(self) -> None:
        """Refuse to begin when something is missing on this machine.

        Raises
        ------
        ParameterError
            It says what to install or to set.
        """

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Face]:
        """Return what is found in a picture.

        Parameters
        ----------
        picture : ndarray
            RGB, upright, shape ``(height, width, 3)``.
        """


def detector_for(settings: ExportSettings) -> SubjectDetector:
    """Return the detector that `subject_detector` names.

    Raises
    ------
    ParameterError
        If there is none by that name, or it can't be made.
    """
    name = settings.subject_detector
    if name == centerface.NAME:
        return centerface.detector(settings)
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted({centerface.NAME, *found}))
        raise ParameterError(f"there is no subject_detector {name!r}; there are {known}")
    try:
        made: SubjectDetector = found[name].load()(settings)
    except Exception as error:  # a package of someone else's may fail in any way
        raise ParameterError(f"subject_detector {name!r} ({found[name].value}) can't be loaded: {error}") from error
    return made
