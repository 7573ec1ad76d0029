"""Compound clips: several cuts in one file, concatenated or crossfaded.

Each item is rendered separately, so that only its own frames are decoded and memory does not grow with the number of
items. The segments are then joined without re-encoding. The audio is rendered in one command, each item's exactly as
long as its video in samples, so that nothing drifts with the number of items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from autoclip.errors import ParameterError
from autoclip.export.audio.loudness import Leveling, find_leveling
from autoclip.export.audio.tracks import MIX_RATE
from autoclip.export.captions.title import with_title
from autoclip.export.checks.disk_space import estimated_bytes, require_space
from autoclip.export.checks.file_check import Expected
from autoclip.export.compound.audio import AudioItem, compound_audio_arguments, compound_measuring_arguments
from autoclip.export.compound.captions import with_compound_captions
from autoclip.export.compound.layout import Layout, SourceSpan, lay_out
from autoclip.export.compound.segments import VideoSegments, exact_segments, smart_segments
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.export.cuts.methods import Command, Rendering, altered
from autoclip.export.cuts.mux import MuxTrack, encoded_tracks, mux_tracks, stamped
from autoclip.export.cuts.smart import NotSmartError
from autoclip.export.cuts.steady_sound import with_steady_sound
from autoclip.export.platforms import fitted_interval, fitting_count
from autoclip.export.render import finish_fitted
from autoclip.export.render_context import RenderContext, render_errors, temporary_path
from autoclip.output_files import require_replaceable
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

__all__ = ["SourceSpan", "export_compound"]

_SegmentMaker = Callable[[Layout, RenderContext, ExitStack], VideoSegments]


def export_compound(
    items: Sequence[SourceSpan],
    target: Path,
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> ExportResult:
    """Export several cuts as one file, check it, and give it its name.

    Parameters
    ----------
    items : sequence of SourceSpan
        The cuts, in order; of one or several videos, with or without audio. Frames of another size are fitted into the
        first one's size.
    target : Path
        Path of the file.
    settings : ExportSettings, optional
        Export settings. With ``crossfade_sec`` the video and audio of neighbors dissolve into each other; each item
        must be longer than its dissolves. With ``cut = smart`` frames are copied if all items are of one video that
        allows it.
    on_progress : callable
        Called with the share of frames written.
    ffmpeg : Path, optional
        The ffmpeg to render with.

    Returns
    -------
    ExportResult
        `asked` and `actual` run from 0 to the compound's length.

    Raises
    ------
    ParameterError
        If there is no item, an item contains no frame or is too short for its dissolves, or the settings can't be met.
    MediaError
        If a source can't be read.
    ExportError
        If rendering fails or the file does not pass its check.
    """
    chosen = settings or ExportSettings()
    if not items:
        raise ParameterError("a compound clip needs at least one item")
    if chosen.cut == "copy":
        raise ParameterError("cut = copy can't join items: each would start at a keyframe; use smart or exact")
    if chosen.overwrite:
        require_replaceable(target)
    fitting = _fitting(items, chosen)
    layout = _with_shortened_note(lay_out(fitting, target, chosen), fitting, items)
    with render_errors([item.video.path for item in items], target), ExitStack() as stack:
        layout = with_compound_captions(layout, fitting, stack, ffmpeg)
        layout = replace(layout, bodies=(with_title(layout.bodies[0], stack, ffmpeg), *layout.bodies[1:]))
        rendered = stack.enter_context(temporary_path(target.parent))
        first = layout.bodies[0]
        seconds = float(layout.duration_sec)
        needed = estimated_bytes(first.video, seconds, first.canvas.width, first.canvas.height, chosen)
        require_space(target.parent, 2 * needed, chosen)  # the segments and the joined file
        context = RenderContext(rendered, ffmpeg, chosen.export_stall_sec, on_progress)
        rendering = _render(layout, context)
        whole = replace(layout.bodies[0], asked=rendering.actual)
        return finish_fitted(
            rendering, whole, context, lambda smaller: _render(layout.at_crf(smaller.settings.crf), context)
        )


def _fitting(items: Sequence[SourceSpan], settings: ExportSettings) -> tuple[SourceSpan, ...]:
    """Return the items that the platform takes, if they are to be fitted; a first one that is too long ends earlier."""
    first, *others = items[: fitting_count([item.interval.duration for item in items], settings)]
    return (replace(first, interval=fitted_interval(first.interval, settings, first.transcript)), *others)


def _with_shortened_note(layout: Layout, fitting: Sequence[SourceSpan], items: Sequence[SourceSpan]) -> Layout:
    """Note what was left out."""
    first, platform = layout.bodies[0], layout.bodies[0].settings.platform
    changes = []
    if fitting[0] != items[0]:
        changes.append(f"the first part ended at {fitting[0].interval.end:.3f} s to fit {platform}")
    if len(fitting) < len(items):
        changes.append(f"the last {len(items) - len(fitting)} of {len(items)} parts were left out to fit {platform}")
    return replace(layout, bodies=(replace(first, notes=(*first.notes, *changes)), *layout.bodies[1:]))


def _render(layout: Layout, context: RenderContext) -> Rendering:
    """Render the file: as a smart cut if wanted and possible, otherwise exactly."""
    notes: tuple[str, ...] = ()
    if layout.bodies[0].settings.cut == "smart":
        try:
            return _joined(layout, context, smart_segments)
        except NotSmartError as reason:
            notes = (f"joined exactly, not smartly: {reason}",)
            layout = layout.as_exact_cut()
    rendering = _joined(layout, context, exact_segments)
    return replace(rendering, notes=(*notes, *rendering.notes))


def _joined(layout: Layout, context: RenderContext, render_segments: _SegmentMaker) -> Rendering:
    with ExitStack() as stack:
        made = render_segments(layout, context, stack)
        ticks = np.cumsum([0, *(segment.length / layout.unit for segment in made.segments)])
        starts = [round(start) for start in ticks]
        shown = np.concatenate([segment.shown + start for segment, start in zip(made.segments, starts, strict=False)])
        data = chain.from_iterable(segment.data for segment in made.segments)
        picture = MuxTrack(made.template, stamped(data, shown, starts[-1], layout.unit), made.extradata)
        sound = _sound(layout, context, stack)
        mux_tracks(context.rendered, [picture, *sound.tracks])
    first, last = layout.bodies[0], layout.bodies[-1]
    length = float(layout.duration_sec)
    comparable = not (first.canvas.padded or altered(first.settings) or altered(last.settings))
    return Rendering(
        method=made.method,
        actual=Interval(0.0, length),
        expected=Expected(
            frame_count=None if first.settings.frame_rate else layout.frame_count - made.lost_count,
            duration_sec=length,
            frame_sec=length / len(shown),
            codec=made.codec,
            width=made.width,
            height=made.height,
            audio_count=len(sound.tracks),
            gaps_sec=np.diff(np.sort(shown)) * float(layout.unit),
        ),
        commands=(*made.commands, *sound.commands),
        notes=(*sound.notes, *made.notes),
        ends=(first, last) if comparable and not made.traced else None,
        faults=made.faults,
    )


@dataclass(frozen=True, slots=True)
class _Sound:
    """The rendered audio: its tracks, how it was leveled, and the command that rendered it."""

    tracks: tuple[MuxTrack, ...] = ()
    notes: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


def _sound(layout: Layout, context: RenderContext, stack: ExitStack) -> _Sound:
    """Render the audio of all items in one command, if any item has audio."""
    if not any(body.tracks for body in layout.bodies):
        return _Sound()
    items = _audio_items(layout, context, stack)
    settings = layout.bodies[0].settings
    level = Leveling("", "")
    if settings.normalize_loudness:
        measuring = partial(compound_measuring_arguments, items)
        level = find_leveling(context.run_once, measuring, settings.target_lufs, MIX_RATE)
    path = stack.enter_context(temporary_path(context.rendered.parent))
    run = context.run(compound_audio_arguments(items, settings, path, level.filter))
    notes = (level.note,) if level.note else ()
    return _Sound(tuple(encoded_tracks(path, 1, stack)), notes, (*level.commands, run.command))


def _audio_items(layout: Layout, context: RenderContext, stack: ExitStack) -> list[AudioItem]:
    items: list[AudioItem] = []
    at = Fraction(0)
    for place, body in enumerate(layout.bodies):
        before = layout.fades[place - 1].duration_sec if layout.fades and place else Fraction(0)
        behind = layout.fades[place].duration_sec if place < len(layout.fades) else Fraction(0)
        end = at + before + body.span.duration_sec
        steady = with_steady_sound(body, context, stack, before, behind)
        items.append(AudioItem(steady, before, round(at * MIX_RATE), round((end + behind) * MIX_RATE)))
        at = end
    return items
