"""Burn captions in: write scripts for the cuts of an export, and build the filter that draws them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from autoclip.errors import ExportError, ParameterError
from autoclip.export.captions.ass_file import ass_text, letters_of
from autoclip.export.captions.styles import STYLES, CaptionFrame, CaptionStyle, caption_frame
from autoclip.export.captions.text_widths import drawn_widths
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.settings import ExportSettings
from autoclip.speech.captions import Cue, cues_between, make_cues
from autoclip.speech.cut_words import PlacedCut, cut_transcript
from autoclip.speech.line_breaks import width_of
from autoclip.speech.transcript import Transcript

_NO_GLYPH = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")
_NO_FONT = re.compile(
    r"fontselect: failed to find (?:any|a) (?:fallback )?font|can't find (?:selected )?font provider", re.IGNORECASE
)

_MAX_NAMED_LETTERS = 8

_ROOM = 1.1
"""Room left on a line for letters wider than the mean; a line that is still wider gets smaller letters."""


class CaptionScripts:
    """Writes the script of each cut of an export into a temporary folder, which is removed at the end.

    Parameters
    ----------
    words : Transcript
        The words, with times from the export's first frame.
    frame : CaptionFrame
        The frame that captions are drawn on.
    style : CaptionStyle
        Their look.
    ffmpeg : Path or None
        The ffmpeg that draws them; None uses the installed one.
    stack : ExitStack
        Removes the folder.
    """

    def __init__(
        self, words: Transcript, frame: CaptionFrame, style: CaptionStyle, ffmpeg: Path | None, stack: ExitStack
    ) -> None:
        self._cues, self._widths = fitting_cues(words, frame, style, ffmpeg)
        self._frame = frame
        self._style = style
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autoclip-captions-")))
        self._count = 0

    def between(self, start_sec: float, end_sec: float) -> Path | None:
        """Write the cues shown in a span, with times from its start; return None if there are none."""
        cues = cues_between(self._cues, start_sec, end_sec)
        if not cues:
            return None
        path = self._folder / f"{self._count}.ass"
        self._count += 1
        try:
            path.write_text(ass_text(cues, self._style, self._frame, self._widths), encoding="utf-8")
        except OSError as error:
            raise ExportError(
                f"{path} can't be written: {error.strerror}; free space in the temporary folder"
            ) from error
        return path


def fitting_cues(
    words: Transcript, frame: CaptionFrame, style: CaptionStyle, ffmpeg: Path | None
) -> tuple[tuple[Cue, ...], Mapping[str, float]]:
    """Return cues whose lines are as long as this machine's letters allow, and the width of each line in line heights.

    The mean width of the letters is measured on the text itself.

    Raises
    ------
    ExportError
        As in `drawn_widths`.
    """

    def widths_of(cues: Sequence[Cue]) -> dict[str, float]:
        font, size = letters_of(cues)
        texts = tuple({text: None for cue in cues for text in cue.texts})
        drawn = drawn_widths(texts, font, bold=style.bold, ffmpeg=ffmpeg)
        return {text: size * width for text, width in zip(texts, drawn, strict=True)}

    cues = make_cues(words)
    widths = widths_of(cues)
    if not cues or not any(widths.values()):
        return cues, widths
    fitting = make_cues(words, frame.limits(_ROOM * sum(widths.values()) / sum(map(width_of, widths))))
    return fitting, widths if fitting == cues else widths_of(fitting)


def with_captions(
    spec: CutSpec, transcript: Transcript | None, stack: ExitStack, ffmpeg: Path | None = None
) -> CutSpec:
    """Return a cut with its captions' script, if captions are enabled.

    Raises
    ------
    ParameterError
        If they are enabled, and there is no transcript.
    """
    if spec.settings.captions == "off":
        return spec
    require_words([transcript], spec.settings)
    span = spec.span.interval
    words = cut_transcript([PlacedCut(transcript, span)])
    frame = caption_frame(spec.video, spec.canvas, spec.settings)
    scripts = CaptionScripts(words, frame, STYLES[spec.settings.captions], ffmpeg, stack)
    return replace(spec, captions=scripts.between(0.0, span.duration))


def require_words(transcripts: Sequence[Transcript | None], settings: ExportSettings) -> None:
    """Raise an error if captions are enabled but no source has a transcript.

    Raises
    ------
    ParameterError
        If so; the message says what to do.
    """
    if settings.captions != "off" and not any(transcript is not None for transcript in transcripts):
        raise ParameterError(
            f"captions = {settings.captions} can't be drawn, because there is no transcript; analyze the video with "
            "speech = all, or put its subtitles beside it, or set captions = off"
        )


def caption_notes(settings: ExportSettings, scripts: Sequence[Path | None], log: str) -> tuple[str, ...]:
    """Return notes on missing captions: no words, or letters that no font of this machine has (reported by libass)."""
    if settings.captions == "off":
        return ()
    if not any(scripts):
        return ("captions: there are none, because nobody speaks in the clip",)
    if _NO_FONT.search(log):
        return ("captions: this machine has no font that can be used; install one, such as fonts-noto-core",)
    missing = sorted({int(code, 16) for code in _NO_GLYPH.findall(log)})
    if not missing:
        return ()
    shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in missing[:_MAX_NAMED_LETTERS])
    more = f" and {len(missing) - _MAX_NAMED_LETTERS} more" if len(missing) > _MAX_NAMED_LETTERS else ""
    return (f"captions: no font of this machine has {shown}{more}; install one, such as fonts-noto or fonts-noto-cjk",)
