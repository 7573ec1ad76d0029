"""Subtitles that came with a video: SubRip, WebVTT and whatever else pysubs2 reads, as a transcript."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pysubs2

from autoclip.speech.transcript import Transcript, Word, spread

SUBTITLE_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
"""Endings of files that may hold subtitles."""

_INLINE_TIME = re.compile(r"<\d[\d:.]*>|</?c(?:\.[\w.]+)?>")
_NO_SPEECH = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫#]+|\{[^}]*\}")
_LAUGHING = re.compile(r"\b(?:laugh|chuckl|giggl|lacht|lachen|gelächter)|\brires?\b|\brisas?\b|笑", re.IGNORECASE)
LAUGHTER = "[laughter]"
"""What stands for laughter in a transcript, whatever a subtitle calls it."""
_SPEAKER = re.compile(r"^\s*(?:[-–—]\s*|>{1,3}\s*|[A-Z][A-Z .'’]{1,30}:\s+)")
_MAX_CUE_SEC = 30.0
"""A subtitle that is shown for longer is a title or a mistake, not something said all the while."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: its text, and when it is shown, in seconds from the video's first frame."""

    start_sec: float
    end_sec: float
    text: str


def cues_in(text: str) -> tuple[Cue, ...]:
    """Read the subtitles in the text of a file, by time.

    Raises
    ------
    ValueError
        If it is in no format of subtitles.
    """
    try:
        subtitles = pysubs2.SSAFile.from_string(_INLINE_TIME.sub("", text.removeprefix("\ufeff")))
    except (pysubs2.exceptions.Pysubs2Error, ValueError, KeyError, IndexError) as error:
        raise ValueError(f"it is in no format of subtitles ({str(error) or type(error).__name__})") from error
    subtitles.sort()
    return tuple(
        Cue(event.start / 1000, event.end / 1000, html.unescape(event.plaintext))
        for event in subtitles
        if not event.is_comment and not event.is_drawing and event.end > event.start
    )


def transcript_of(cues: Iterable[Cue], *, language: str | None, origin: str) -> Transcript:
    """Make a transcript of subtitles; the words of each share its time by their lengths.

    What is in brackets or between notes describes sounds and is no speech, though laughter is kept as `LAUGHTER`; a
    name before a colon is the speaker's, and a line that rolls up from the subtitle before (as in those that are made
    live) is said once.

    Parameters
    ----------
    cues : iterable of Cue
        By time.
    language : str or None
        ISO 639-1 code.
    origin : str
        Where they come from, such as ``subtitles en.vtt``.
    """
    words: list[Word] = []
    for cue in _unrolled(cues):
        start = max(cue.start_sec, words[-1].end_sec if words else 0.0)
        end = min(cue.end_sec, cue.start_sec + _MAX_CUE_SEC)
        if end > start:
            words.extend(spread(cue.text, start, end))
    return Transcript(tuple(words), language, origin)


def _unrolled(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Drop lines that the subtitle before showed last, and what is no speech."""
    shown: list[str] = []
    for cue in cues:
        lines = [line for line in map(_spoken, cue.text.splitlines()) if line]
        fresh = lines
        while fresh and fresh[0] in shown:
            fresh = fresh[1:]
        shown = lines
        if fresh:
            yield Cue(cue.start_sec, cue.end_sec, " ".join(fresh))


def _spoken(line: str) -> str:
    """Return what is said of a line, and where somebody laughs."""
    return _SPEAKER.sub("", _NO_SPEECH.sub(_sound, line)).strip()


def _sound(described: re.Match[str]) -> str:
    """Return what stays of a described sound: laughter, which tells that something is funny."""
    return f" {LAUGHTER} " if _LAUGHING.search(described[0]) else " "
