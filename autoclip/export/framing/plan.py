"""Work out how the picture of a clip fills its shape, before anything is rendered."""

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
        The way in the end; what was asked for may not be possible.
    path : CropPath or None
        Where a crop goes; None keeps it in the middle.
    splits : tuple of Split
        Where two people are shown instead.
    facecam : Rectangle or None
        The camera that is shown above the game.
    notes : tuple of str
        What the user should know of it.
    """

    framing: Framing = "center"
    path: CropPath | None = None
    splits: tuple[Split, ...] = ()
    facecam: Rectangle | None = None
    notes: tuple[str, ...] = ()


def plan_framing(video: Video, interval: Interval, settings: ExportSettings, canvas: Canvas) -> FramingPlan:
    """Look at a clip as far as its framing needs it.

    Where what is asked for can't be done, the next best is, and the notes say so: motion for people that can't be
    looked for here, a blurred background for a camera that is not found.

    Raises
    ------
    ParameterError
        If a rectangle that was given lies outside of the picture.
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
        told = f"framing: the camera was found at {found.pixels(video)}; another one is set by facecam"
        return FramingPlan("facecam-top", facecam=found, notes=(told,))
    told = (
        f"framing: no camera was found in the picture of {video.path.name}, so all of it is shown over a blurred "
        "background; set facecam = LEFT,TOP,WIDTH,HEIGHT in pixels if there is one"
    )
    return FramingPlan("blur", notes=(told,))
