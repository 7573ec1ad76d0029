"""How interesting a stretch of speech is, computed from its words alone, without a model or network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from autoclip.speech.transcript import Sentence, Transcript, Word
from autoclip.speech.vocabulary import Vocabulary, vocabulary_of

WEIGHTS = {
    "question": 0.25, "numbers": 0.15, "emphasis": 0.2, "laughter": 0.15, "names": 0.1, "subject": 0.25, "rate": 0.1,
}  # fmt: skip
"""The weight of each sign of interest. They follow what editors of talks look for; none was fitted."""

_FULL_COUNT = 3
"""Number of signs of one kind in a stretch of speech beyond which more add nothing."""

_LAUGHTER = re.compile(r"^(?:\W*(?:ha|he|hi){2,}h?\W*|\W*laugh(?:s|ter|ing)?\W*)$", re.IGNORECASE)
_BARE = re.compile(r"^\W+|\W+$")
_MIN_SUBJECT_CHARS = 4


@dataclass(frozen=True, slots=True)
class Interest:
    """The signs of interest in a stretch of speech, each in [0, 1].

    Attributes
    ----------
    question, numbers, emphasis, laughter, names : float
        How often such words occur, up to `_FULL_COUNT`.
    subject : float
        Share of words that are more frequent in this stretch than in the rest of the talk.
    rate : float
        How much faster than usual the speech is; 1 means 50 % faster.
    """

    question: float
    numbers: float
    emphasis: float
    laughter: float
    names: float
    subject: float
    rate: float

    @property
    def score(self) -> float:
        """Return the weighted sum, in [0, 1.2]."""
        return sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items())


class InterestMeter:
    """Computes the interest of stretches of one talk.

    Parameters
    ----------
    transcript : Transcript
        The whole talk, the reference for rare words and fast speech.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.vocabulary = vocabulary_of(transcript.language)
        self._cased = is_cased(transcript.words)
        self._counts = Counter(map(bare, transcript.words))
        rates = [_rate(sentence.words) for sentence in transcript.sentences if len(sentence.words) >= _FULL_COUNT]
        self._usual_rate = median(rates) if rates else 0.0

    def of(self, sentences: Sequence[Sentence]) -> Interest:
        """Return the interest of successive sentences."""
        words = [word for sentence in sentences for word in sentence.words]
        said = [bare(word) for word in words]
        return Interest(
            question=_share(sum(sentence.is_question for sentence in sentences[:-1]), full=1),
            numbers=_share(sum(_is_number(text, self.vocabulary) for text in said)),
            emphasis=_share(sum(_is_emphatic(word, self.vocabulary) for word in words)),
            laughter=_share(sum(bool(_LAUGHTER.match(word.text)) for word in words), full=1),
            names=_share(len(self._names(sentences))),
            subject=self._subject(said),
            rate=self._faster(words),
        )

    def _names(self, sentences: Sequence[Sentence]) -> set[str]:
        """Return the capitalized words within sentences, in languages where those are names."""
        if not self.vocabulary.names_are_capitalized or not self._cased:
            return set()
        inner = (word for sentence in sentences for word in sentence.words[1:])
        return {bare(word) for word in inner if word.text[:1].isupper() and bare(word) not in self.vocabulary.common}

    def _subject(self, said: Sequence[str]) -> float:
        """Return the share of words that are said at least twice, and mostly here."""
        here = Counter(text for text in said if len(text) >= _MIN_SUBJECT_CHARS and text not in self.vocabulary.common)
        own = sum(count for text, count in here.items() if count > 1 and 2 * count > self._counts[text])
        return min(1.0, 4 * own / len(said)) if said else 0.0

    def _faster(self, words: Sequence[Word]) -> float:
        if not self._usual_rate or len(words) < _FULL_COUNT:
            return 0.0
        return max(0.0, min(1.0, 2 * (_rate(words) / self._usual_rate - 1)))


def bare(word: Word) -> str:
    """Return a word in lower case, without punctuation around it."""
    return _BARE.sub("", word.text).casefold().replace("’", "'")


def is_dangling(sentence: Sentence, vocabulary: Vocabulary) -> bool:
    """Whether a sentence starts by referring back to what was said before it.

    A question may start with "who" or "which", but not with "is that" or "why did they". One or two words ("Yes.",
    "Right.") are an answer.
    """
    words = sentence.spoken
    said = [bare(word) for word in words]
    if len(said) <= _SHORT_ANSWER:
        return True
    if words[0].text[:1].islower() and is_cased(words[1:]):
        return True
    if said[0] in vocabulary.dangling and not (sentence.is_question and said[0].startswith("wh")):
        return True
    return _opening(said, vocabulary) in vocabulary.pointing


def is_cased(words: Sequence[Word]) -> bool:
    """Whether words use upper and lower case, unlike captions in a single case."""
    letters = [word.text[:1] for word in words if word.text[:1].isalpha()]
    return any(letter.isupper() for letter in letters) and any(letter.islower() for letter in letters)


_SHORT_ANSWER = 2
_LONGEST_OPENING = 4


def _opening(said: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return the first word after the words that open a sentence ("now", "why", "does")."""
    return next((text for text in said[:_LONGEST_OPENING] if text not in vocabulary.opening), "")


def _rate(words: Sequence[Word]) -> float:
    """Return the speaking rate in words per second."""
    length = words[-1].end_sec - words[0].start_sec
    return len(words) / length if length > 0 else 0.0


def _is_number(text: str, vocabulary: Vocabulary) -> bool:
    return any(letter.isdigit() for letter in text) or text in vocabulary.numbers


def _is_emphatic(word: Word, vocabulary: Vocabulary) -> bool:
    return "!" in word.text or bare(word) in vocabulary.emphasis


def _share(count: int, full: int = _FULL_COUNT) -> float:
    return min(1.0, count / full)
