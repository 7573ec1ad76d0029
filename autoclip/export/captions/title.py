"""A title at the top of the frame."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pysubs2

from autoclip.errors import ExportError, from_system
from autoclip.export.captions.ass_file import FONTS
from autoclip.export.captions.styles import CaptionFrame, caption_frame
from autoclip.export.captions.text_widths import drawn_widths
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.speech.caption_files import without_overrides
from autoclip.speech.line_breaks import script_of

_SIZE = 1.15
"""Height of a title line relative to that of captions."""
_EDGE = 0.06
_FADE_MS = 250


def with_title(spec: CutSpec, stack: ExitStack, ffmpeg: Path | None = None) -> CutSpec:
    """Return a cut with its title's script, if a title is set; `stack` removes the script.

    Raises
    ------
    ExportError
        If the script can't be written, or ffmpeg can't draw it.
    """
    settings = spec.settings
    if not settings.title:
        return spec
    frame = caption_frame(spec.video, spec.canvas, settings)
    seconds = float(spec.span.duration_sec)
    shown = min(settings.title_sec or seconds, seconds)
    height = _letter_height(settings.title, frame, ffmpeg)
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autoclip-title-"))) / "title.ass"
    try:
        path.write_text(_script(settings.title, height, shown, frame, fades=shown < seconds), encoding="utf-8")
    except OSError as error:
        raise ExportError(str(from_system(error, path))) from error
    return replace(spec, title=path)


def _letter_height(text: str, frame: CaptionFrame, ffmpeg: Path | None) -> float:
    """Return the height of the letters in pixels: smaller ones if a word is wider than a line."""
    widths = drawn_widths(text.split(), FONTS[script_of(text)], bold=True, ffmpeg=ffmpeg)
    return frame.line_height * min(_SIZE, frame.line_width / (max(widths, default=0.0) or 1.0))


def _script(text: str, height: float, shown_sec: float, frame: CaptionFrame, *, fades: bool) -> str:
    script = pysubs2.SSAFile()
    script.info.update({"PlayResX": str(frame.width), "PlayResY": str(frame.height), "WrapStyle": "0"})
    white = round(255 * frame.white_level)
    script.styles = {
        "Default": pysubs2.SSAStyle(
            fontname=FONTS[script_of(text)],
            fontsize=height,
            bold=True,
            primarycolor=pysubs2.Color(white, white, white),
            outline=_EDGE * height,
            shadow=0.0,
            alignment=pysubs2.Alignment.TOP_CENTER,
            marginl=round(frame.safe.left * frame.width),
            marginr=round(frame.safe.right * frame.width),
            marginv=round(frame.safe.top * frame.height),
            encoding=-1,
        )
    }
    ending = f"{{\\fad(0,{_FADE_MS})}}" if fades else ""
    # ASS has a resolution of 0.01 s: one step more, so that the last frame of the clip keeps the title.
    end = round(shown_sec * 1000) + (0 if fades else 10)
    event = pysubs2.SSAEvent(start=0, end=end, text=ending + without_overrides(text))
    script.events.append(event)
    return str(script.to_string("ass"))
