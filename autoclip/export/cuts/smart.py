"""The smart cut: copies what can be copied, and encodes only the frames before and after it.

The copied part starts at a frame that needs no earlier one and consists of consecutive packets in decoding order, so
that it contains every frame it refers to. The encoded parts share one decoder configuration with it: no copied packet
needs to be changed, and no decoder needs anything beyond the standard. If the copied part starts with a clean random
access picture of HEVC, the frames shown before it are encoded, and an end of sequence is inserted before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

from autoclip.errors import ExportError
from autoclip.export.cuts.cut_spec import CutSpec, picture_changes
from autoclip.export.cuts.exact import cut_filters, video_input
from autoclip.export.cuts.frame_span import FrameSpan, closed_run
from autoclip.export.cuts.nal_units import BitstreamError
from autoclip.export.cuts.source_streams import CONTINUED_CODECS, RandomAccess, SourceStream, read_source_stream
from autoclip.export.video.filters import steady_size
from autoclip.media.container import open_container, open_video
from autoclip.media.ffmpeg import local_file
from autoclip.media.packets import demux_packets
from autoclip.settings import VideoCodec

_MP4, _MATROSKA, _MPEG_TS = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"
_ORDERED_CONTAINERS = {
    "h264": (_MP4, _MATROSKA, _MPEG_TS),
    "hevc": (_MP4, _MATROSKA, _MPEG_TS),
    "vp9": (_MP4, _MATROSKA),
    "av1": (_MP4, _MATROSKA),
}
"""Formats that store each packet's presentation time, by codec."""
_DEEP_FORMAT = "yuv420p10le"
_FORMATS = {
    "h264": ("yuv420p", "yuvj420p"),
    "hevc": ("yuv420p", "yuvj420p", _DEEP_FORMAT),
    "vp9": ("yuv420p", "yuvj420p", _DEEP_FORMAT),
    "av1": ("yuv420p", "yuvj420p", _DEEP_FORMAT),
}
"""Pixel formats that can be encoded like the source's."""
_OWN_NAMES: dict[str, VideoCodec] = {"h264": "h264", "hevc": "h265", "av1": "av1"}


class NotSmartError(Exception):
    """A cut can't be smart; the message is the reason. The exporter catches it and makes an exact cut instead."""


@dataclass(frozen=True, slots=True)
class SmartPlan:
    """Which frames are copied.

    Attributes
    ----------
    span : FrameSpan
        The whole cut.
    packets : tuple of int
        The copied packets, in decoding order, as indices in ``span.times``; empty if no keyframe lies in the span.
    open_start : bool
        Whether the copied packets start with a frame at which a decoder restarts only after an end of sequence.
    head, tail : FrameSpan or None
        The spans that are encoded before and after them.
    stream : SourceStream
        The source's codec.
    """

    span: FrameSpan
    packets: tuple[int, ...]
    open_start: bool
    head: FrameSpan | None
    tail: FrameSpan | None
    stream: SourceStream

    @property
    def number(self) -> int:
        """Return the encoding number of its head and tail."""
        return self.stream.numbers[0]


def plan_smart(spec: CutSpec, *, follows: bool = False) -> SmartPlan:
    """Find what can be copied; `follows` means that something precedes it in the file.

    Raises
    ------
    NotSmartError
        If the source can't be continued by an encoder, or frames must be changed; the message says why.
    MediaError
        If the source can't be read.
    """
    _require_untouched(spec)
    span = spec.span
    try:
        with open_video(spec.video) as container:
            extradata = container.streams[spec.video.video.index].codec_context.extradata or b""
        stream = read_source_stream(spec.video.video.codec, extradata)
        if not stream.numbers[1:]:
            raise NotSmartError("its parameter sets use up the ids there are")
        first, access = _first_access(spec, stream, follows=follows)
    except BitstreamError as error:
        raise NotSmartError(str(error)) from error
    packets = closed_run(span, first) if first is not None else ()
    plan = SmartPlan(span, packets, access is RandomAccess.OPEN, span, None, stream)
    return _with_edges(plan) if packets else plan


