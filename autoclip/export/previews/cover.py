"""A cover: the best frame of an exported clip at its full size, with a face if there is one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from autoclip.errors import ParameterError
from autoclip.export.framing.detection import SubjectDetector, detector_for
from autoclip.export.previews.image_file import write_image
from autoclip.export.previews.thumbnails import exposure_of, sharpness_of
from autoclip.media.displayed_frame import frame_as_displayed
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings

_PICTURES = 12
"""Number of frames compared, spread over the clip."""
_EDGE = 0.05
"""Share of the clip left out at either end: fades and title."""
_LONGEST = 448
"""Longer side of the compared frames, in pixels."""
_FACE_WEIGHT = 3.0
"""Weight of a face that fills the frame, relative to the best sharpness and exposure."""
_JPEG_QUALITY = 92


def write_cover(clip: Path, settings: ExportSettings) -> Path:
    """Write the cover of an exported clip beside it, with its name and the suffix ``.jpg``.

    Frames are rated by sharpness and exposure, like thumbnails, and by the size of their largest face if a detector is
    installed (`subject_detector`).

    Returns
    -------
    Path
        Path of the image.

    Raises
    ------
    MediaError
        If the clip can't be read.
    ExportError
        If the image can't be written.
    """
    video = probe(clip)
    detector = _detector(settings)
    ends = _EDGE * video.duration_sec, (1 - _EDGE) * video.duration_sec
    best, picture = -1.0, None
    with open_frames(clip, video, in_runs=True) as reader:
        for instant in np.linspace(*ends, _PICTURES):
            shown = frame_as_displayed(reader.at(float(instant)), video)
            if (merit := _merit(shown, detector)) > best:
                best, picture = merit, shown
    assert picture is not None  # noqa: S101 - a clip has a frame
    target = clip.with_suffix(".jpg")
    return write_image(picture, target, overwrite=settings.overwrite, format="JPEG", quality=_JPEG_QUALITY)


def _detector(settings: ExportSettings) -> SubjectDetector | None:
    """Return the detector if it can be used on this machine."""
    try:
        detector = detector_for(settings)
        detector.require()
    except ParameterError:
        return None
    return detector


def _merit(picture: Image.Image, detector: SubjectDetector | None) -> float:
    small = picture.copy()
    small.thumbnail((_LONGEST, _LONGEST))
    faces = detector.detect(np.asarray(small.convert("RGB"))) if detector is not None else ()
    largest = max((face.score * math.sqrt(face.area) for face in faces), default=0.0)
    return sharpness_of(small) * exposure_of(small) * (1 + _FACE_WEIGHT * largest)
