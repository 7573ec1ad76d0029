"""Subtitles that came with a video, read as a transcript: SubRip, WebVTT and the other formats of pysubs2."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pysubs2

from autoclip.speech.transcript import Transcript, Word, is_unspaced, spread

SUBTITLE_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
"""Suffixes of files that may hold subtitles."""

_INLINE_TIME = re.compile(r"<(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})>")
_CLASS = re.compile(r"</?c(?:\.[\w.]+)?>")
_TIME_MARK = re.compile(r"\ue000(\d{1,9})\ue001")
_INNER_MARK = re.compile(r"(\S)\ue000\d{1,9}\ue001(?=(\S))")
_MARKS = str.maketrans("", "", "\ue000\ue001")
"""A word's time in milliseconds is encoded between two characters that no text contains, since pysubs2 drops tags."""
_NO_SPEECH = re.compile(r"\[[^\][]*\]|\([^()]*\)|[♪♫#]+|\{[^{}]*\}")
_LAUGHING = re.compile(r"\b(?:laugh|chuckl|giggl|lacht|lachen|gelächter)|\brires?\b|\brisas?\b|笑", re.IGNORECASE)
LAUGHTER = "[laughter]"
"""How laughter is written in a transcript, whatever a subtitle calls it."""
_SPEAKER = re.compile(r"^\s*(?:[-–—]\s*|>{1,3}\s*|[A-Z][A-Z .'’]{1,30}:\s+)")
_MAX_CUE_SEC = 30.0
"""A subtitle that is shown for longer is a title or a mistake, not continuous speech."""

MAX_CUE_CHARACTERS = 2_000
"""Length of a subtitle that is read, with its tags; a longer one is a drawing or hostile.

The time that parsers take grows with the square of it.
"""

_LONGEST_WORD_SEC, _LONGEST_LETTER_SEC = 0.25, 0.06
"""Maximum duration of a word: a constant, and an addition per letter.

English has about 15 letters per second. Captions state when words begin, not when they end.
"""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: its text, and when it is shown, in seconds from the first frame.

    In the text, a word may be preceded by its time, as `with_time_marks` writes it.
    """

    start_sec: float
    end_sec: float
    text: str


def cues_in(text: str) -> tuple[Cue, ...]:
    """Parse the subtitles in the text of a file, ordered by time.

    Raises
    ------
    ValueError
        If the text is in no subtitle format.
    """
    subtitles = parsed_subtitles(with_time_marks(text))
    subtitles.sort()
    return tuple(
        Cue(event.start / 1000, event.end / 1000, html.unescape(event.plaintext))
        for event in subtitles
        if not event.is_comment and not event.is_drawing and event.end > event.start
    )


def parsed_subtitles(text: str) -> pysubs2.SSAFile:
    """Parse the text of a subtitle file, without what is longer than a subtitle; raises as `cues_in`."""
    try:
        return pysubs2.SSAFile.from_string("\n".join(_short_lines(text.removeprefix("\ufeff"))))
    except Exception as error:
        raise ValueError(f"it is in no known subtitle format ({str(error) or type(error).__name__})") from error


def _short_lines(text: str) -> Iterator[str]:
    """Drop lines that are too long, and the end of each subtitle below a time (SubRip, WebVTT) that is."""
    size = -math.inf
    for line in text.split("\n"):
        size = 0 if "-->" in line else size + len(line) + 1
        if max(size, len(line)) <= MAX_CUE_CHARACTERS:
            yield line


def with_time_marks(text: str) -> str:
    """Replace WebVTT's word times (YouTube's ``<00:00:01.200><c> word</c>``) with marks before the words."""
    return _CLASS.sub("", _INLINE_TIME.sub(_time_mark, text.translate(_MARKS)))


def transcript_of(cues: Iterable[Cue], *, language: str | None, origin: str) -> Transcript:
    """Convert subtitles to a transcript.

    Words with times of their own keep them; otherwise the words of a subtitle share its time by their lengths. Text in
    brackets or between note symbols describes sounds and is not speech, except that laughter is kept as `LAUGHTER`. A
    name before a colon is the speaker's. Lines repeated from the previous subtitle, as in live captions that roll up,
    are used once.

    Parameters
    ----------
    cues : iterable of Cue
        Ordered by time.
    language : str or None
        ISO 639-1 code.
    origin : str
        Their source, such as ``subtitles en.vtt``.
    """
    apart = tuple(_apart(_unrolled(cues)))
    timed = any(_TIME_MARK.search(cue.text) for cue in apart)
    return Transcript(tuple(word for cue in apart for word in _words_of(cue, timed=timed)), language, origin)


def _unrolled(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Drop lines that the previous subtitle showed last, and text that is not speech."""
    shown: list[str] = []
    for cue in cues:
        lines = [line for line in map(_spoken, cue.text[:MAX_CUE_CHARACTERS].splitlines()) if line]
        plain = [" ".join(_TIME_MARK.sub(" ", line).split()) for line in lines]
        rolled = next(n for n in range(len(plain), -1, -1) if plain[:n] == shown[len(shown) - n :])
        shown = plain or shown
        if lines[rolled:]:
            yield Cue(cue.start_sec, min(cue.end_sec, cue.start_sec + _MAX_CUE_SEC), " ".join(lines[rolled:]))