def as_exact_cut(spec: CutSpec) -> CutSpec:
    """Return the cut for exact instead of smart cutting: H.265 if H.264 would not preserve what it keeps."""
    facts, settings = spec.video.video, spec.settings
    kept = settings.dynamic_range == "keep" and facts.codec in CONTINUED_CODECS.keys() - {"h264"}
    if not kept or facts.bit_depth <= 8 or settings.video_codec != "h264":  # noqa: PLR2004
        return spec
    return replace(spec, settings=settings.model_copy(update={"video_codec": "h265"}))


def part_arguments(spec: CutSpec, part: FrameSpan, plan: SmartPlan, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that encode a head or tail like the source: size, pixel format, profile, rotation."""
    facts = spec.video.video
    graph = f"[0:{facts.index}]{cut_filters(part)},{steady_size(spec.video)},format={facts.pixel_format}[v]"
    inputs = ("-copyts", "-noautorotate", *video_input(spec.video, part), "-filter_complex", graph, "-map", "[v]")
    return (*inputs, *part_encoder(spec, plan, plan.number), "-f", "mp4", local_file(target))


def part_encoder(spec: CutSpec, plan: SmartPlan, number: int) -> tuple[str, ...]:
    """Return the options that encode frames to be joined with the source's, with an encoding number."""
    unit = f"{plan.span.time_base.numerator}:{plan.span.time_base.denominator}"
    return (
        *("-c:v", plan.stream.encoder, *plan.stream.encoder_options(spec.settings, number)),
        *("-fps_mode:v", "passthrough", "-enc_time_base:v", unit, "-map_metadata", "-1", "-map_chapters", "-1"),
    )


def smart_configuration(stream: SourceStream, encoded: Iterable[tuple[Path, int]]) -> bytes | None:
    """Return the decoder configuration of the source and the numbered encoded files; None for the source's.

    Raises
    ------
    NotSmartError
        If the encoder's output is incompatible with the source.
    """
    known = []
    for path, number in encoded:
        with open_container(path) as container:
            known.append((container.streams.video[0].codec_context.extradata or b"", number))
    try:
        return stream.configuration(known)
    except BitstreamError as error:
        raise NotSmartError(str(error)) from error


def smart_data(spec: CutSpec, plan: SmartPlan, parts: Mapping[str, Path]) -> Iterator[tuple[bytes, bool]]:
    """Read the content of each packet of a smart cut, and whether it is a keyframe, in decoding order.

    Parameters
    ----------
    spec : CutSpec
        The cut.
    plan : SmartPlan
        The plan of the cut.
    parts : mapping of str to Path
        The encoded ``head`` and ``tail``, if the plan has them.

    Raises
    ------
    NotSmartError
        If an encoded part lacks frames, or the source's encoding changes within the cut.
    """
    if plan.head is not None:
        end = plan.stream.end_of_sequence if plan.open_start else b""
        count = plan.head.count
        for place, (data, keyframe) in enumerate(beside_source(encoded_data(parts["head"], count), plan), start=1):
            yield (data + end if place == count else data), keyframe
    if plan.packets:
        yield from _copied_data(spec, plan)
    if plan.tail is not None:
        yield from beside_source(encoded_data(parts["tail"], plan.tail.count), plan)


def beside_source(
    encoded: Iterator[tuple[bytes, bool]], plan: SmartPlan, number: int | None = None
) -> Iterator[tuple[bytes, bool]]:
    """Pass encoded packets on, adapted to the source's, with an encoding number; None uses the plan's.

    Raises
    ------
    NotSmartError
        If the encoder's output is incompatible with the source.
    """
    chosen = plan.number if number is None else number
    for data, keyframe in encoded:
        try:
            yield plan.stream.encoded(data, chosen), keyframe
        except BitstreamError as error:
            raise NotSmartError(str(error)) from error


def _copied_data(spec: CutSpec, plan: SmartPlan) -> Iterator[tuple[bytes, bool]]:
    with open_video(spec.video) as source:
        for packet in demux_packets(source, spec.video, plan.span.times, plan.packets):
            yield _data(packet, plan), packet.is_keyframe


def _data(packet: Packet[Stream], plan: SmartPlan) -> bytes:
    try:
        return plan.stream.copied(bytes(packet))
    except BitstreamError as error:
        raise NotSmartError(f"the source can't be copied ({error})") from error


def shown_times(plan: SmartPlan) -> NDArray[np.int64]:
    """Return the presentation time of each packet of `smart_data`, in ticks from the cut's start."""
    copied = plan.span.times.pts[list(plan.packets)]
    head, tail = (np.array(part.pts if part else (), np.int64) for part in (plan.head, plan.tail))
    shown: NDArray[np.int64] = np.maximum(np.concatenate([head, copied, tail]) - plan.span.start, 0)
    return shown


def encoded_data(path: Path, count: int) -> Iterator[tuple[bytes, bool]]:
    """Read the packets of an encoded part.

    Raises
    ------
    NotSmartError
        If the number of packets is wrong.
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
    """Return the presentation time of each packet of an encoded span, in decoding order, in ticks from its start.

    The first one is shown from the start on, even if the source had no frame before it.
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
    """Set the spans to encode on either side of the copied packets."""
    span = plan.span
    pts = np.array(span.pts)
    copied = span.times.pts[list(plan.packets)]
    head, tail = pts[pts < copied.min()], pts[pts > copied.max()]
    return replace(
        plan,
        head=span.part(int(head[0]), int(head[-1])) if head.size else None,
        tail=span.part(int(tail[0]), int(tail[-1])) if tail.size else None,
    )


def _require_untouched(spec: CutSpec) -> None:
    """Raise an error if frames must be changed, or the source can't be continued by an encoder."""
    settings, facts = spec.settings, spec.video.video
    if changed := picture_changes(settings):
        raise NotSmartError(f"{', '.join(changed)} changes every frame")
    if facts.codec not in CONTINUED_CODECS:
        raise NotSmartError(f"smart cuts are made of {', '.join(CONTINUED_CODECS.values())}, not {facts.codec}")
    if settings.video_codec not in {"h264", _OWN_NAMES.get(facts.codec)}:
        raise NotSmartError(f"a smart cut keeps the source's {facts.codec}, not {settings.video_codec}")
    if facts.pixel_format not in _FORMATS[facts.codec]:
        bits = "8-bit" if facts.codec == "h264" else "8- or 10-bit"
        raise NotSmartError(f"its pixels are {facts.pixel_format}; smart cuts of {facts.codec} need {bits} 4:2:0")
    if settings.dynamic_range == "sdr" and (facts.hdr or facts.pixel_format == _DEEP_FORMAT):
        raise NotSmartError("dynamic_range = sdr makes other pixels of its 10 bits or HDR; keep would copy them")
    if facts.interlaced:
        raise NotSmartError("it is interlaced")
    if spec.video.container not in _ORDERED_CONTAINERS[facts.codec]:
        raise NotSmartError(f"{spec.video.container} does not keep the times that are needed")


def _first_access(spec: CutSpec, stream: SourceStream, *, follows: bool) -> tuple[int | None, RandomAccess]:
    """Return the index of the first packet of the span at which a decoder can start; None without one.

    After other frames, an open start needs encoded frames before it: a decoder drops frames that are still to be shown
    when it comes (ITU-T H.265, C.5.2.2), and only frames encoded here are shown immediately.
    """
    span = spec.span
    inside = span.times.keyframe & (span.times.pts >= span.first) & (span.times.pts <= span.last)
    for index in np.flatnonzero(inside).tolist():
        with open_video(spec.video) as container:
            (packet,) = demux_packets(container, spec.video, span.times, [index])
        access = stream.random_access(bytes(packet))
        bare = follows and span.times.pts[index] == span.first
        if access is not RandomAccess.NONE and not (bare and access is RandomAccess.OPEN):
            return int(index), access
    return None, RandomAccess.NONE
