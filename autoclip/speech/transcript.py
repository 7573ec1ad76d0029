"""A transcript: words with their times, and the sentences they form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

SENTENCE_PAUSE_SEC = 1.2
"""A pause this long ends a sentence even without punctuation: speakers pause 0.15 to 0.5 s within clauses and rarely
over 1 s within sentences (Campione & Véronis 2002, "A large-scale multilingual study of silent pause duration").
"""

CLOSING = "\"'”’“‘»«›‹)\\]」』）】〉》"
"""Marks that may close a sentence's mark in, as in `Yes!”`, for a character class; German closes with “ and », and some
with «."""

_SENTENCE_END = re.compile(rf"[.!?…。！？؟।][{CLOSING}]*$")
_BROKEN_OFF = re.compile(rf"(?:\.\.|…)[{CLOSING}]*$")
_QUESTION = re.compile(rf"[?？؟][{CLOSING}]*$")
_ABBREVIATION = re.compile(
    r"^[(\"„“‚‘«»]*(?:(?:[A-Za-z]\.)*[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mrs?|Ms|Drs?|Prof|St|Jr|Sr|Gen|Sen|Rep|Gov|Lt|Col|Capt|"
    r"vs|etc|No|Nr|Hr|Fr|approx|ca|bzw|Mme|Mlle|Sra?|Dra)\.$"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is spoken.

    Attributes
    ----------
    start_sec, end_sec : float
        Seconds from the video's first frame.
    text : str
        As written, with its punctuation, without white space around it.
    confidence : float or None
        The recognizer's confidence, in [0, 1]; 1 if a person corrected the word, None if unknown, as in subtitles.
    estimated : bool
        Whether its times are estimated: a subtitle states when a line is shown, not when each word is spoken.
    """

    start_sec: float
    end_sec: float
    text: str
    confidence: float | None = None
    estimated: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether it stands for a sound that is not a word: ``[laughter]``."""
        return self.text.startswith("[") and self.text.endswith("]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words that form a sentence, or a part of one that ends at a pause."""

    words: tuple[Word, ...]

    @property
    def start_sec(self) -> float:
        """Return where the first word begins, in seconds."""
        return self.words[0].start_sec

    @property
    def end_sec(self) -> float:
        """Return where the last word ends, in seconds."""
        return self.words[-1].end_sec

    @property
    def spoken(self) -> tuple[Word, ...]:
        """Return the words without sounds such as laughter; empty if there is nothing else."""
        return tuple(word for word in self.words if not word.is_sound)

    @property
    def text(self) -> str:
        """Return the spoken words as one line."""
        return joined(self.spoken)

    @property
    def is_question(self) -> bool:
        """Whether it ends with a question mark."""
        return bool(_QUESTION.search((self.spoken or self.words)[-1].text))


@dataclass(frozen=True)
class Transcript:
    """The speech of a video, or of a part of it.

    Attributes
    ----------
    words : tuple of Word
        Ordered by time.
    language : str or None
        ISO 639-1 code; None if unknown.
    origin : str
        Its source, such as ``faster-whisper base`` or ``subtitles en.vtt``.
    """

    words: tuple[Word, ...]
    language: str | None
    origin: str

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Return the words as sentences, ordered by time."""
        return tuple(_sentences(self.words))

    def between(self, start_sec: float, end_sec: float) -> Transcript:
        """Return the words whose middle lies in ``[start_sec, end_sec)``."""
        middle = (start_sec <= (word.start_sec + word.end_sec) / 2 < end_sec for word in self.words)
        return replace(self, words=tuple(word for word, inside in zip(self.words, middle, strict=True) if inside))

    def shifted(self, seconds: float) -> Transcript:
        """Return a copy with every word `seconds` later."""
        moved = (replace(w, start_sec=w.start_sec + seconds, end_sec=w.end_sec + seconds) for w in self.words)
        return replace(self, words=tuple(moved))


def is_finished(sentence: Sentence) -> bool:
    """Whether punctuation ends the sentence, not just a pause or the dots of a sentence that was broken off."""
    last = (sentence.spoken or sentence.words)[-1]
    return ends_sentence(last.text) and not _BROKEN_OFF.search(last.text)


def joined(words: Iterable[Word]) -> str:
    """Join words into one line; scripts without spaces between words (CJK, Thai) get none."""
    text = ""
    for word in words:
        text += word.text if not text or (is_unspaced(text[-1]) and is_unspaced(word.text[:1])) else f" {word.text}"
    return text


def spread(text: str, start_sec: float, end_sec: float) -> tuple[Word, ...]:
    """Give the words of a subtitle times within it, in proportion to their lengths.

    Parameters
    ----------
    text : str
        One or more words.
    start_sec, end_sec : float
        When the subtitle is shown.
    """
    found = text.split()
    total = sum(len(word) + 1 for word in found)
    words, passed = [], 0
    for word in found:
        start = start_sec + (end_sec - start_sec) * passed / total
        passed += len(word) + 1
        words.append(Word(start, start_sec + (end_sec - start_sec) * passed / total, word, estimated=True))
    return tuple(words)


def _sentences(words: Sequence[Word]) -> Iterable[Sentence]:
    """Split words after punctuation that ends sentences, and at long pauses.

    Laughter belongs to the sentence before it.
    """
    pending: list[Word] = []
    for word, following in zip(words, (*words[1:], None), strict=False):
        pending.append(word)
        pause = float("inf") if following is None else following.start_sec - word.end_sec
        said = next((each for each in reversed(pending) if not each.is_sound), word)
        marked = ends_sentence(said.text) and not (following is not None and following.is_sound)
        if marked or pause >= SENTENCE_PAUSE_SEC:
            yield Sentence(tuple(pending))
            pending = []


def ends_sentence(text: str) -> bool:
    """Whether a word bears a mark that ends a sentence; that of an abbreviation ends none."""
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.match(text)


def is_unspaced(letter: str) -> bool:
    """Whether a letter belongs to a script without spaces between words."""
    return bool(re.match(r"[\u0e00-\u0e7f\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]", letter))
