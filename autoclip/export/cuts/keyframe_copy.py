"""The copy cut: nothing is encoded, so it is fast and lossless, and starts at a keyframe."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from autoclip.errors import ParameterError
from autoclip.export.cuts.cut_spec import CutSpec, picture_changes
from autoclip.export.cuts.frame_span import closed_run
from autoclip.export.cuts.mux import MuxTrack, stamped
from autoclip.media.container import open_video
from autoclip.media.packets import demux_packets

_MP4 = ("mp4", ".mp4")
_MOV = ("mov", ".mov")
_FILE_FORMATS = {
    **dict.fromkeys(("h264", "hevc", "av1", "vp9", "mpeg4"), _MP4),
    **dict.fromkeys(("prores", "dnxhd", "cfhd", "mjpeg", "dvvideo", "h263"), _MOV),
}
"""FFmpeg's name of the file format, and its suffix, by codec: QuickTime for those of editing programs and cameras."""
_MATROSKA = ("matroska", ".mkv")
"""The format of all other codecs; it takes most of them."""


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The packets to copy.

    Attributes
    ----------
    spec : CutSpec
        The actual cut, whose span starts at a keyframe.
    packets : tuple of int
        Indices in ``spec.span.times``, in decoding order.
    container_format, suffix : str
        FFmpeg's name of the file format, and its suffix.
    """

    spec: CutSpec
    packets: tuple[int, ...]
    container_format: str
    suffix: str


def plan_copy(spec: CutSpec) -> CopyPlan:
    """Find the packets of a copy cut.

    It starts at the last keyframe at or before the start, so that no requested frame is missing, and contains no frame
    after the end; where frames are reordered, it may end a few frames earlier.

    Raises
    ------
    ParameterError
        If the source's packets have no times, or the settings request a change that copying can't make.
    """
    _require_copyable(spec)
    span = spec.span
    times = span.times
    first = times.keyframe_before(span.first)
    packets = closed_run(span, first)
    if not packets:
        raise ParameterError(f"{spec.video.path.name}: nothing can be copied there; use cut = exact")
    _require_no_seam(spec, packets[-1] + 1)
    pts = times.pts[list(packets)]
    actual = span.part(int(pts.min()), int(pts.max()))
    actual = replace(actual, start=actual.first)
    file_format, suffix = _FILE_FORMATS.get(spec.video.video.codec, _MATROSKA)
    return CopyPlan(replace(spec, span=actual), packets, file_format, suffix)


def _require_no_seam(spec: CutSpec, behind: int) -> None:
    """Refuse a copy that would end in the middle, where recordings that overlap were put together."""
    span = spec.span
    pts, hidden = span.times.pts[behind:], span.times.hidden[behind:]
    if hidden.size and hidden[0] and np.any(~hidden & (pts <= span.last)):
        raise ParameterError(
            f"{spec.video.path.name}: recordings that overlap were put together there, which copying can't undo; use "
            "cut = exact or smart"
        )


def copied_picture(plan: CopyPlan, stack: ExitStack) -> MuxTrack:
    """Return the video of a copy cut; `stack` keeps its file open."""
    spec = plan.spec
    source = stack.enter_context(open_video(spec.video))
    template = source.streams[spec.video.video.index]
    span = spec.span
    shown = span.times.pts[list(plan.packets)] - span.start
    packets = demux_packets(source, spec.video, span.times, plan.packets)
    data = ((bytes(packet), packet.is_keyframe) for packet in packets)
    return MuxTrack(template, stamped(data, shown, span.end - span.start, span.time_base))


def _require_copyable(spec: CutSpec) -> None:
    asked = picture_changes(spec.settings)
    if spec.settings.normalize_loudness:
        asked.append("normalize_loudness")
    if asked:
        raise ParameterError(f"cut = copy changes nothing, so it can't do {', '.join(asked)}; use cut = exact")
    if not spec.span.times.of_packets:
        raise ParameterError(f"{spec.video.path.name}: its packets carry no times to copy by; use cut = exact")
