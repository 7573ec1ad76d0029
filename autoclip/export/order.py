"""What is to be rendered, worked out before anything is; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autoclip.export.frame_span import FrameSpan, find_frame_span
from autoclip.export.picture import Canvas, canvas_of
from autoclip.export.sound import SoundTrack, choose_tracks
from autoclip.media.video import Video
from autoclip.settings import CutMethod, ExportSettings
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class CutOrder:
    """One cut: the source, what was asked for and where it goes, its frames, sound and the picture to make.

    `parameter_set` numbers the encoder's parameter sets (H.264), for files that join several encodings.
    """

    video: Video
    asked: Interval
    target: Path
    span: FrameSpan
    tracks: tuple[SoundTrack, ...]
    canvas: Canvas
    settings: ExportSettings
    parameter_set: int = 0


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A file that was rendered and passed its check.

    Attributes
    ----------
    path : Path
        The file.
    method : str
        How it was cut in the end: ``exact``, ``smart`` or ``copy``.
    asked, actual : Interval
        The interval that was asked for, and the one in the file, in seconds of the source. They differ by less than
        half a frame, except for ``copy``, which starts at a keyframe. For a compound, 0 and its length.
    frame_count : int
        Frames in the file.
    size_bytes : int
        Its size.
    commands : tuple of tuple of str
        The ffmpeg command lines that made it.
    notes : tuple of str
        What the user should know, such as why a smart cut became an exact one.
    """

    path: Path
    method: CutMethod
    asked: Interval
    actual: Interval
    frame_count: int
    size_bytes: int
    commands: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def order_cut(video: Video, interval: Interval, target: Path, settings: ExportSettings) -> CutOrder:
    """Work out one cut.

    Raises
    ------
    ParameterError
        If the interval holds no frame of the video, or the settings can't be met by it.
    MediaError
        If the file can't be read.
    """
    return CutOrder(
        video=video,
        asked=interval,
        target=target,
        span=find_frame_span(video, interval),
        tracks=choose_tracks(video, settings),
        canvas=canvas_of(video, settings),
        settings=settings,
    )
