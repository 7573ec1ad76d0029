"""Caption files: SubRip (SRT), WebVTT, and JSON with the time of every word."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pysubs2
from pydantic_core import to_json

from autoclip.errors import MediaError
from autoclip.speech.captions import CaptionLimits, Cue, make_cues
from autoclip.speech.subtitles import parsed_subtitles
from autoclip.speech.transcript import Transcript, Word
from autoclip.text_files import read_text

CaptionFormat = Literal["srt", "vtt", "json"]
CAPTION_MEDIA_TYPES: dict[CaptionFormat, str] = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "json": "application/json",
}


def caption_text(
    transcript: Transcript,
    wanted: CaptionFormat,
    limits: CaptionLimits = CaptionLimits(),  # noqa: B008 - frozen
) -> str:
    """Return a transcript as a caption file.

    Parameters
    ----------
    transcript : Transcript
        The words, with times on the timeline of the captioned video.
    wanted : str
        ``srt``, ``vtt`` or ``json``: an object with ``language``, ``origin``, ``words`` (each with ``start_sec``,
        ``end_sec``, ``text``, ``confidence``, and whether its times are ``estimated``) and ``cues`` (``start_sec``,
        ``end_sec``, ``lines``). Times have millisecond precision.
    limits : CaptionLimits
        The limits of a cue.
    """
    cues = make_cues(transcript, limits)
    if wanted == "json":
        return to_json(_document(transcript, cues), indent=2).decode() + "\n"
    subtitles = pysubs2.SSAFile()
    for cue in cues:
        lines = [_literal(text, wanted) for text in cue.texts]
        start, end = round(cue.start_sec * 1000), round(cue.end_sec * 1000)
        subtitles.append(pysubs2.SSAEvent(start=start, end=end, text=r"\N".join(lines)))
    return str(subtitles.to_string(wanted))


def read_captions(path: Path) -> tuple[Word, ...]:
    """Read an edited subtitle file. Each cue becomes one `Word` that holds all of its text.

    Raises
    ------
    MediaError
        If the file can't be read, or its format is unknown.
    """
    try:
        subtitles = parsed_subtitles(read_text(path, "utf-8-sig", "replace"))
    except OSError as error:
        raise MediaError(path, f"can't be read: {error.strerror}") from error
    except ValueError as error:
        raise MediaError(path, f"holds no subtitles: {error}; give an SRT, VTT or ASS file") from error
    events = (event for event in subtitles if not event.is_comment)
    return tuple(Word(e.start / 1000, e.end / 1000, html.unescape(" ".join(e.plaintext.split()))) for e in events)


def _literal(text: str, wanted: CaptionFormat) -> str:
    """Escape markup: braces and backslashes for pysubs2, the rest for players."""
    plain = without_overrides(text)
    return html.escape(plain, quote=False) if wanted == "vtt" else plain


def without_overrides(text: str) -> str:
    """Replace what starts an override in ASS, the format that pysubs2 uses internally; ASS has no escape for it."""
    return text.translate(_NO_OVERRIDES)


_NO_OVERRIDES = {ord("{"): "(", ord("}"): ")", ord("\\"): "\uff3c"}


def _document(transcript: Transcript, cues: Sequence[Cue]) -> dict[str, Any]:
    return {
        "language": transcript.language,
        "origin": transcript.origin,
        "words": [
            replace(word, start_sec=round(word.start_sec, 3), end_sec=round(word.end_sec, 3))
            for word in transcript.words
        ],
        "cues": [{"start_sec": cue.start_sec, "end_sec": cue.end_sec, "lines": cue.texts} for cue in cues],
    }
