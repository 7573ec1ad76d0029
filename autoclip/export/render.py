"""Export one clip. Read this first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from autoclip.errors import AutoclipError
from autoclip.export.captions.burning import with_captions
from autoclip.export.captions.title import with_title
from autoclip.export.checks.copied_pictures import CopiedPictures, check_copied_pictures
from autoclip.export.checks.disk_space import estimated_bytes, require_space
from autoclip.export.checks.end_frames import wrong_ends
from autoclip.export.checks.file_check import check_file
from autoclip.export.cuts.cut_spec import CutSpec, ExportResult, plan_cut
from autoclip.export.cuts.methods import Rendering, cut_by_method
from autoclip.export.platforms import fitted_interval, smaller, too_large
from autoclip.export.previews.cover import write_cover
from autoclip.export.render_context import RenderContext, deliver, render_errors, temporary_path
from autoclip.media.video import Video
from autoclip.output_files import require_replaceable
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval

_MAX_ENCODINGS = 3
"""How often a file is re-encoded to fit a platform: the estimate is accurate to some percent."""


def export_clip(
    video: Video,
    interval: Interval,
    target: Path,
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
    transcript: Transcript | None = None,
) -> ExportResult:
    """Cut one clip from a video, check it, and give it its name.

    Parameters
    ----------
    video : Video
        The probed source.
    interval : Interval
        The interval to cut, in seconds from the first video frame.
    target : Path
        Path of the file; its folder is created. If the name is taken, another one is chosen unless `overwrite` is set.
    settings : ExportSettings, optional
        How to cut and encode.
    on_progress : callable
        Called with the share of frames written.
    ffmpeg : Path, optional
        The ffmpeg to render with; None uses the installed one.
    transcript : Transcript, optional
        The transcript of the video; needed for captions.

    Returns
    -------
    ExportResult
        The file, and how it was rendered.

    Raises
    ------
    ParameterError
        If the video can't meet the interval or the settings, or the file to overwrite is not a regular file.
    MediaError
        If the source can no longer be read.
    ExportError
        If rendering fails, the disk is too full, or the file does not pass its check (it is kept in another folder).
    """
    chosen = settings or ExportSettings()
    if chosen.overwrite:
        require_replaceable(target)
    fitted = fitted_interval(interval, chosen, transcript)
    spec = _with_shortened_note(plan_cut(video, fitted, target, chosen), interval)
    with render_errors([video.path], target), ExitStack() as stack:
        spec = with_title(with_captions(spec, transcript, stack, ffmpeg), stack, ffmpeg)
        rendered = stack.enter_context(temporary_path(target.parent))
        seconds = float(spec.span.duration_sec)
        needed = estimated_bytes(video, seconds, spec.canvas.width, spec.canvas.height, chosen)
        require_space(target.parent, needed, chosen)
        context = RenderContext(rendered, ffmpeg, chosen.export_stall_sec, on_progress)
        cut = partial(cut_by_method, context=context)
        return finish_fitted(cut(spec), spec, context, cut)


def _with_shortened_note(spec: CutSpec, asked: Interval) -> CutSpec:
    """Add a note that a clip ends earlier than requested."""
    if spec.asked == asked:
        return spec
    end, platform = spec.asked.end, spec.settings.platform
    note = f"ended at {end:.3f} s, {asked.end - end:.1f} s earlier, to fit {platform}"
    return replace(spec, asked=asked, notes=(*spec.notes, note))


def finish_fitted(
    rendering: Rendering, spec: CutSpec, context: RenderContext, encode_again: Callable[[CutSpec], Rendering]
) -> ExportResult:
    """Finish a file; re-encode one that is too large for its platform, if `over_limit` is ``fit``.

    Raises
    ------
    ExportError
        As in `finish`.
    """
    for _ in range(_MAX_ENCODINGS):
        settings = smaller(context.rendered.stat().st_size, spec.settings)
        if settings is None:
            break
        note = f"encoded again with crf {settings.crf} instead of {spec.settings.crf} to fit {settings.platform}"
        spec = replace(spec, settings=settings, notes=(*spec.notes, note))
        rendering = encode_again(spec)
    return finish(rendering, spec, context)


def finish(rendering: Rendering, spec: CutSpec, context: RenderContext) -> ExportResult:
    """Check a rendered file, and give it its name.

    Raises
    ------
    ExportError
        If it does not pass the check.
    """
    checked = check_file(context.rendered, rendering.expected)
    checked = replace(checked, faults=(*checked.faults, *rendering.faults))
    if not checked.faults and rendering.ends is not None:
        turned = rendering.method == "exact"
        checked = replace(checked, faults=tuple(wrong_ends(context.rendered, *rendering.ends, turned=turned)))
    copied = CopiedPictures()
    if not checked.faults and rendering.method != "exact":
        copied = check_copied_pictures(context.rendered, checked.duration_sec, lambda: context.report(0.99, "checking"))
        checked = replace(checked, faults=copied.faults)
    size = context.rendered.stat().st_size
    checked = replace(checked, faults=(*checked.faults, *too_large(size, spec.settings)))
    target = spec.target.with_suffix(rendering.suffix) if rendering.suffix else spec.target
    path = deliver(context.rendered, checked, target, rendering.commands, overwrite=spec.settings.overwrite)
    context.report(1.0, path.name)
    return ExportResult(
        path=path,
        method=rendering.method,
        asked=spec.asked,
        actual=rendering.actual,
        frame_count=checked.frame_count,
        size_bytes=size,
        commands=rendering.commands,
        notes=(*spec.notes, *rendering.notes, *copied.notes, *_cover_note(path, spec.settings)),
    )


def _cover_note(path: Path, settings: ExportSettings) -> tuple[str, ...]:
    """Write a clip's cover if enabled, and return a note with its name; a failed cover does not fail the clip."""
    if not settings.cover:
        return ()
    try:
        return (f"cover: {write_cover(path, settings).name}",)
    except AutoclipError as error:
        return (f"no cover was written: {error}",)
