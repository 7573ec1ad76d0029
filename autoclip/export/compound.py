"""Compound clips: several cuts in one file, one after the other or crossfaded.

Each item is rendered by itself, so that only its own frames are decoded and memory does not grow with the number of
items; the pieces are joined without touching them. The sound is made in one go, each item's to the sample as long as
its picture, so that nothing drifts however many items there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from av.stream import Stream
from numpy.typing import NDArray

from autoclip.errors import ExportError, ParameterError
from autoclip.export.canvas import square_canvas
from autoclip.export.check import Expected
from autoclip.export.compound_sound import (
    RATE,
    SoundItem,
    compound_measuring_arguments,
    compound_sound_arguments,
)
from autoclip.export.crossfade import Crossfade, crossfade_arguments
from autoclip.export.disk_space import estimated_bytes, require_space
from autoclip.export.encoders import video_encoder
from autoclip.export.exact import exact_arguments
from autoclip.export.h264 import H264FormatError, ParameterSets, read_parameter_sets
from autoclip.export.join import Strand, encoded_strands, join, stamped
from autoclip.export.loudness import levelling_filter, read_loudness
from autoclip.export.methods import CODEC_NAMES, Command, Rendering, altered, encode_parts
from autoclip.export.order import CutOrder, ExportResult, order_cut
from autoclip.export.render import finish
from autoclip.export.smart import (
    NotSmartError,
    SmartPlan,
    encoded_data,
    joined_sets,
    part_encoder,
    plan_smart,
    shown_times,
    smart_data,
)
from autoclip.export.workbench import Workbench, temporary_path
from autoclip.media.container import open_container
from autoclip.media.ffmpeg import FrameListener
from autoclip.media.video import Video
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import CutMethod, ExportSettings
from autoclip.timeline import Interval

_COMMON_UNIT = Fraction(1, 90_000)
"""Seconds a tick where items have different ones: MPEG's clock, of which every usual frame rate is a whole multiple."""
_MOST_PARAMETER_SETS = 32
"""H.264 knows ids of sequence parameter sets from 0 to 31 (ITU-T H.264, 7.4.2.1.1)."""


@dataclass(frozen=True, slots=True)
class CompoundItem:
    """One item of a compound clip.

    Attributes
    ----------
    video : Video
        The probed source.
    interval : Interval
        What of it, in seconds from its first frame.
    """

    video: Video
    interval: Interval


@dataclass(frozen=True, slots=True)
class _Layout:
    """Items in their places: `fades` lie between them, one fewer than `bodies`, or there are none."""

    bodies: tuple[CutOrder, ...]
    fades: tuple[Crossfade, ...]
    unit: Fraction

    @property
    def duration_sec(self) -> Fraction:
        return sum(
            (body.span.duration_sec for body in self.bodies), sum((f.duration_sec for f in self.fades), Fraction())
        )

    @property
    def frame_count(self) -> int:
        return sum(body.span.count for body in self.bodies) + sum(fade.frame_count for fade in self.fades)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the picture: packets, when each is shown in it, and how long it is (both in ticks)."""

    data: Iterator[tuple[bytes, bool]]
    shown: NDArray[np.int64]
    length: Fraction


def export_compound(
    items: Sequence[CompoundItem],
    target: Path,
    settings: ExportSettings | None = None,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> ExportResult:
    """Put several cuts into one file, check it, and give it its name.

    Parameters
    ----------
    items : sequence of CompoundItem
        In order; of one or of several videos, with or without sound. Pictures of another size are fitted into the first
        one's.
    target : Path
        Where it goes.
    settings : ExportSettings, optional
        How. With ``crossfade_sec`` neighbours dissolve into each other, picture and sound; each item must be longer
        than its dissolves. With ``cut = smart`` frames are copied where all items are of one video that allows it.
    on_progress : callable
        Told the share of frames that are written.
    ffmpeg : Path, optional
        The ffmpeg to render with.

    Returns
    -------
    ExportResult
        `asked` and `actual` run from 0 to the compound's length.

    Raises
    ------
    ParameterError
        If there is no item, one holds no frame or is too short for its dissolves, or the settings can't be met.
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
    layout = _lay_out(items, target, chosen)
    with temporary_path(target.parent) as rendered:
        first = layout.bodies[0]
        seconds = float(layout.duration_sec)
        needed = estimated_bytes(first.video, seconds, first.canvas.width, first.canvas.height, chosen)
        require_space(target.parent, 2 * needed, chosen)  # the pieces and the whole
        bench = Workbench(rendered, ffmpeg, chosen.export_stall_sec, on_progress)
        rendering = _render(layout, bench)
        whole = replace(first, asked=rendering.actual)
        return finish(rendering, whole, bench)


