"""Find which frame of the source became each frame of an export, from ffmpeg's trace of decoder, filters and encoder.

For each frame that it sends to an encoder, ffmpeg logs the frame's presentation time in the source's container
(``-stats_enc_pre``, since ffmpeg 6.0). No images need to be compared, so this costs nothing, and it also works for
frames that were cropped, faded or tone-mapped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ExportError
from autoclip.export.cuts.frame_span import FrameSpan
from autoclip.media.ffmpeg import local_file

OPTION = "stats_enc_pre"
_UNKNOWN = np.iinfo(np.int64).min
"""FFmpeg's AV_NOPTS_VALUE: the packets of the source have no times."""

Trace = NDArray[np.int64]


def trace_arguments(path: Path) -> tuple[str, ...]:
    """Return the output options that make ffmpeg write the trace of the video to `path`."""
    return (f"-{OPTION}:v", local_file(path), f"-{OPTION}_fmt:v", "{ptsi}")


def read_trace(path: Path) -> Trace | None:
    """Return the source time of each encoded frame, in ticks, shape ``(n,)``; None if ffmpeg had no times.

    Raises
    ------
    ExportError
        If the file is not a trace.
    """
    try:
        trace = np.array(path.read_text(encoding="ascii").split(), np.int64)
    except (OSError, ValueError) as error:
        raise ExportError(f"ffmpeg left no trace of the frames it encoded: {error}") from error
    return trace if (trace != _UNKNOWN).all() else None


def wrong_frames(trace: Trace, span: FrameSpan, frame_rate: float = 0.0) -> list[str]:
    """Compare the encoded frames with those of a span.

    Parameters
    ----------
    trace : ndarray
        The result of `read_trace`.
    span : FrameSpan
        The requested span.
    frame_rate : float
        The constant output rate; 0 if each frame kept its own time. At a constant rate each instant must show the frame
        that the source showed then, within one step of the rate and one frame.

    Returns
    -------
    list of str
        A sentence for each fault; empty if the frames are correct.
    """
    if not trace.size:
        return ["it was made from no frame of the source"]
    asked = np.array(span.pts, np.int64)
    if frame_rate:
        instants = span.start + np.arange(len(trace)) / frame_rate / float(span.time_base)
        apart = np.abs(np.maximum(trace, span.start) - instants) * float(span.time_base)
        longest = int(np.diff([*np.maximum(asked, span.start), span.end]).max())
        most = 1 / frame_rate + float(longest * span.time_base)
        outside = (trace < span.first) | (trace > span.last)
        wrong = np.flatnonzero(outside | (apart > most))
        return [f"its frame {wrong[0] + 1} is {_place(span, trace[wrong[0]])}"] if wrong.size else []
    if np.array_equal(trace, asked):
        return []
    ends = (("first", trace[0], asked[0]), ("last", trace[-1], asked[-1]))
    faults = [
        f"its {name} frame is {_place(span, got)} instead of {_place(span, want)}"
        for name, got, want in ends
        if got != want
    ]
    return faults or [f"it was made from {len(trace)} frames of the source, not from the {len(asked)} requested"]


def _place(span: FrameSpan, pts: np.int64) -> str:
    return f"the source's at {float((int(pts) - span.times.origin) * span.time_base):.3f} s"
