"""The smart cut: copies what can be copied, and encodes only the frames before and behind it.

The copied part starts at an IDR picture and is a run of packets in decode order, so that every picture it refers to is
in it. What is encoded gets parameter sets under an id of its own beside the source's, in one decoder configuration: no
packet that is copied needs to be changed, and no decoder needs anything but the standard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ExportError
from autoclip.export.cuts.cut_spec import CutSpec, picture_changes
from autoclip.export.cuts.exact import cut_filters, video_input
from autoclip.export.cuts.frame_span import FrameSpan, closed_run
from autoclip.export.cuts.h264 import (
    IDR_SLICE,
    SPS,
    H264FormatError,
    ParameterSets,
    parameter_set_id,
    read_parameter_sets,
    split_lengths,
    split_start_codes,
    unit_type,
    with_lengths,
)
from autoclip.export.video.filters import steady_size
from autoclip.media.container import open_container
from autoclip.media.ffmpeg import local_file
from autoclip.media.packets import demux_packets

_PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""``profile_idc`` (ITU-T H.264, A.2) that x264 can be held to, for 8-bit 4:2:0."""


_ORDERED_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"})
"""Formats that store each packet's presentation time."""


class NotSmartError(Exception):
    """A cut can't be smart; the message is the reason. The exporter catches it and makes an exact cut instead."""


@dataclass(frozen=True, slots=True)
class SmartPlan:
    """Which frames are copied.

    Attributes
    ----------
    span : FrameSpan
        The whole cut.
    first_packet, packet_count : int
        The copied run, in decode order, in ``span.times``; none when no keyframe lies in the span.
    head, tail : FrameSpan or None
        What is encoded before and behind it.
    sets : ParameterSets
        The source's.
    spare_id : int
        An id that none of its parameter sets uses.
    start_codes : bool
        Whether the source's packets have start codes instead of lengths.
    """

    span: FrameSpan
    first_packet: int
    packet_count: int
    head: FrameSpan | None
    tail: FrameSpan | None
    sets: ParameterSets
    spare_id: int
    start_codes: bool


def plan_smart(order: CutSpec) -> SmartPlan:
    """Find what can be copied.

    Raises
    ------
    NotSmartError
        If the source is of a kind that can't be continued, or the picture is to be changed; the message says which.
    MediaError
        If the source can't be read.
    """
    _require_untouched(order)
    span = order.span
    try:
        with open_container(order.video.path) as container:
            extradata = container.streams[order.video.video.index].codec_context.extradata or b""
            sets = read_parameter_sets(extradata)
        start_codes = extradata[:1] != b"\x01"
        first = _first_idr(order, start_codes=start_codes)
    except H264FormatError as error:
        raise NotSmartError(str(error)) from error
    if sets.profile not in _PROFILES:
        raise NotSmartError(f"its H.264 profile ({sets.profile}) is one that is not encoded here")
    count = closed_run(span, first) if first is not None else 0
    spare_id = next(number for number in range(32) if number not in sets.ids)
    plan = SmartPlan(span, first or 0, count, span, None, sets, spare_id, start_codes)
    return _with_edges(plan) if count else plan