def _lay_out(items: Sequence[CompoundItem], target: Path, settings: ExportSettings) -> _Layout:
    orders = _on_one_canvas([order_cut(item.video, item.interval, target, settings) for item in items])
    units = {order.span.time_base for order in orders}
    unit = units.pop() if len(units) == 1 else _COMMON_UNIT
    rate = Fraction(settings.frame_rate).limit_denominator(1001) if settings.frame_rate else _rate_of(orders[0].video)
    frames = round(settings.crossfade_sec * rate) if len(orders) > 1 else 0
    if not frames:
        return _Layout(tuple(_faded_at_ends(orders, settings)), (), unit)
    length = float(frames / rate)
    bodies = [
        _shortened(order, length if place else 0.0, length if place < len(orders) - 1 else 0.0)
        for place, order in enumerate(orders)
    ]
    fades = [
        Crossfade(
            leaving=_plain(leaving, shorter.span.interval.end, leaving.span.interval.end),
            coming=_plain(coming, coming.span.interval.start, later.span.interval.start),
            frame_count=frames,
            rate=rate,
        )
        for (leaving, coming), (shorter, later) in zip(pairwise(orders), pairwise(bodies), strict=True)
    ]
    return _Layout(tuple(_faded_at_ends(bodies, settings)), tuple(fades), unit)


def _rate_of(video: Video) -> Fraction:
    return video.video.average_rate or video.video.nominal_rate or Fraction(30)


def _on_one_canvas(orders: list[CutOrder]) -> list[CutOrder]:
    """Give all items the first one's picture size, and one track of sound at most."""
    first = orders[0]
    facts = first.video.video
    canvas = first.canvas
    pixels = facts.sample_aspect_ratio
    if any(order.canvas != canvas or order.video.video.sample_aspect_ratio != pixels for order in orders):
        shown = canvas if canvas.square_pixels else square_canvas(facts.display_width, facts.display_height)
        canvas = replace(shown, padded=True)
    return [replace(order, canvas=canvas, tracks=order.tracks[:1]) for order in orders]


def _shortened(order: CutOrder, at_start: float, at_end: float) -> CutOrder:
    """Return an item without the parts that dissolve."""
    whole = order.span.interval
    if whole.duration <= at_start + at_end + 2 * order.span.frame_sec:
        raise ParameterError(
            f"the item from {whole.start:.3f} to {whole.end:.3f} s of {order.video.path.name} is too short for its "
            f"crossfades; make it longer than {at_start + at_end:.3f} s or lower crossfade_sec"
        )
    return _plain(order, whole.start + at_start, whole.end - at_end)


def _plain(order: CutOrder, start: float, end: float) -> CutOrder:
    """Return an order for another interval of the same item, without fades."""
    settings = order.settings.model_copy(update={"fade_in_sec": 0.0, "fade_out_sec": 0.0})
    again = order_cut(order.video, Interval(start, end), order.target, settings)
    return replace(again, canvas=order.canvas, tracks=order.tracks)


def _faded_at_ends(orders: Sequence[CutOrder], settings: ExportSettings) -> Iterator[CutOrder]:
    """Put the fade in at the first item and the fade out at the last one."""
    for place, order in enumerate(orders):
        changes = {
            "fade_in_sec": settings.fade_in_sec if place == 0 else 0.0,
            "fade_out_sec": settings.fade_out_sec if place == len(orders) - 1 else 0.0,
        }
        yield replace(order, settings=settings.model_copy(update=changes))


def _render(layout: _Layout, bench: Workbench) -> Rendering:
    """Make the file: smartly if that is wanted and can be, otherwise exactly."""
    notes: tuple[str, ...] = ()
    if layout.bodies[0].settings.cut == "smart":
        try:
            return _joined(layout, bench, _smart_pieces)
        except NotSmartError as reason:
            notes = (f"joined exactly, not smartly: {reason}",)
    rendering = _joined(layout, bench, _exact_pieces)
    return replace(rendering, notes=(*notes, *rendering.notes))


