"""Detectors find people in a frame.

Packages can add others as entry points of the group ``autoclip.subject_detectors``: callables that take export settings
and return a `SubjectDetector`.
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
    """Finds faces, or any other subject that a crop follows."""

    def require(self) -> None:
        """Raise an error if something is missing on this machine.

        Raises
        ------
        ParameterError
            The message says what to install or to set.
        """

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Face]:
        """Return the faces in a frame.

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
        If there is none by that name, or it can't be created. Methods of a package's detector raise it, too, for any
        failure of the package's code.
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
    """A detector of a package. Errors name the package."""

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
