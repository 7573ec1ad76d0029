"""Captions of a compound clip: those of its items, on the common timeline."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

from autoclip.export.captions.burning import CaptionScripts, require_words
from autoclip.export.captions.styles import STYLES, caption_frame
from autoclip.export.compound.layout import Layout, SourceSpan, segment_lengths
from autoclip.speech.cut_words import PlacedCut, cut_transcript
from autoclip.timeline import Interval


def with_compound_captions(
    layout: Layout, items: Sequence[SourceSpan], stack: ExitStack, ffmpeg: Path | None = None
) -> Layout:
    """Return a layout whose items and dissolves have their captions' scripts, if captions are enabled.

    Raises
    ------
    ParameterError
        If they are enabled, and no item has a transcript.
    """
    first = layout.bodies[0]
    if first.settings.captions == "off":
        return layout
    require_words([item.transcript for item in items], first.settings)
    starts = [float(start) for start in accumulate(segment_lengths(layout), initial=0)]
    frame = caption_frame(first.video, first.canvas, first.settings)
    words = cut_transcript(_placed(layout, items, starts))
    scripts = CaptionScripts(words, frame, STYLES[first.settings.captions], ffmpeg, stack)
    spans = list(pairwise(starts))
    step = 2 if layout.fades else 1
    return replace(
        layout,
        bodies=tuple(
            replace(body, captions=scripts.between(*span))
            for body, span in zip(layout.bodies, spans[::step], strict=True)
        ),
        fades=tuple(
            replace(fade, captions=scripts.between(*span))
            for fade, span in zip(layout.fades, spans[1::2], strict=False)
        ),
    )


def _placed(layout: Layout, items: Sequence[SourceSpan], starts: Sequence[float]) -> list[PlacedCut]:
    """Place whole items, including their parts of the dissolves, at the time of their first frame."""
    if not layout.fades:
        pairs = zip(layout.bodies, items, strict=True)
        return [PlacedCut(i.transcript, b.span.interval, starts[at]) for at, (b, i) in enumerate(pairs)]
    placed, length = [], float(layout.fades[0].duration_sec)
    for at, (body, item) in enumerate(zip(layout.bodies, items, strict=True)):
        fade_in, fade_out = (length if at else 0.0), (length if at < len(layout.fades) else 0.0)
        start = starts[2 * at] - fade_in
        interval = Interval(body.span.interval.start - fade_in, body.span.interval.end + fade_out)
        placed.append(PlacedCut(item.transcript, interval, start, fade_in, fade_out))
    return placed