def _joined(layout: _Layout, bench: Workbench, render_pieces: _PieceMaker) -> Rendering:
    with ExitStack() as stack:
        made = render_pieces(layout, bench, stack)
        ticks = np.cumsum([0, *(piece.length / layout.unit for piece in made.pieces)])
        starts = [round(start) for start in ticks]
        shown = np.concatenate([piece.shown + start for piece, start in zip(made.pieces, starts, strict=False)])
        data = chain.from_iterable(piece.data for piece in made.pieces)
        picture = Strand(made.template, stamped(data, shown, starts[-1], layout.unit), made.extradata)
        sound_commands, sounds = _sound(layout, bench, stack)
        join(bench.rendered, [picture, *sounds])
    first, last = layout.bodies[0], layout.bodies[-1]
    length = float(layout.duration_sec)
    comparable = not (first.canvas.padded or altered(first.settings) or altered(last.settings))
    return Rendering(
        method=made.method,
        actual=Interval(0.0, length),
        expected=Expected(
            frame_count=None if first.settings.frame_rate else layout.frame_count,
            duration_sec=length,
            frame_sec=length / len(shown),
            codec=CODEC_NAMES[first.settings.video_codec],
            width=made.width,
            height=made.height,
            audio_count=len(sounds),
            gaps_sec=np.diff(np.sort(shown)) * float(layout.unit),
        ),
        commands=(*made.commands, *sound_commands),
        notes=made.notes,
        ends=(first, last) if comparable else None,
    )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The picture in pieces, and what the file needs to know of it."""

    method: CutMethod
    pieces: tuple[_Piece, ...]
    template: Stream
    extradata: bytes | None
    width: int
    height: int
    commands: tuple[Command, ...]
    notes: tuple[str, ...] = ()


_PieceMaker = Callable[[_Layout, Workbench, ExitStack], _Pieces]


def _exact_pieces(layout: _Layout, bench: Workbench, stack: ExitStack) -> _Pieces:
    """Encode every item and every dissolve."""
    counter = _FrameCounter(bench, layout.frame_count)
    numbers = _parameter_set_numbers(layout)
    paths: list[Path] = []
    commands: list[Command] = []
    for place, body in enumerate(layout.bodies):
        number = numbers[body.video.path]
        path = stack.enter_context(temporary_path(bench.rendered.parent))
        silent = replace(body, tracks=(), parameter_set=number)
        commands.append(bench.run(exact_arguments(silent, path), counter.listener(body.span.count)).command)
        paths.append(path)
        if place < len(layout.fades):
            fade = layout.fades[place]
            path = stack.enter_context(temporary_path(bench.rendered.parent))
            encoder = (
                *video_encoder(body.video, body.settings, number + 1),
                *(
                    "-fps_mode:v",
                    "passthrough",
                    "-enc_time_base:v",
                    f"{layout.unit.numerator}:{layout.unit.denominator}",
                ),
            )
            run = bench.run(crossfade_arguments(fade, encoder, path), counter.listener(fade.frame_count))
            commands.append(run.command)
            paths.append(path)
    lengths = _lengths(layout)
    pieces = tuple(_encoded_piece(path, length, layout.unit) for path, length in zip(paths, lengths, strict=True))
    template = stack.enter_context(open_container(paths[0])).streams.video[0]
    canvas = layout.bodies[0].canvas
    extradata = _common_extradata(paths, layout.bodies[0].settings)
    return _Pieces("exact", pieces, template, extradata, canvas.width, canvas.height, tuple(commands))


def _smart_pieces(layout: _Layout, bench: Workbench, stack: ExitStack) -> _Pieces:
    """Copy what can be copied of each item, and encode the rest like the source.

    Raises
    ------
    NotSmartError
        If the items are of several videos, or nothing of them can be copied.
    """
    first = layout.bodies[0]
    if len({body.video.path for body in layout.bodies}) > 1:
        raise NotSmartError("its items are of several videos")
    plans = [plan_smart(body) for body in layout.bodies]
    copied = sum(plan.packet_count for plan in plans)
    if not copied:
        raise NotSmartError("no keyframe lies within any of its items")
    pieces: list[_Piece] = []
    paths: list[Path] = []
    commands: list[Command] = []
    for place, (body, plan) in enumerate(zip(layout.bodies, plans, strict=True)):
        parts, made = encode_parts(body, plan, bench, stack)
        commands += made
        paths += parts.values()
        pieces.append(_Piece(smart_data(body, plan, parts), shown_times(plan), body.span.duration_sec))
        if place < len(layout.fades):
            path = stack.enter_context(temporary_path(bench.rendered.parent))
            encoder = part_encoder(body, plan, _next_free(plan))
            commands.append(bench.run(crossfade_arguments(layout.fades[place], encoder, path, upright=False)).command)
            paths.append(path)
            pieces.append(_encoded_piece(path, layout.fades[place].duration_sec, layout.unit))
        bench.report(0.9 * (place + 1) / len(plans), f"{place + 1} of {len(plans)} items")
    facts = first.video.video
    return _Pieces(
        method="smart",
        pieces=tuple(pieces),
        template=stack.enter_context(open_container(first.video.path)).streams[facts.index],
        extradata=joined_sets(plans[0].sets, paths).record(),
        width=facts.width,
        height=facts.height,
        commands=tuple(commands),
        notes=(f"{copied} of {layout.frame_count} frames copied",),
    )


class _FrameCounter:
    """Turns the frame counts of one piece after the other into reports on the whole."""

    def __init__(self, bench: Workbench, total: int) -> None:
        self._report = bench.count_frames(total)
        self._before = 0

    def listener(self, frames: int) -> FrameListener:
        """Return the listener of the next piece, which has so many frames."""
        before = self._before
        self._before += frames
        return lambda done: self._report(before + min(done, frames))


def _parameter_set_numbers(layout: _Layout) -> dict[Path, int]:
    """Give each video two numbers of parameter sets, for its items and its dissolves: their pictures may differ."""
    videos = list(dict.fromkeys(body.video.path for body in layout.bodies))
    if 2 * len(videos) > _MOST_PARAMETER_SETS:
        raise ParameterError(f"a compound clip takes items of at most {_MOST_PARAMETER_SETS // 2} videos")
    return {path: 2 * place for place, path in enumerate(videos)}


def _next_free(plan: SmartPlan) -> int:
    taken = {*plan.sets.ids, plan.spare_id}
    return next(number for number in range(_MOST_PARAMETER_SETS) if number not in taken)


def _lengths(layout: _Layout) -> list[Fraction]:
    lengths = [layout.bodies[0].span.duration_sec]
    for place, body in enumerate(layout.bodies[1:]):
        if layout.fades:
            lengths.append(layout.fades[place].duration_sec)
        lengths.append(body.span.duration_sec)
    return lengths


def _encoded_piece(path: Path, length: Fraction, unit: Fraction) -> _Piece:
    """Return a piece that ffmpeg has made, with the times it was given."""
    with open_container(path) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
        times = [packet.pts * packet.time_base / unit for packet in packets if packet.pts is not None]
    shown = np.array([round(time) for time in times], np.int64)
    return _Piece(encoded_data(path, len(shown)), shown, length)


def _common_extradata(paths: Sequence[Path], settings: ExportSettings) -> bytes | None:
    """Return what a decoder must know of all pieces beforehand; None where the first one's will do.

    Raises
    ------
    ExportError
        If no one configuration covers them.
    """
    configurations = []
    for path in paths:
        with open_container(path) as container:
            configurations.append(container.streams.video[0].codec_context.extradata or b"")
    if len(set(configurations)) == 1:
        return None
    if settings.video_codec != "h264":
        raise ExportError(f"items that differ in size or rate can't be joined as {settings.video_codec}; use h264")
    try:
        sets: ParameterSets = reduce(ParameterSets.joined, map(read_parameter_sets, configurations))
    except H264FormatError as error:
        raise ExportError(f"its items can't be joined: {error}") from error
    return sets.record()


def _sound(layout: _Layout, bench: Workbench, stack: ExitStack) -> tuple[tuple[Command, ...], list[Strand]]:
    """Render the sound of all items in one go; none when no item has any."""
    if not any(body.tracks for body in layout.bodies):
        return (), []
    items: list[SoundItem] = []
    at = Fraction(0)
    for place, body in enumerate(layout.bodies):
        before = layout.fades[place - 1].duration_sec if layout.fades and place else Fraction(0)
        behind = layout.fades[place].duration_sec if place < len(layout.fades) else Fraction(0)
        end = at + before + body.span.duration_sec
        items.append(SoundItem(body, before, round(at * RATE), round((end + behind) * RATE)))
        at = end
    settings = layout.bodies[0].settings
    commands: list[Command] = []
    levelling = ""
    if settings.normalize_loudness:
        run = bench.run(compound_measuring_arguments(items, settings))
        commands.append(run.command)
        measured = read_loudness(run)
        levelling = "" if measured.is_silent else levelling_filter(measured, settings.target_lufs, RATE)
    path = stack.enter_context(temporary_path(bench.rendered.parent))
    commands.append(bench.run(compound_sound_arguments(items, settings, path, levelling)).command)
    return tuple(commands), encoded_strands(path, 1, stack)
