"""The video of a compound clip in segments: every item and every dissolve, encoded or copied separately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from pathlib import Path

import numpy as np
from av.stream import Stream
from numpy.typing import NDArray

from autoclip.errors import ExportError, ParameterError
from autoclip.export.captions.burning import caption_notes
from autoclip.export.compound.crossfade import crossfade_arguments
from autoclip.export.compound.layout import Layout, segment_lengths
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.encoders import video_encoder
from autoclip.export.cuts.exact import exact_arguments
from autoclip.export.cuts.h264 import ParameterSets, read_parameter_sets
from autoclip.export.cuts.methods import CODEC_NAMES, Command, codec_note, encode_parts, lost_frames_note, turned_note
from autoclip.export.cuts.nal_units import BitstreamError
from autoclip.export.cuts.smart import (
    NotSmartError,
    beside_source,
    encoded_data,
    part_encoder,
    plan_smart,
    shown_times,
    smart_configuration,
    smart_data,
)
from autoclip.export.render_context import RenderContext, TracedRun, temporary_path
from autoclip.media.container import open_container, open_video
from autoclip.media.ffmpeg import FrameListener, Run
from autoclip.settings import CutMethod, ExportSettings

_MAX_PARAMETER_SETS = 32
"""H.264 allows ids of sequence parameter sets from 0 to 31 (ITU-T H.264, 7.4.2.1.1)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the video: packets, their presentation times in the part, and its length (both in ticks)."""

    data: Iterator[tuple[bytes, bool]]
    shown: NDArray[np.int64]
    length: Fraction


@dataclass(frozen=True, slots=True)
class VideoSegments:
    """The video in segments, with the properties of the file and the faults found.

    `codec` is FFmpeg's name. `traced` means that the encoded frames of every item are known; `lost_count` counts frames
    of damaged sources that are missing.
    """

    method: CutMethod
    segments: tuple[Segment, ...]
    template: Stream
    extradata: bytes | None
    codec: str
    width: int
    height: int
    commands: tuple[Command, ...]
    faults: tuple[str, ...] = ()
    traced: bool = False
    notes: tuple[str, ...] = ()
    lost_count: int = 0


@dataclass(slots=True)
class _EncodedFiles:
    """Items and dissolves of a compound clip during encoding, one file each, in order."""

    paths: list[Path] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    items: list[TracedRun] = field(default_factory=list)


def exact_segments(layout: Layout, context: RenderContext, stack: ExitStack) -> VideoSegments:
    """Encode every item and every dissolve."""
    made = _encode_all(layout, context, stack)
    lengths = segment_lengths(layout)
    canvas, settings = layout.bodies[0].canvas, layout.bodies[0].settings
    scripts = [*(body.captions for body in layout.bodies), *(fade.captions for fade in layout.fades)]
    found = sum(item.span.count for item in made.items)
    asked = sum(body.span.count for body in layout.bodies)
    log = "\n".join(run.log for run in made.runs)
    return VideoSegments(
        method="exact",
        segments=tuple(_encoded_segment(p, length, layout.unit) for p, length in zip(made.paths, lengths, strict=True)),
        template=stack.enter_context(open_container(made.paths[0])).streams.video[0],
        extradata=_common_extradata(made.paths, settings),
        codec=CODEC_NAMES[settings.video_codec],
        width=canvas.width,
        height=canvas.height,
        commands=tuple(run.command for run in made.runs),
        faults=tuple(f"item {number}: {fault}" for number, item in enumerate(made.items, 1) for fault in item.faults),
        traced=all(item.traced for item in made.items),
        notes=(*lost_frames_note(asked, found), *caption_notes(settings, scripts, log)),
        lost_count=asked - found,
    )


def _encode_all(layout: Layout, context: RenderContext, stack: ExitStack) -> _EncodedFiles:
    """Encode the items, each followed by its dissolve."""
    counter = _FrameCounter(context, layout.frame_count)
    numbers = _parameter_set_numbers(layout)
    made = _EncodedFiles()
    for place, body in enumerate(layout.bodies):
        number = numbers[body.video.path]
        path = stack.enter_context(temporary_path(context.rendered.parent))
        silent = replace(body, tracks=(), parameter_set=number)
        item = context.render(exact_arguments(silent, path), silent, counter.listener(body.span.count))
        made.items.append(item)
        made.runs.append(item.run)
        made.paths.append(path)
        if place < len(layout.fades):
            fade = layout.fades[place]
            path = stack.enter_context(temporary_path(context.rendered.parent))
            arguments = crossfade_arguments(fade, _fade_encoder(layout, body, number + 1), path)
            made.runs.append(context.run(arguments, counter.listener(fade.frame_count)))
            made.paths.append(path)
    return made


def _fade_encoder(layout: Layout, body: CutSpec, parameter_set: int) -> tuple[str, ...]:
    """Return the output options of a dissolve: all frames, on the layout's time base."""
    unit = f"{layout.unit.numerator}:{layout.unit.denominator}"
    encoder = video_encoder(body.video, body.settings, parameter_set)
    return (*encoder, "-fps_mode:v", "passthrough", "-enc_time_base:v", unit)


