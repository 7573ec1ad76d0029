"""Corrections of a transcript: what people changed stays changed when the video is transcribed again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from autoclip.speech.transcript import Transcript, Word, joined, spread


@dataclass(frozen=True, slots=True)
class Correction:
    """What is said in a span in truth.

    Attributes
    ----------
    start_sec, end_sec : float
        The span, in seconds of the video: that of the words that were replaced.
    text : str
        One or more words; empty where nothing is said.
    """

    start_sec: float
    end_sec: float
    text: str


def corrected(transcript: Transcript, corrections: Iterable[Correction]) -> Transcript:
    """Return a transcript with corrections put in, each at its time.

    A correction replaces the words whose middle lies in its span, whatever the transcriber heard there this time. As
    many words as were there keep each its time; more or fewer share the time of those they replace by their lengths.

    Parameters
    ----------
    transcript : Transcript
        As it was heard.
    corrections : iterable of Correction
        The oldest first; of two for the same words the later counts.
    """
    words = list(transcript.words)
    for correction in corrections:
        words = _with(words, correction)
    return replace(transcript, words=tuple(words))


def merged(corrections: Sequence[Correction], new: Sequence[Correction]) -> tuple[Correction, ...]:
    """Return corrections with newer ones; an older one that a newer one covers is dropped."""
    kept = [
        old
        for old in corrections
        if not any(each.start_sec <= old.start_sec and old.end_sec <= each.end_sec for each in new)
    ]
    return (*kept, *new)


def corrections_between(heard: Transcript, edited: Iterable[Word]) -> tuple[Correction, ...]:
    """Find what somebody changed in a subtitle file of the whole video.

    A cue is compared with the words from its start to the next one's: those of a cue that was removed are gone.

    Parameters
    ----------
    heard : Transcript
        What the file was written from, as `with_short_words` returns it.
    edited : iterable of Word
        Its cues as they are now, as `read_captions` reads them: one `Word` holds all of a cue's text.

    Returns
    -------
    tuple of Correction
        One for each run of words that differ, with the times of those it replaces.
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
        return  # lines were broken again; scripts without spaces come back as one word
    heard = [word.text for word in words]
    for kind, first, end, new_first, new_end in SequenceMatcher(a=heard, b=said, autojunk=False).get_opcodes():
        if kind == "insert" and first:  # what is put in shares the time of the word before it, or of the first one
            yield _correction(words[first - 1 : first], said[new_first - 1 : new_end])
        elif kind == "insert":
            yield _correction(words[:1], said[new_first : new_end + 1])
        elif kind != "equal":
            yield _correction(words[first:end], said[new_first:new_end])


def _correction(old: Sequence[Word], said: Sequence[str]) -> Correction:
    return Correction(old[0].start_sec, old[-1].end_sec, _written(said))


def _written(said: Sequence[str]) -> str:
    """Put words together as their script has it: a line break of Japanese leaves no space."""
    return joined(Word(0, 0, word) for word in said)


def _with(words: list[Word], correction: Correction) -> list[Word]:
    inside = [
        place
        for place, word in enumerate(words)
        if correction.start_sec <= (word.start_sec + word.end_sec) / 2 <= correction.end_sec
    ]
    if not inside:
        said = spread(correction.text, correction.start_sec, correction.end_sec) if correction.text.split() else ()
        return sorted([*words, *said], key=lambda word: word.start_sec)
    old = words[inside[0] : inside[-1] + 1]
    if joined(old) == correction.text:
        return words
    return [*words[: inside[0]], *_in_place_of(old, correction.text.split()), *words[inside[-1] + 1 :]]


def _in_place_of(old: Sequence[Word], said: Sequence[str]) -> tuple[Word, ...]:
    """Return corrected words: as many as before keep each its time; what a person wrote over what was heard is sure."""
    sure = None if old[0].confidence is None else 1.0
    if len(said) == len(old):
        return tuple(replace(word, text=text, confidence=sure) for word, text in zip(old, said, strict=True))
    shared = spread(" ".join(said), old[0].start_sec, old[-1].end_sec) if said else ()
    return tuple(replace(word, confidence=sure, estimated=old[0].estimated) for word in shared)
