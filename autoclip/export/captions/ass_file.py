"""Captions as an ASS script for libass, which handles shaping, right-to-left text and fallback fonts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pysubs2

from autoclip.export.captions.styles import CaptionFrame, CaptionStyle, Rgb
from autoclip.speech.caption_files import without_overrides
from autoclip.speech.captions import Cue
from autoclip.speech.line_breaks import script_of
from autoclip.speech.transcript import Word, joined
from autoclip.timeline import Interval

FONTS = {
    "japanese": "Noto Sans CJK JP",
    "korean": "Noto Sans CJK KR",
    "chinese": "Noto Sans CJK SC",
    "arabic": "Noto Sans Arabic",
    "spaced": "Noto Sans",
}
"""If a machine lacks one, its font system chooses another one with the letters."""
_SIZES = {"arabic": 1.25}
"""Size of a script's letters relative to the others: at the same line height, Noto draws Arabic smaller than Latin."""
_ANY_DIRECTION = -1
"""The encoding value with which libass detects a text's base direction from the text."""
_ROUNDING = 1e-6
_BOX_AROUND_EVENT = 4
"""A border style of libass: one box behind all lines. Style 3 draws one box per line, darker where they overlap."""


def ass_text(cues: Sequence[Cue], style: CaptionStyle, frame: CaptionFrame, widths: Mapping[str, float]) -> str:
    """Return cues as an ASS script for a frame size.

    Parameters
    ----------
    cues : sequence of Cue
        The cues, with times from the first frame; ASS has a resolution of 0.01 s.
    style : CaptionStyle
        Their look.
    frame : CaptionFrame
        Their position.
    widths : mapping of str to float
        Widths of their lines in line heights, as `fitting_cues` returns them.
    """
    script = pysubs2.SSAFile()
    script.info.update(
        {
            "ScriptType": "v4.00+",
            "PlayResX": str(frame.width),
            "PlayResY": str(frame.height),
            "WrapStyle": "0",
            "ScaledBorderAndShadow": "yes",
        }
    )
    font, size_share = letters_of(cues)
    height = frame.line_height * size_share
    script.styles = {"Default": _style(style, frame, font, height)}
    for cue in cues:
        widest = max(widths[text] for text in cue.texts)
        size, whole = _size(widest, frame.line_width, height), Interval(cue.start_sec, cue.end_sec)
        script.events.extend(_marked(cue, size, style, frame) if style.spoken else [_event(whole, cue, size)])
    return str(script.to_string("ass"))


def letters_of(cues: Sequence[Cue]) -> tuple[str, float]:
    """Return the font of cues, and the size of its letters in line heights."""
    written = script_of("".join(word.text for cue in cues for word in cue.words))
    return FONTS[written], _SIZES.get(written, 1.0)


def _style(style: CaptionStyle, frame: CaptionFrame, font: str, height: float) -> pysubs2.SSAStyle:
    box = style.box_opacity > 0
    return pysubs2.SSAStyle(
        fontname=font,
        fontsize=height,
        primarycolor=_color(style.text, frame),
        outlinecolor=_color(style.edge, frame),
        backcolor=pysubs2.Color(0, 0, 0, round(255 * (1 - style.box_opacity))),
        bold=style.bold,
        borderstyle=_BOX_AROUND_EVENT if box else 1,
        outline=style.edge_share * frame.line_height,
        shadow=0.25 * frame.line_height if box else 0.0,
        alignment=pysubs2.Alignment.BOTTOM_CENTER,
        marginl=round(frame.safe.left * frame.width),
        marginr=round(frame.safe.right * frame.width),
        marginv=round(frame.safe.bottom * frame.height),
        encoding=_ANY_DIRECTION,
    )


def _color(color: Rgb, frame: CaptionFrame) -> pysubs2.Color:
    return pysubs2.Color(*(round(level * frame.white_level) for level in color))


def _size(widest: float, line_width: float, height: float) -> str:
    """Return the tag that makes the letters of a cue smaller, if its widest line would not fit."""
    return f"\\fs{height * line_width / widest:.1f}" if widest > line_width else ""


def _event(shown: Interval, cue: Cue, size: str, spoken: Word | None = None, mark: str = "") -> pysubs2.SSAEvent:
    text = r"\N".join(_line(line, spoken, mark, size) for line in cue.lines)
    tagged = f"{{{size}}}{text}" if size else text
    return pysubs2.SSAEvent(start=_hundredths(shown.start), end=_hundredths(shown.end), text=tagged)


def _hundredths(seconds: float) -> int:
    """Return milliseconds in ASS's resolution, rounded down, so that a caption is never a frame late for its word."""
    return math.floor(seconds * 100 + _ROUNDING) * 10


def _line(words: Sequence[Word], spoken: Word | None, mark: str, size: str) -> str:
    """Format a line; color changes surround the word that is being spoken, and the size stays."""
    places = [place for place, word in enumerate(words) if word is spoken]
    text = without_overrides(joined(words))
    if not places:
        return text
    before = without_overrides(joined(words[: places[0]]))
    through = without_overrides(joined(words[: places[0] + 1]))
    begin = len(through) - len(without_overrides(words[places[0]].text))
    return (
        f"{before}{text[len(before) : begin]}{{{mark}}}{text[begin : len(through)]}{{\\r{size}}}{text[len(through) :]}"
    )


def _marked(cue: Cue, size: str, style: CaptionStyle, frame: CaptionFrame) -> Iterator[pysubs2.SSAEvent]:
    """Return the cue once per word, each time with that word highlighted from its start to its end."""
    assert style.spoken is not None  # noqa: S101 - the caller has looked
    red, green, blue = (round(level * frame.white_level) for level in style.spoken)
    mark = f"\\1c&H{blue:02X}{green:02X}{red:02X}&"
    at = cue.start_sec
    words = cue.words
    for place, word in enumerate(words):
        next_start = words[place + 1].start_sec if place + 1 < len(words) else cue.end_sec
        start, end = max(at, min(word.start_sec, cue.end_sec)), min(word.end_sec, next_start, cue.end_sec)
        if start > at:
            yield _event(Interval(at, start), cue, size)
        if end > start:
            yield _event(Interval(start, end), cue, size, word, mark)
        at = max(end, start)
    if cue.end_sec > at:
        yield _event(Interval(at, cue.end_sec), cue, size)
