"""Detectors: what finds people in a picture.

Packages can bring further ones as entry points of the group ``autoclip.subject_detectors``: callables that make a
`SubjectDetector` of export settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.export.framing import centerface
from autoclip.export.framing.faces import Face
from autoclip.extensions import ExtensionPoint
from autoclip.settings import ExportSettings

GROUP = "autoclip.subject_detectors"

_DETECTORS = ExtensionPoint(GROUP, "subject_detector", ("require", "detect"), "docs/exports.md")


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
        If there is none by that name, or it can't be made. The methods of what a package brings raise it, too, when
        they fail in ways of their own.
    """
    name = settings.subject_detector
    if name == centerface.NAME:
        return centerface.detector(settings)
    found = _DETECTORS.installed()
    if name not in found:
        known = ", ".join(sorted({centerface.NAME, *found}))
        raise ParameterError(f"there is no subject_detector {name!r}; there are {known}")
    return _AddedDetector(name, cast("SubjectDetector", _DETECTORS.made(found[name], settings)))


@dataclass(frozen=True, slots=True)
class _AddedDetector:
    """A detector of a package, which is named when it fails."""

    name: str
    made: SubjectDetector

    def require(self) -> None:
        with _DETECTORS.calling(self.name):
            self.made.require()

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Face]:
        with _DETECTORS.calling(self.name):
            found: tuple[object, ...] = tuple(self.made.detect(picture))
            faces = tuple(each for each in found if isinstance(each, Face))
            if len(faces) < len(found):
                raise TypeError("detect() returned something else than Face")
        return faces
