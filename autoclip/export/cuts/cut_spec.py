"""The plan of a cut, made before rendering, and the result of an export."""

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
    """One cut: the source, the request, the target, its frames, audio and canvas.

    `parameter_set` numbers the encoder's parameter sets (H.264) in files that join several encodings. `notes` are
    messages for the user. `captions` is the ASS script to burn in, with times from the cut's start; `title` is that of
    the title. `framing` describes how its shape is filled. `sound` is the file that the tracks are read from if that is
    not the video's.
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
    sound: Video | None = None


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A file that was rendered and passed its check.

    Attributes
    ----------
    path : Path
        The file.
    method : str
        The method that was used in the end: ``exact``, ``smart`` or ``copy``.
    asked, actual : Interval
        The requested interval, and the one in the file, in seconds of the source. They differ by less than half a
        frame, except for ``copy``, which starts at a keyframe. For a compound, from 0 to its length.
    frame_count : int
        Number of frames in the file.
    size_bytes : int
        Its size in bytes.
    commands : tuple of tuple of str
        The ffmpeg command lines that rendered it.
    notes : tuple of str
        Notes for the user, such as why a smart cut became an exact one.
    removed : tuple of Removal
        Pauses and fillers that were removed.
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
    """Plan one cut. `whole` means that it is the whole file, so that the platform's limits apply to it.

    Raises
    ------
    ParameterError
        If the interval contains no frame of the video, or the video can't meet the settings.
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
    """Name the settings that change frames, so that none can be copied."""
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
