"""Plan how the frames of a clip fill its shape, before rendering."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.errors import ParameterError
from autoclip.export.framing.crop_path import CropPath
from autoclip.export.framing.detection import detector_for
from autoclip.export.framing.facecam import Rectangle, find_facecam, read_rectangle
from autoclip.export.framing.motion import find_motion_path
from autoclip.export.framing.subject import CropShape, Split, frame_subject
from autoclip.export.video.canvas import Canvas
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, Framing
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class FramingPlan:
    """How a shape is filled.

    Attributes
    ----------
    framing : str
        The framing that is used; the requested one may not be possible.
    path : CropPath or None
        Path of the crop; None keeps it in the center.
    splits : tuple of Split
        Spans in which two people are shown instead.
    facecam : Rectangle or None
        The camera to show above the game.
    notes : tuple of str
        Notes for the user.
    """

    framing: Framing = "center"
    path: CropPath | None = None
    splits: tuple[Split, ...] = ()
    facecam: Rectangle | None = None
    notes: tuple[str, ...] = ()


def plan_framing(video: Video, interval: Interval, settings: ExportSettings, canvas: Canvas) -> FramingPlan:
    """Analyze a clip as far as its framing requires.

    If the requested framing is not possible, the next best one is used and the notes say so: motion if no detector is
    available, a blurred background if no camera is found.

    Raises
    ------
    ParameterError
        If a given rectangle lies outside the frame.
    MediaError
        If the source can't be read.
    """
    if settings.shape == "original":
        return FramingPlan()
    facts = video.video
    shape = CropShape(facts.display_width / facts.display_height, canvas.width / canvas.height)
    if settings.framing in {"subject", "split"}:
        return _after_people(video, interval, settings, shape)
    if settings.framing == "motion":
        return FramingPlan("motion", find_motion_path(video, interval, vertical_side=shape.vertical_side))
    if settings.framing == "facecam-top":
        return _with_facecam(video, settings)
    return FramingPlan(settings.framing)


def _after_people(video: Video, interval: Interval, settings: ExportSettings, shape: CropShape) -> FramingPlan:
    try:
        detector = detector_for(settings)
        detector.require()
    except ParameterError as error:
        motion = find_motion_path(video, interval, vertical_side=shape.vertical_side)
        return FramingPlan("motion", motion, notes=(f"framing: the motion is followed instead of people: {error}",))
    found = frame_subject(video, interval, shape, detector, prefer_split=settings.framing == "split")
    return FramingPlan("subject", found.path, found.splits, notes=found.notes())


def _with_facecam(video: Video, settings: ExportSettings) -> FramingPlan:
    if settings.facecam:
        return FramingPlan("facecam-top", facecam=read_rectangle(settings.facecam, video))
    found = find_facecam(video)
    if found is not None:
        note = f"framing: the camera was found at {found.pixels(video)}; another one is set by facecam"
        return FramingPlan("facecam-top", facecam=found, notes=(note,))
    note = (
        f"framing: no camera was found in the picture of {video.path.name}, so all of it is shown over a blurred "
        "background; set facecam = LEFT,TOP,WIDTH,HEIGHT in pixels if there is one"
    )
    return FramingPlan("blur", notes=(note,))
