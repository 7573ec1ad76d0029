"""What is to be rendered, worked out before anything is; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from autoclip.export.audio.tracks import AudioTrack, choose_tracks
from autoclip.export.cuts.frame_span import FrameSpan, find_frame_span
from autoclip.export.framing.plan import FramingPlan, plan_framing
from autoclip.export.platforms import require_within_limits, settings_for_platform
from autoclip.export.video.canvas import Canvas
from autoclip.export.video.filters import canvas_of
from autoclip.media.video import Video
from autoclip.settings import CutMethod, ExportSettings
from autoclip.speech.tightening import Removal
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class CutSpec:
    """One cut: the source, what was asked for and where it goes, its frames, sound and the picture to make.

    `parameter_set` numbers the encoder's parameter sets (H.264), for files that join several encodings. `notes` say
    what the user should know of it. `captions` is the ASS script of what is burned in, counted from the cut's start.
    `title` is that of the title; `framing` is how its shape is filled.
    """

    video: Video
    asked: Interval
    target: Path
    span: FrameSpan
    tracks: tuple[AudioTrack, ...]
    canvas: Canvas
    settings: ExportSettings
    framing: FramingPlan = field(default_factory=FramingPlan)
    parameter_set: int = 0
    notes: tuple[str, ...] = ()
    captions: Path | None = None
    title: Path | None = None


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
    removed : tuple of Removal
        Pauses and fillers that were taken out.
    """

    path: Path
    method: CutMethod
    asked: Interval
    actual: Interval
    frame_count: int
    size_bytes: int
    commands: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    removed: tuple[Removal, ...] = ()


def plan_cut(
    video: Video, interval: Interval, target: Path, settings: ExportSettings, *, whole: bool = True
) -> CutSpec:
    """Work out one cut; `whole` says that it makes up the file, so that the platform's limits are its own.

    Raises
    ------
    ParameterError
        If the interval holds no frame of the video, or the settings can't be met by it.
    MediaError
        If the file can't be read.
    """
    chosen = settings_for_platform(video, settings)
    span = find_frame_span(video, interval)
    if whole:
        require_within_limits(video, float(span.duration_sec), chosen)
    sound = choose_tracks(video, chosen)
    canvas = canvas_of(video, chosen)
    framing = plan_framing(video, span.interval, chosen, canvas)
    return CutSpec(
        video=video,
        asked=interval,
        target=target,
        span=span,
        tracks=sound.tracks,
        canvas=canvas,
        settings=chosen,
        framing=framing,
        notes=(*sound.notes, *framing.notes),
    )


def picture_changes(settings: ExportSettings) -> list[str]:
    """Name the settings that change pictures, so that none can be copied."""
    changes = {
        "export_height": settings.export_height,
        "frame_rate": settings.frame_rate,
        "fade_in_sec": settings.fade_in_sec,
        "fade_out_sec": settings.fade_out_sec,
        "shape": settings.shape != "original",
        "captions": settings.captions != "off",
        "title": settings.title,
        "progress_bar": settings.progress_bar,
    }
    return [name for name, wanted in changes.items() if wanted]
