"""Corrections of a transcript: they are kept when the video is transcribed again."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from autoclip.speech.transcript import Transcript, Word, joined, spread

REACH_SEC = 1.0
"""How far from its time a correction looks for the words it replaced, in seconds: two models place a word up to 0.8 s
apart.
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """The corrected text of a span.

    Attributes
    ----------
    start_sec, end_sec : float
        The span of the replaced words, in seconds of the video.
    text : str
        One or more words; empty where nothing is said.
    replaced : str
        The words that were recognized there when it was made; empty if unknown.
    """

    start_sec: float
    end_sec: float
    text: str
    replaced: str = ""


def corrected(transcript: Transcript, corrections: Iterable[Correction]) -> Transcript:
    """Return a transcript with corrections applied, each at its time.

    A correction replaces the same words as when it was made, where they are recognized this time. If neither these nor
    the corrected words were recognized nearby, it replaces the words whose middle lies in its span. If the number of
    words stays the same, each keeps its time; otherwise they share the replaced words' time by their lengths.

    Parameters
    ----------
    transcript : Transcript
        The transcript before correction.
    corrections : iterable of Correction
        The oldest first; a later correction of the same words wins.
    """
    words = list(transcript.words)
    for correction in corrections:
        words = _with(words, correction)
    return replace(transcript, words=tuple(words))


def with_replaced(correction: Correction, heard: Transcript) -> Correction:
    """Return a correction that knows which words of a transcript it replaces."""
    inside = heard.between(correction.start_sec, correction.end_sec).words
    return replace(correction, replaced=joined(inside))


def merged(corrections: Sequence[Correction], new: Sequence[Correction]) -> tuple[Correction, ...]:
    """Return the corrections plus newer ones. An older correction that a newer one covers is dropped."""
    kept = [
        old
        for old in corrections
        if not any(each.start_sec <= old.start_sec and old.end_sec <= each.end_sec for each in new)
    ]
    return (*kept, *new)


def corrections_between(heard: Transcript, edited: Iterable[Word]) -> tuple[Correction, ...]:
    """Return the corrections that somebody made in a subtitle file of the whole video.

    A cue is compared with the words from its start to the start of the next cue, so words of a removed cue are removed.

    Parameters
    ----------
    heard : Transcript
        The transcript that the file was written from, as `with_short_words` returns it.
    edited : iterable of Word
        Its current cues, as `read_captions` returns them: one `Word` holds all of a cue's text.

    Returns
    -------
    tuple of Correction
        One for each run of changed words, with the times of the words it replaces.
    """
    cues = sorted(edited, key=lambda cue: cue.start_sec)
    if not cues:
        return ()
    bounds = [-math.inf, *(cue.start_sec for cue in cues[1:]), math.inf]
    spans = zip(cues, pairwise(bounds), strict=True)
    return tuple(change for cue, span in spans for change in _changes(heard.between(*span).words, cue))


def _changes(words: Sequence[Word], cue: Word) -> Iterable[Correction]:
    said = cue.text.split()
    if not words:
        if said:
            yield Correction(cue.start_sec, cue.end_sec, _written(said))
        return
    if joined(words).replace(" ", "") == cue.text.replace(" ", ""):
        return  # lines were wrapped differently; scripts without spaces come back as one word
    heard = [word.text for word in words]
    for kind, first, end, new_first, new_end in SequenceMatcher(a=heard, b=said, autojunk=False).get_opcodes():
        if kind == "insert" and first:  # inserted text shares the time of the word before it, or of the first word
            yield _correction(words[first - 1 : first], said[new_first - 1 : new_end])
        elif kind == "insert":
            yield _correction(words[:1], said[new_first : new_end + 1])
        elif kind != "equal":
            yield _correction(words[first:end], said[new_first:new_end])


def _correction(old: Sequence[Word], said: Sequence[str]) -> Correction:
    return Correction(old[0].start_sec, old[-1].end_sec, _written(said))


def _written(said: Sequence[str]) -> str:
    """Join words as their script does: a line break in Japanese adds no space."""
    return joined(Word(0, 0, word) for word in said)


def _with(words: list[Word], correction: Correction) -> list[Word]:
    first, end = _place_of(words, correction)
    if first == end:
        said = spread(correction.text, correction.start_sec, correction.end_sec) if correction.text.split() else ()
        return sorted([*words, *said], key=lambda word: word.start_sec)
    old = words[first:end]
    if joined(old) == correction.text:
        return words
    return [*words[:first], *_in_place_of(old, correction.text.split()), *words[end:]]


def _place_of(words: Sequence[Word], correction: Correction) -> tuple[int, int]:
    """Return the first word that a correction is about, and the first after it; the same if there is none."""
    if correction.replaced:
        runs = {run for text in (correction.replaced, correction.text) for run in _runs_of(text, words, correction)}
        whole = [run for run in runs if not any(run != other and _is_within(run, other) for other in runs)]
        if whole:
            return min(whole, key=lambda run: abs(_middle(words[run[0] : run[1]]) - _middle([correction])))
    inside = [
        place
        for place, word in enumerate(words)
        if correction.start_sec <= (word.start_sec + word.end_sec) / 2 <= correction.end_sec
    ]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _runs_of(text: str, words: Sequence[Word], correction: Correction) -> list[tuple[int, int]]:
    """Return where a text was recognized near a correction: the first word, and the first after it."""
    wanted, found = _letters(text), []
    reach = (correction.start_sec - REACH_SEC, correction.start_sec + REACH_SEC)
    near = (bisect_left(words, at, key=lambda word: word.start_sec) for at in reach)
    for first in range(*near) if wanted else ():
        said, end = "", first
        while len(said) < len(wanted) and end < len(words):
            said, end = said + _letters(words[end].text), end + 1
        found += [(first, end)] if said == wanted else []
    return found


def _is_within(run: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= run[0] and run[1] <= other[1]


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _middle(spans: Sequence[Word | Correction]) -> float:
    return (spans[0].start_sec + spans[-1].end_sec) / 2


def _in_place_of(old: Sequence[Word], said: Sequence[str]) -> tuple[Word, ...]:
    """Return corrected words. An equal number of words keep their times; corrected words have confidence 1."""
    sure = None if old[0].confidence is None else 1.0
    if len(said) == len(old):
        return tuple(replace(word, text=text, confidence=sure) for word, text in zip(old, said, strict=True))
    shared = spread(" ".join(said), old[0].start_sec, old[-1].end_sec) if said else ()
    return tuple(replace(word, confidence=sure, estimated=old[0].estimated) for word in shared)