def part_arguments(order: CutSpec, part: FrameSpan, plan: SmartPlan, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that encode a head or tail like the source: same size, pixels, profile and turn."""
    graph = f"[0:{order.video.video.index}]{cut_filters(part)},{steady_size(order.video)}[v]"
    inputs = ("-copyts", "-noautorotate", *video_input(order.video, part), "-filter_complex", graph, "-map", "[v]")
    return (*inputs, *part_encoder(order, plan, plan.spare_id), "-f", "mp4", local_file(target))


def part_encoder(order: CutSpec, plan: SmartPlan, number: int) -> tuple[str, ...]:
    """Return the options that encode pictures to stand beside the source's, with parameter sets of that number."""
    unit = f"{plan.span.time_base.numerator}:{plan.span.time_base.denominator}"
    return (
        *("-c:v", "libx264", "-preset", order.settings.encoder_preset, "-crf", str(order.settings.crf)),
        *("-profile:v", _PROFILES[plan.sets.profile], "-bf", "0", "-x264-params", f"sps-id={number}"),
        *("-fps_mode:v", "passthrough", "-enc_time_base:v", unit, "-map_metadata", "-1", "-map_chapters", "-1"),
    )


def joined_sets(sets: ParameterSets, encoded: Iterable[Path]) -> ParameterSets:
    """Return the source's parameter sets with those of the encoded parts.

    Raises
    ------
    NotSmartError
        If the encoder made what does not fit the source.
    """
    try:
        for path in encoded:
            with open_container(path) as container:
                sets = sets.joined(read_parameter_sets(container.streams.video[0].codec_context.extradata or b""))
    except H264FormatError as error:
        raise NotSmartError(str(error)) from error
    return sets


def smart_data(order: CutSpec, plan: SmartPlan, parts: Mapping[str, Path]) -> Iterator[tuple[bytes, bool]]:
    """Read what each packet of a smart cut holds, and whether it is a keyframe, in decode order.

    Parameters
    ----------
    order : CutSpec
        The cut.
    plan : SmartPlan
        What is copied.
    parts : mapping of str to Path
        The encoded ``head`` and ``tail``, where the plan has them.

    Raises
    ------
    NotSmartError
        If an encoded part has not the frames it should have, or the source's encoding changes on the way.
    """
    if plan.head is not None:
        yield from encoded_data(parts["head"], plan.head.count)
    if plan.packet_count:
        with open_container(order.video.path) as source:
            run = demux_packets(source, order.video, plan.span.times, plan.first_packet, plan.packet_count)
            for packet in run:
                data = with_lengths(bytes(packet)) if plan.start_codes else bytes(packet)
                try:
                    _require_same_sets(data, plan.sets)
                except H264FormatError as error:
                    raise NotSmartError(f"the source is damaged ({error})") from error
                yield data, packet.is_keyframe
    if plan.tail is not None:
        yield from encoded_data(parts["tail"], plan.tail.count)


def shown_times(plan: SmartPlan) -> NDArray[np.int64]:
    """Return when each packet of `smart_data` is shown, in ticks from the cut's start."""
    copied = plan.span.times.pts[plan.first_packet : plan.first_packet + plan.packet_count]
    head, tail = (np.array(part.pts if part else (), np.int64) for part in (plan.head, plan.tail))
    shown: NDArray[np.int64] = np.maximum(np.concatenate([head, copied, tail]) - plan.span.start, 0)
    return shown


def encoded_data(path: Path, count: int) -> Iterator[tuple[bytes, bool]]:
    """Read the packets of a part that was encoded for this.

    Raises
    ------
    NotSmartError
        If there are not as many as there should be.
    """
    found = 0
    with open_container(path) as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                found += 1
                yield bytes(packet), packet.is_keyframe
    if found != count:
        raise NotSmartError(f"the source gave {found} frames where its packets promised {count}")


def encoded_times(path: Path, span: FrameSpan) -> NDArray[np.int64]:
    """Return when each packet of a span that was encoded is shown, in decode order, in ticks from the span's start.

    The first one is shown from the start on, even if the source gave nothing before it.
    """
    with open_container(path) as container:
        pts = [packet.pts for packet in container.demux(container.streams.video[0]) if packet.size]
    if len(pts) != span.count:
        raise ExportError(f"ffmpeg encoded {len(pts)} frames instead of {span.count}; use another ffmpeg")
    shown: NDArray[np.int64] = np.maximum(np.array(span.pts, np.int64) - span.start, 0)
    shown[0] = 0
    ranks: NDArray[np.intp] = np.argsort(np.argsort(np.array(pts, np.int64)))
    return shown[ranks]


def _with_edges(plan: SmartPlan) -> SmartPlan:
    """Set what is left to encode on either side of the copied run."""
    span = plan.span
    pts = np.array(span.pts)
    copied = span.times.pts[plan.first_packet : plan.first_packet + plan.packet_count]
    head, tail = pts[pts < copied.min()], pts[pts > copied.max()]
    return replace(
        plan,
        head=span.part(int(head[0]), int(head[-1])) if head.size else None,
        tail=span.part(int(tail[0]), int(tail[-1])) if tail.size else None,
    )


def _require_untouched(order: CutSpec) -> None:
    """Refuse when the picture is to be changed, or the source is of a kind that can't be continued."""
    settings, facts = order.settings, order.video.video
    if changed := picture_changes(settings):
        raise NotSmartError(f"{', '.join(changed)} changes every frame")
    if facts.codec != "h264" or settings.video_codec != "h264":
        kept = facts.codec if facts.codec != "h264" else settings.video_codec
        raise NotSmartError(f"smart cuts are made of H.264 in H.264 only, not {kept}")
    if facts.bit_depth != 8 or not facts.pixel_format.endswith("420p"):  # noqa: PLR2004
        raise NotSmartError(f"its pixels are {facts.pixel_format}; smart cuts need 8-bit 4:2:0")
    if facts.interlaced:
        raise NotSmartError("it is interlaced")
    if order.video.container not in _ORDERED_CONTAINERS:
        raise NotSmartError(f"{order.video.container} does not keep the times that are needed")


def _first_idr(order: CutSpec, *, start_codes: bool) -> int | None:
    """Return the index of the first packet of the span at which a decoder can start afresh; None without one."""
    span = order.span
    split = split_start_codes if start_codes else split_lengths
    inside = span.times.keyframe & (span.times.pts >= span.first) & (span.times.pts <= span.last)
    for index in np.flatnonzero(inside).tolist():
        with open_container(order.video.path) as container:
            (packet,) = demux_packets(container, order.video, span.times, index, 1)
            if any(unit_type(unit) == IDR_SLICE for unit in split(bytes(packet))):
                return int(index)
    return None


def _require_same_sets(data: bytes, sets: ParameterSets) -> None:
    known = {parameter_set_id(unit): unit for unit in sets.sequence}
    for unit in split_lengths(data):
        if unit_type(unit) == SPS and known.get(parameter_set_id(unit)) != unit:
            raise NotSmartError("its encoding changes on the way")