def _apart(cues: Iterable[Cue]) -> Iterator[Cue]:
    """End each subtitle where the next one begins. Subtitles that begin together are merged."""
    pending: Cue | None = None
    for cue in cues:
        if pending is not None and cue.start_sec <= pending.start_sec:
            text = f"{pending.text} {cue.text}"[:MAX_CUE_CHARACTERS]
            pending = Cue(pending.start_sec, max(pending.end_sec, cue.end_sec), text)
            continue
        if pending is not None:
            yield replace(pending, end_sec=min(pending.end_sec, cue.start_sec))
        pending = cue
    if pending is not None:
        yield pending


def _words_of(cue: Cue, *, timed: bool) -> Iterator[Word]:
    """Give the words of a subtitle their times.

    If the file states word times, the first word begins with its subtitle.
    """
    marked = _TIME_MARK.split(
        _INNER_MARK.sub(_between_letters, cue.text)
    )  # text, then alternating times and their texts
    times = [cue.start_sec, *(int(time) / 1000 for time in marked[1::2]), cue.end_sec]
    if not timed or times != sorted(times):
        yield from spread(" ".join(marked[::2]), cue.start_sec, cue.end_sec)
        return
    for (start, end), text in zip(pairwise(times), marked[::2], strict=True):
        if text.split():
            last = max(start, min(end, start + _longest(text)))
            yield from (replace(word, estimated=False) for word in spread(text, start, last))


def _between_letters(mark: re.Match[str]) -> str:
    """Drop a mark between two letters, as of syllables; in scripts without spaces it separates words."""
    return mark[0] if is_unspaced(mark[1]) or is_unspaced(mark[2]) else mark[1]


def _longest(text: str) -> float:
    """Return the maximum time that words take to say, in seconds."""
    return sum(_LONGEST_WORD_SEC + _LONGEST_LETTER_SEC * len(word) for word in text.split())


def _time_mark(tag: re.Match[str]) -> str:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in tag.groups())
    return f"\ue000{((60 * hours + minutes) * 60 + seconds) * 1000 + thousandths}\ue001"


def _spoken(line: str) -> str:
    """Return what is said in a line, and where somebody laughs."""
    return _SPEAKER.sub("", _NO_SPEECH.sub(_sound, line)).strip()


def _sound(described: re.Match[str]) -> str:
    """Return what is kept of a described sound: laughter, a sign that something is funny."""
    return f" {LAUGHTER} " if _LAUGHING.search(described[0]) else " "
