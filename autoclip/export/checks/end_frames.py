"""Check that the first and last frame of an export are the requested ones, by comparing images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.frame_span import FrameSpan
from autoclip.media.container import open_container, open_video
from autoclip.media.frames import open_frames
from autoclip.media.orientation import Orientation
from autoclip.media.packets import decode_as_counted
from autoclip.media.probe import probe
from autoclip.media.video import Video

_WIDTH, _HEIGHT = 64, 36
_CLEARLY = 0.05
"""Difference by which a neighboring frame must be closer before a frame is called wrong: the root mean square
difference of frames normalized to mean 0 and deviation 1.

The tests' moving videos differ by more from frame to frame; in a still, frames can't be distinguished at all.
"""
_INTO_SHARE = 0.05
_FLAT = 1.0
"""Deviation in levels of 255 below which a frame is flat; its noise is not amplified."""

Look = NDArray[np.float32]


def wrong_ends(rendered: Path, first: CutSpec, last: CutSpec, *, turned: bool) -> list[str]:
    """Compare the first and last frame of a file with the source's frames at and next to those places.

    A frame is wrong if a neighbor of the requested frame looks clearly more like it. Frames are compared small, gray
    and normalized, so that encoding, scaling and tone mapping don't matter. The comparison decodes up to ten seconds at
    each end. It is for copied frames, and for an ffmpeg that can't trace the frames it encodes.

    Parameters
    ----------
    rendered : Path
        The export.
    first, last : CutSpec
        The cuts it starts and ends with; equal for a single clip.
    turned : bool
        Whether the export's pixels were rotated by the source's display matrix (encoding does that, copying does not).

    Returns
    -------
    list of str
        A sentence for each end that is wrong.
    """
    with open_container(rendered) as container:
        start = _small(next(container.decode(video=0)), Orientation())
    faults = [_fault("first", first, first.span.first, start, turned=turned)]
    probed = probe(rendered)
    with open_frames(rendered, probed, in_runs=True) as frames:
        found = frames.at(probed.duration_sec - _INTO_SHARE * last.span.frame_sec)
        end = _small(found.frame, Orientation())
    faults.append(_fault("last", last, last.span.last, end, turned=turned))
    return [fault for fault in faults if fault]


def _fault(name: str, spec: CutSpec, pts: int, look: Look, *, turned: bool) -> str:
    facts, span = spec.video.video, spec.span
    orientation = Orientation(facts.rotation, facts.mirrored) if turned else Orientation()
    place = int(np.searchsorted(span.times.shown, pts))
    beside = [int(shown) for shown in span.times.shown[max(place - 1, 0) : place + 2]]
    apart = {p: _difference(look, _small(frame, orientation)) for p, frame in _frames_at(spec.video, span, beside)}
    if pts not in apart or min(apart.values()) >= apart[pts] - _CLEARLY:
        return ""
    nearest = min(apart, key=lambda p: apart[p])
    moved = float((nearest - pts) * span.time_base)
    return f"its {name} frame is the source's {abs(moved):.3f} s {'before' if moved < 0 else 'after'}"


def _frames_at(video: Video, span: FrameSpan, wanted: list[int]) -> Iterator[tuple[int, VideoFrame]]:
    """Read frames of the source by their presentation times."""
    times = span.times
    if not times.of_packets:
        yield from _counted_frames(video, span, wanted)
        return
    with open_frames(video.path, video, in_runs=True) as frames:
        for pts in wanted:
            # A little after the frame's start, because seconds are rounded.
            instant = float((pts - times.origin) * times.time_base) + _INTO_SHARE * span.frame_sec
            yield pts, frames.at(instant).frame


def _counted_frames(video: Video, span: FrameSpan, wanted: list[int]) -> Iterator[tuple[int, VideoFrame]]:
    """Read frames, by their numbers, of a source whose packets have no times."""
    numbers = {span.times.number_of(pts): pts for pts in wanted}
    with open_video(video) as container:
        for number, frame in enumerate(decode_as_counted(container, video, span.times)):
            if number in numbers:
                yield numbers[number], frame
            if number >= max(numbers):
                return


def _small(frame: VideoFrame, orientation: Orientation) -> Look:
    width, height = (_HEIGHT, _WIDTH) if orientation.swaps_sides else (_WIDTH, _HEIGHT)
    gray = orientation.apply(frame.reformat(width=width, height=height, format="gray").to_ndarray()).astype(np.float32)
    normal: Look = (gray - gray.mean()) / max(float(gray.std()), _FLAT)
    return normal


def _difference(one: Look, other: Look) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))
