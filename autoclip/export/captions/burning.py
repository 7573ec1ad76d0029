"""Burn captions in: scripts for the cuts of an export, and the filter that draws them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from autoclip.errors import ExportError, ParameterError
from autoclip.export.captions.ass_file import ass_text
from autoclip.export.captions.styles import STYLES, CaptionFrame, caption_frame
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.settings import ExportSettings
from autoclip.speech.captions import Cue, cues_between, make_cues
from autoclip.speech.cut_words import PlacedCut, cut_transcript
from autoclip.speech.transcript import Transcript

_NO_GLYPH = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")
_NO_FONT = re.compile(
    r"fontselect: failed to find (?:any|a) (?:fallback )?font|can't find (?:selected )?font provider", re.IGNORECASE
)

_LETTERS_TOLD = 8


class CaptionScripts:
    """Writes the script of each cut of an export into a folder of its own, which is removed in the end.

    Parameters
    ----------
    cues : sequence of Cue
        Times from the export's first frame on.
    frame : CaptionFrame
        The picture.
    settings : ExportSettings
        With the style.
    stack : ExitStack
        Removes the folder.
    """

    def __init__(self, cues: Sequence[Cue], frame: CaptionFrame, settings: ExportSettings, stack: ExitStack) -> None:
        self._cues = cues
        self._frame = frame
        self._style = STYLES[settings.captions]
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autoclip-captions-")))
        self._count = 0

    def between(self, start_sec: float, end_sec: float) -> Path | None:
        """Write what is shown in a span, counted from its start; None where nothing is."""
        cues = cues_between(self._cues, start_sec, end_sec)
        if not cues:
            return None
        path = self._folder / f"{self._count}.ass"
        self._count += 1
        try:
            path.write_text(ass_text(cues, self._style, self._frame), encoding="utf-8")
        except OSError as error:
            raise ExportError(
                f"{path} can't be written: {error.strerror}; free space in the temporary folder"
            ) from error
        return path


def with_captions(order: CutSpec, transcript: Transcript | None, stack: ExitStack) -> CutSpec:
    """Return a cut with its captions' script, if captions are wanted.

    Raises
    ------
    ParameterError
        If they are, and it is not known what is said.
    """
    if order.settings.captions == "off":
        return order
    require_words([transcript], order.settings)
    span = order.span.interval
    words = cut_transcript([PlacedCut(transcript, span)])
    frame = caption_frame(order.video, order.canvas, order.settings)
    scripts = CaptionScripts(make_cues(words, frame.limits()), frame, order.settings, stack)
    return replace(order, captions=scripts.between(0.0, span.duration))


def require_words(transcripts: Sequence[Transcript | None], settings: ExportSettings) -> None:
    """Refuse captions where of none of the sources it is known what is said.

    Raises
    ------
    ParameterError
        With the way out.
    """
    if settings.captions != "off" and not any(transcript is not None for transcript in transcripts):
        raise ParameterError(
            f"captions = {settings.captions} needs to know what is said, and there is no transcript; analyze the video "
            "with speech = all, or put its subtitles beside it, or set captions = off"
        )


def caption_notes(settings: ExportSettings, scripts: Sequence[Path | None], log: str) -> tuple[str, ...]:
    """Tell what captions lack: words, or letters that no font of this machine has, as libass said while it drew."""
    if settings.captions == "off":
        return ()
    if not any(scripts):
        return ("captions: there are none, since nobody speaks in it",)
    if _NO_FONT.search(log):
        return ("captions: this machine has no font that can be used; install one, such as fonts-noto-core",)
    missing = sorted({int(code, 16) for code in _NO_GLYPH.findall(log)})
    if not missing:
        return ()
    shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in missing[:_LETTERS_TOLD])
    more = f" and {len(missing) - _LETTERS_TOLD} more" if len(missing) > _LETTERS_TOLD else ""
    return (f"captions: no font of this machine has {shown}{more}; install one, such as fonts-noto or fonts-noto-cjk",)