def smart_segments(layout: Layout, context: RenderContext, stack: ExitStack) -> VideoSegments:
    """Copy what can be copied of each item, and encode the rest like the source.

    Raises
    ------
    NotSmartError
        If the items are of several videos, or no part of them can be copied.
    """
    first = layout.bodies[0]
    if len({body.video.path for body in layout.bodies}) > 1:
        raise NotSmartError("its items are of several videos")
    plans = [plan_smart(body, follows=place > 0) for place, body in enumerate(layout.bodies)]
    copied = sum(len(plan.packets) for plan in plans)
    if not copied:
        raise NotSmartError("no keyframe lies within any of its items")
    stream = plans[0].stream
    own, fading = stream.numbers[:2]
    segments: list[Segment] = []
    encoded: list[tuple[Path, int]] = []
    commands: list[Command] = []
    faults: list[str] = []
    for place, (body, plan) in enumerate(zip(layout.bodies, plans, strict=True)):
        parts = encode_parts(body, plan, context, stack)
        commands += parts.commands
        encoded += ((path, own) for path in parts.paths.values())
        faults += (f"item {place + 1}: {fault}" for fault in parts.faults)
        segments.append(Segment(smart_data(body, plan, parts.paths), shown_times(plan), body.span.duration_sec))
        if place < len(layout.fades):
            path = stack.enter_context(temporary_path(context.rendered.parent))
            encoder = part_encoder(body, plan, fading)
            commands.append(context.run(crossfade_arguments(layout.fades[place], encoder, path, upright=False)).command)
            encoded.append((path, fading))
            fade = _encoded_segment(path, layout.fades[place].duration_sec, layout.unit)
            segments.append(replace(fade, data=beside_source(fade.data, plan, fading)))
        context.report(0.9 * (place + 1) / len(plans), f"{place + 1} of {len(plans)} items")
    facts = first.video.video
    return VideoSegments(
        method="smart",
        segments=tuple(segments),
        template=stack.enter_context(open_video(first.video)).streams[facts.index],
        extradata=smart_configuration(stream, encoded),
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        commands=tuple(commands),
        faults=tuple(faults),
        notes=(f"{copied} of {layout.frame_count} frames copied", *codec_note(first), *turned_note(first)),
    )


class _FrameCounter:
    """Converts the frame counts of successive segments to progress of the whole."""

    def __init__(self, context: RenderContext, total: int) -> None:
        self._report = context.count_frames(total)
        self._before = 0

    def listener(self, frames: int) -> FrameListener:
        """Return the listener of the next segment, given its number of frames."""
        before = self._before
        self._before += frames
        return lambda done: self._report(before + min(done, frames))


def _parameter_set_numbers(layout: Layout) -> dict[Path, int]:
    """Give each video two numbers of parameter sets, for its items and its dissolves, whose frames may differ."""
    videos = list(dict.fromkeys(body.video.path for body in layout.bodies))
    if 2 * len(videos) > _MAX_PARAMETER_SETS:
        raise ParameterError(f"a compound clip takes items of at most {_MAX_PARAMETER_SETS // 2} videos")
    return {path: 2 * place for place, path in enumerate(videos)}


def _encoded_segment(path: Path, length: Fraction, unit: Fraction) -> Segment:
    """Return a segment that ffmpeg has rendered, with the given times."""
    with open_container(path) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
        times = [packet.pts * packet.time_base / unit for packet in packets if packet.pts is not None]
    shown = np.array([round(time) for time in times], np.int64)
    return Segment(encoded_data(path, len(shown)), shown, length)


def _common_extradata(paths: Sequence[Path], settings: ExportSettings) -> bytes | None:
    """Return the decoder configuration of all segments; None if the first one's is sufficient.

    Raises
    ------
    ExportError
        If no single configuration covers them.
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
    except BitstreamError as error:
        raise ExportError(f"its items can't be joined: {error}") from error
    return sets.record()
