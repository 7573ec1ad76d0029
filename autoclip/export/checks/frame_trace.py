"""Which frame of the source became each frame of an export: ffmpeg's own trace through decoder, filters and encoder.

ffmpeg notes, for each frame it hands to an encoder, the presentation time that frame had in the source's container
(``-stats_enc_pre``, since ffmpeg 6.0). No picture needs to be looked at to tell frames apart, so this costs nothing,
and it holds for pictures that were cropped, faded or tone-mapped, too.
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
"""FFmpeg's AV_NOPTS_VALUE: the packets of the source carried no times."""

Trace = NDArray[np.int64]


def trace_arguments(path: Path) -> tuple[str, ...]:
    """Return the output options that have ffmpeg write the trace of the picture to `path`."""
    return (f"-{OPTION}:v", local_file(path), f"-{OPTION}_fmt:v", "{ptsi}")


def read_trace(path: Path) -> Trace | None:
    """Return the source's time of each frame that was encoded, in ticks, shape ``(n,)``; None where ffmpeg had none.

    Raises
    ------
    ExportError
        If it is not a trace.
    """
    try:
        trace = np.array(path.read_text(encoding="ascii").split(), np.int64)
    except (OSError, ValueError) as error:
        raise ExportError(f"ffmpeg left no trace of the frames it encoded: {error}") from error
    return trace if (trace != _UNKNOWN).all() else None


def wrong_frames(trace: Trace, span: FrameSpan, frame_rate: float = 0.0) -> list[str]:
    """Compare the frames that were encoded with those of a span.

    Parameters
    ----------
    trace : ndarray
        What `read_trace` returned.
    span : FrameSpan
        What was asked for.
    frame_rate : float
        The rate they were brought to; 0 where each kept its own time. At another rate each instant has to show the
        frame that was on the screen then, to one step of the rate and one frame.

    Returns
    -------
    list of str
        A sentence for what is wrong; empty when they are the ones.
    """
    if not trace.size:
        return ["it was made of no frame of the source"]
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
    return faults or [f"it was made of {len(trace)} frames of the source, not of the {len(asked)} asked for"]


def _place(span: FrameSpan, pts: np.int64) -> str:
    return f"the source's at {float((int(pts) - span.times.origin) * span.time_base):.3f} s"
