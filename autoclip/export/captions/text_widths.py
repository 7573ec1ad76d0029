"""How wide texts are, as libass draws them with the fonts of this machine."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pysubs2

from autoclip.errors import ExportError, from_system
from autoclip.export.video.filters import escaped
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.speech.caption_files import without_overrides
from autoclip.speech.line_breaks import width_of

_FONT_SIZE = 32
_SEEN_LEVEL = 40
"""Luma in 8 bits from which a pixel belongs to a letter; that of black is 16."""
_FRAME = re.compile(r"frame:(\d+)")
_WIDTH = re.compile(r"lavfi\.bbox\.w=(\d+)")


def drawn_widths(texts: Sequence[str], font: str, *, bold: bool, ffmpeg: Path | None) -> tuple[float, ...]:
    """Return the width of each text on one line, relative to the font size.

    A machine without the font draws with another one, whose letters can be a third wider. Each text is therefore drawn
    on a frame of its own, and its bounding box is taken. 30 texts take 0.1 s.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    font : str
        Family of the font.
    bold : bool
        Whether they are drawn in bold letters.
    ffmpeg : Path or None
        The ffmpeg that draws them; None uses the installed one.

    Raises
    ------
    ExportError
        If the temporary folder is full, or ffmpeg fails.
    """
    if not texts:
        return ()
    width = 2 * _FONT_SIZE * (2 + max(map(width_of, texts)))
    with tempfile.TemporaryDirectory(prefix="autoclip-widths-") as folder:
        script, found = Path(folder) / "texts.ass", Path(folder) / "widths.txt"
        try:
            script.write_text(_script(texts, font, width, bold=bold), encoding="utf-8")
        except OSError as error:
            raise ExportError(str(from_system(error, script))) from error
        source = f"color=black:size={width}x{2 * _FONT_SIZE}:rate=1:duration={len(texts)}"
        boxes = f"bbox=min_val={_SEEN_LEVEL},metadata=mode=print:key=lavfi.bbox.w:file={escaped(str(found))}"
        drawn = f"ass=filename={escaped(str(script))},{boxes}"
        run_ffmpeg(("-f", "lavfi", "-i", source, "-vf", drawn, "-f", "null", "-"), executable=ffmpeg)
        report = found.read_text(encoding="utf-8")
    frames = [int(number) for number in _FRAME.findall(report)]
    pixels = dict(zip(frames, map(int, _WIDTH.findall(report)), strict=True))
    return tuple(pixels.get(number, 0) / _FONT_SIZE for number in range(len(texts)))


def _script(texts: Sequence[str], font: str, width: int, *, bold: bool) -> str:
    """Return an ASS script that shows each text for one second."""
    script = pysubs2.SSAFile()
    script.info.update({"PlayResX": str(width), "PlayResY": str(2 * _FONT_SIZE), "WrapStyle": "2"})
    style = pysubs2.SSAStyle(fontname=font, fontsize=_FONT_SIZE, bold=bold, outline=0.0, shadow=0.0, encoding=-1)
    script.styles = {"Default": style}
    for second, text in enumerate(map(without_overrides, texts)):
        script.events.append(pysubs2.SSAEvent(start=1000 * second, end=1000 * (second + 1), text=text))
    return str(script.to_string("ass"))
