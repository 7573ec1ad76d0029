"""Export one clip: read this first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autoclip.export.check import Expected, check_file
from autoclip.export.disk_space import estimated_bytes, require_space
from autoclip.export.exact import exact_arguments
from autoclip.export.order import CutOrder, ExportResult, order_cut
from autoclip.export.workbench import deliver, temporary_path
from autoclip.media.ffmpeg import FrameListener, run_ffmpeg
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

CODEC_NAMES = {"h264": "h264", "h265": "hevc", "av1": "av1"}
"""Our names of codecs, and FFmpeg's."""


def export_clip(
    video: Video,
    interval: Interval,
    target: Path,
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> ExportResult:
    """Cut one clip out of a video, check it, and give it its name.

    Parameters
    ----------
    video : Video
        The probed source.
    interval : Interval
        What to cut, in seconds from the first video frame.
    target : Path
        Where it goes; its folder is made. Another name is chosen when this one is taken, unless `overwrite` is set.
    settings : ExportSettings, optional
        How to cut and encode.
    on_progress : callable
        Told the share of frames that are written.
    ffmpeg : Path, optional
        The ffmpeg to render with; the one installed along when None.

    Returns
    -------
    ExportResult
        The file, and how it was made.

    Raises
    ------
    ParameterError
        If the interval or the settings can't be met by this video.
    MediaError
        If the source can't be read any more.
    ExportError
        If rendering fails, the disk is too full, or the file does not pass its check (it is kept aside).
    """
    chosen = settings or ExportSettings()
    order = order_cut(video, interval, target, chosen)
    with temporary_path(target.parent) as rendered:
        seconds = float(order.span.duration_sec)
        needed = estimated_bytes(video, seconds, order.canvas.width, order.canvas.height, chosen)
        require_space(target.parent, needed, chosen)
        return _exact(order, rendered, on_progress, ffmpeg)


def _exact(order: CutOrder, rendered: Path, on_progress: ProgressListener, ffmpeg: Path | None) -> ExportResult:
    run = run_ffmpeg(
        exact_arguments(order, rendered),
        executable=ffmpeg,
        on_frame=frame_progress(order.span.count, on_progress),
        stall_sec=order.settings.export_stall_sec,
    )
    checked = check_file(rendered, expectation(order))
    size = rendered.stat().st_size
    path = deliver(rendered, checked, order.target, (run.command,), overwrite=order.settings.overwrite)
    on_progress(Progress("export", 1.0, path.name))
    return ExportResult(path, "exact", order.asked, order.span.interval, checked.frame_count, size, (run.command,))


def expectation(order: CutOrder) -> Expected:
    """Return what an exact cut has to be."""
    span = order.span
    resampled = order.settings.frame_rate > 0
    times = np.array([max(pts, span.start) for pts in span.pts], np.float64) * float(span.time_base)
    return Expected(
        frame_count=None if resampled else span.count,
        duration_sec=float(span.duration_sec),
        frame_sec=1 / order.settings.frame_rate if resampled else span.frame_sec,
        codec=CODEC_NAMES[order.settings.video_codec],
        width=order.canvas.width,
        height=order.canvas.height,
        audio_count=len(order.tracks),
        gaps_sec=None if resampled else np.diff(times),
    )


def frame_progress(total: int, on_progress: ProgressListener) -> FrameListener:
    """Turn frame counts into reports on ``export``."""

    def report(frames: int) -> None:
        on_progress(Progress("export", min(frames / max(total, 1), 1.0), f"{frames} of {total} frames"))

    return report
