"""Whether the first and the last picture of an export are the ones that were asked for, by looking at them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autoclip.export.frame_span import FrameSpan
from autoclip.export.order import CutOrder
from autoclip.media.container import open_container
from autoclip.media.orientation import Orientation
from autoclip.media.video import Video

_WIDTH, _HEIGHT = 64, 36
_CLEARLY = 0.05
"""Difference by which another frame must be nearer before a frame is called wrong: the root mean square of pictures of
mean 0 and deviation 1. The tests' moving pictures differ by more from frame to frame; a still can't be told at all."""
_FLAT = 1.0
"""Deviation in levels of 255 below which a picture is even: its noise is not blown up."""

Look = NDArray[np.float32]


def wrong_ends(rendered: Path, first: CutOrder, last: CutOrder, *, turned: bool) -> list[str]:
    """Compare the first and last frame of a file with the source's frames at and beside those places.

    A frame is called wrong when a neighbour of the one asked for looks clearly more like it. Pictures are compared
    small, grey and normalised, so that encoding, scaling and tone mapping don't matter.

    Parameters
    ----------
    rendered : Path
        The export.
    first, last : CutOrder
        The cuts it starts and ends with; of a single clip, the same.
    turned : bool
        Whether the export's pixels were turned as the source's display matrix says (encoding does, copying does not).

    Returns
    -------
    list of str
        A sentence for each end that is wrong.
    """
    ends = (
        ("first", first, first.span.first, _first_look(rendered)),
        ("last", last, last.span.last, _last_look(rendered)),
    )
    faults = [_fault(name, order, pts, look, turned=turned) for name, order, pts, look in ends]
    return [fault for fault in faults if fault]


def _fault(name: str, order: CutOrder, pts: int, look: Look, *, turned: bool) -> str:
    facts, span = order.video.video, order.span
    orientation = Orientation(facts.rotation, facts.mirrored) if turned else Orientation()
    place = int(np.searchsorted(span.times.shown, pts))
    beside = [int(shown) for shown in span.times.shown[max(place - 1, 0) : place + 2]]
    apart = {p: _difference(look, _small(frame, orientation)) for p, frame in _frames_at(order.video, span, beside)}
    if pts not in apart or min(apart.values()) >= apart[pts] - _CLEARLY:
        return ""
    nearest = min(apart, key=lambda p: apart[p])
    moved = float((nearest - pts) * span.time_base)
    return f"its {name} frame is the source's {abs(moved):.3f} s {'before' if moved < 0 else 'after'}"


def _first_look(path: Path) -> Look:
    with open_container(path) as container:
        return _small(next(container.decode(video=0)), Orientation())


def _last_look(path: Path) -> Look:
    with open_container(path) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None  # noqa: S101 - an opened stream has one
        container.seek(stream.duration or 0, stream=stream)
        frame = None
        for frame in container.decode(stream):  # noqa: B007 - the last one is wanted
            pass
        if frame is None:
            container.seek(0)
            *_, frame = container.decode(stream)
        return _small(frame, Orientation())


def _frames_at(video: Video, span: FrameSpan, wanted: list[int]) -> Iterator[tuple[int, VideoFrame]]:
    """Decode frames of the source by their presentation times, from the keyframe before the first of them."""
    times = span.times
    key = times.keyframe_before(wanted[0])
    margin = round(Fraction(1, 2) / times.time_base)
    with open_container(video.path) as container:
        stream = container.streams[video.video.index]
        assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
        stream.thread_type = "AUTO"
        if int(times.dts[key]) - margin > times.origin:
            _seek(container, stream, int(times.dts[key]), margin)
        for frame in container.decode(stream):
            if frame.pts in wanted:
                yield frame.pts, frame
            if frame.pts is not None and frame.pts >= wanted[-1]:
                return


def _seek(container: InputContainer, stream: VideoStream, dts: int, margin: int) -> None:
    indexed = container.format.name in {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
    container.seek(dts if indexed else dts - margin, stream=stream)


def _small(frame: VideoFrame, orientation: Orientation) -> Look:
    width, height = (_HEIGHT, _WIDTH) if orientation.swaps_sides else (_WIDTH, _HEIGHT)
    grey = orientation.apply(frame.reformat(width=width, height=height, format="gray").to_ndarray()).astype(np.float32)
    normal: Look = (grey - grey.mean()) / max(float(grey.std()), _FLAT)
    return normal


def _difference(one: Look, other: Look) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))
