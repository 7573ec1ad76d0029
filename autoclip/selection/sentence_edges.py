"""Edges where there is speech: at the start of a sentence, at the end of one, and never inside a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autoclip.selection.boundaries import Boundary
from autoclip.selection.pauses import MIN_PAUSE_SEC, Pauses, find_pauses
from autoclip.signals.table import Features
from autoclip.speech.transcript import Sentence, Transcript, Word
from autoclip.timeline import Interval

Times = NDArray[np.float64]

LEAD_IN_SEC, LEAD_OUT_SEC = 0.4, 0.15
"""Silence kept before a first word and behind a last one, for the breath and the decay; at most half the pause.
Recognizers hear a word that follows a pause up to 0.4 s early (of Whisper base's, 1 in 20 is earlier still): a shorter
lead-in would begin within the word by their times."""

SPREAD_ERROR_SEC = 0.8
"""How far the times of a subtitle's words may be off: they share its time by their lengths."""

HEARD_ERROR_SEC = 0.2
"""How far from where words were heard a pause of the sound is looked for: a small model hears both ends of words up to
0.2 s late in three of four cases."""

SHORTEST_OVERLAP_SEC = 0.05
"""What a pause must have in common with the gap between words and the error around it: the envelope tells 0.02 s
apart."""

WORD_MARGIN_SEC = 0.05
"""Distance kept from where a word was heard, where the pause has room for it."""

LONGEST_DECAY_SEC = 0.3
"""A word's end that was heard later than this in a pause was heard late: speech dies away faster."""

LONGEST_SENTENCE_SEC = 25.0
"""A sentence takes 5 to 10 s; what takes longer has lost its marks, or never had any."""

UNMARKED_PAUSE_SEC = 0.4
"""Where marks are missing, a pause from here on ends a sentence: within clauses speakers rarely pause for longer
(Campione & Véronis 2002)."""

SENTENCE_SCORE = 0.6
"""Score of the boundary between two sentences; a cut in the middle of one of the picture's has about 0.45."""


@dataclass(frozen=True, slots=True)
class SpanLimits:
    """Where an edge may lie: from when to when, in seconds."""

    earliest: float
    latest: float

    def within(self, earliest: float, latest: float) -> SpanLimits:
        """Return what lies within further limits as well."""
        return SpanLimits(max(self.earliest, earliest), min(self.latest, latest))


@dataclass(frozen=True, slots=True)
class _Joint:
    """Where a clip ends and where one starts between two sentences, and how long the sound pauses there."""

    end_sec: float
    start_sec: float
    pause_sec: float


class SentenceEdges:
    """The edges that the words of a video allow.

    `starts` and `ends` are the instants where clips may begin and end, one of each a sentence; `pauses_sec` tells how
    long the sound pauses before each sentence and, last, behind the last one, 0 where it doesn't.

    Parameters
    ----------
    transcript : Transcript
        The words.
    features : Features
        Whose pauses correct the times of subtitles.
    """

    def __init__(self, transcript: Transcript, features: Features) -> None:
        self._pauses = find_pauses(features.envelope_dbfs)
        self.sentences: tuple[Sentence, ...] = tuple(
            part for sentence in transcript.sentences for part in _parts_of(sentence, self._pauses)
        )
        self._words = transcript.words
        self._word_starts = np.array([word.start_sec for word in transcript.words])
        self._word_ends = np.maximum.accumulate(np.array([word.end_sec for word in transcript.words]))
        self._duration_sec = features.duration_sec
        self._between = self._joints()
        self.starts: Times = np.array([joint.start_sec for joint in self._between[:-1]])
        self.ends: Times = np.array([joint.end_sec for joint in self._between[1:]])
        self.pauses_sec: Times = np.array([joint.pause_sec for joint in self._between])

    def boundaries(self) -> tuple[Boundary, ...]:
        """Return a boundary before and after every sentence, by time."""
        return tuple(
            Boundary(
                (joint.end_sec + joint.start_sec) / 2,
                starts_at_sec=joint.start_sec,
                ends_at_sec=joint.end_sec,
                kind="sentence",
                score=SENTENCE_SCORE,
            )
            for joint in self._between
        )

    def start_near(self, time_sec: float, limits: SpanLimits) -> Boundary | None:
        """Return the sentence's start nearest to an instant; None where nobody speaks, or none is within the limits."""
        return self._near(self.starts, time_sec, limits) if self._in_sentence(time_sec) else None

    def end_near(self, time_sec: float, limits: SpanLimits) -> Boundary | None:
        """Return the sentence's end nearest to an instant, as `start_near`."""
        return self._near(self.ends, time_sec, limits) if self._in_sentence(time_sec) else None

    def outside_words(self, time_sec: float, limits: SpanLimits) -> float:
        """Return the instant nearest to one that is inside no word, within the limits if that can be."""
        index = int(np.searchsorted(self._word_starts, time_sec, side="right")) - 1
        if index < 0 or time_sec >= self._word_ends[index]:
            return time_sec
        sides = (float(self._word_starts[index]), float(self._word_ends[index]))
        allowed = [side for side in sides if limits.earliest <= side <= limits.latest]
        return min(allowed or sides, key=lambda side: abs(side - time_sec))

    def _in_sentence(self, time_sec: float) -> bool:
        """Whether an instant lies inside a sentence, not in the pause between two."""
        index = int(np.searchsorted(self.starts, time_sec, side="right")) - 1
        return index >= 0 and time_sec < self.ends[index]

    def _near(self, times: Times, time_sec: float, limits: SpanLimits) -> Boundary | None:
        low, high = np.searchsorted(times, (limits.earliest - 1e-9, limits.latest + 1e-9))
        if low >= high:
            return None
        found = float(times[low:high][np.abs(times[low:high] - time_sec).argmin()])
        return Boundary(found, found, found, kind="sentence", score=SENTENCE_SCORE)

    def _joints(self) -> list[_Joint]:
        """Return the joints between any two sentences, and those at both ends."""
        if not self.sentences:
            return []
        opening, closing = self.sentences[0].words[0], self.sentences[-1].words[-1]
        before = max(0.0, opening.start_sec - 2 * LEAD_IN_SEC)
        behind = closing.end_sec + 2 * LEAD_OUT_SEC
        first = self._joint(replace(opening, start_sec=0.0, end_sec=before), opening)
        last = self._joint(closing, replace(closing, start_sec=behind, end_sec=behind))
        end = min(self._duration_sec, last.end_sec)
        between = (self._joint(a.words[-1], b.words[0]) for a, b in pairwise(self.sentences))
        return [_Joint(0.0, max(0.0, first.start_sec), first.pause_sec), *between, _Joint(end, end, last.pause_sec)]

    def _joint(self, before: Word, after: Word) -> _Joint:
        """Return where a clip ends and where one starts between two words, in the pause that the sound has there.

        Each keeps off the word that was heard beside it, if the pause has room; in a narrow pause both lie in its
        middle. The times of subtitles' words only tell near where the pause is.
        """
        gap = Interval(*sorted((before.end_sec, after.start_sec)))
        pause = self._strongest_pause(gap) if before.estimated else self._widest_pause(gap)
        if pause is None:
            half = gap.duration / 2
            return _Joint(gap.start + min(LEAD_OUT_SEC, half), gap.end - min(LEAD_IN_SEC, half), 0.0)
        end, start, middle = pause.start + LEAD_OUT_SEC, pause.end - LEAD_IN_SEC, (pause.start + pause.end) / 2
        if not before.estimated:
            end = max(end, min(before.end_sec + WORD_MARGIN_SEC, pause.start + LONGEST_DECAY_SEC))
            start = min(start, after.start_sec - WORD_MARGIN_SEC)
        return _Joint(min(end, middle), max(start, middle), pause.duration)

    def _widest_pause(self, gap: Interval) -> Interval | None:
        """Return the pause of the sound that fills most of a gap and what is close to it."""
        low, high = gap.start - HEARD_ERROR_SEC, gap.end + HEARD_ERROR_SEC
        shares = np.minimum(self._pauses.end_sec, high) - np.maximum(self._pauses.start_sec, low)
        if not shares.size or shares.max() < SHORTEST_OVERLAP_SEC:
            return None
        best = int(shares.argmax())
        return Interval(float(self._pauses.start_sec[best]), float(self._pauses.end_sec[best]))

    def _strongest_pause(self, gap: Interval) -> Interval | None:
        """Return the longest and deepest pause of the sound whose quietest instant lies in a gap, or close to it."""
        pauses = self._pauses
        low, high = gap.start - SPREAD_ERROR_SEC, gap.end + SPREAD_ERROR_SEC
        first, behind = np.searchsorted(pauses.quietest_sec, (low, high))
        if first >= behind:
            return None
        lengths = (pauses.end_sec - pauses.start_sec)[first:behind]
        best = int(first) + int((lengths * pauses.strength[first:behind]).argmax())
        return Interval(float(pauses.start_sec[best]), float(pauses.end_sec[best]))


def _parts_of(sentence: Sentence, pauses: Pauses) -> tuple[Sentence, ...]:
    """Cut what is too long for one sentence, as of captions without marks, at the words next to the sound's pauses.

    Where the sound never pauses for long, at its shorter pauses, and at last where the gap between two words is widest.
    """
    parts: tuple[Sentence, ...] = (sentence,)
    for shortest in (UNMARKED_PAUSE_SEC, MIN_PAUSE_SEC):
        parts = tuple(
            part for each in parts for part in (_cut_at(each, pauses, shortest) if _is_too_long(each) else (each,))
        )
    return tuple(part for each in parts for part in _halves_of(each))


def _is_too_long(sentence: Sentence) -> bool:
    return sentence.end_sec - sentence.start_sec > LONGEST_SENTENCE_SEC and len(sentence.words) > 1


def _cut_at(sentence: Sentence, pauses: Pauses, shortest_sec: float) -> tuple[Sentence, ...]:
    """Cut a sentence at the words next to pauses of a length."""
    words = sentence.words
    between = np.array([(before.end_sec + after.start_sec) / 2 for before, after in pairwise(words)])
    middles = (pauses.start_sec + pauses.end_sec) / 2
    middles = middles[pauses.end_sec - pauses.start_sec >= shortest_sec]
    error = SPREAD_ERROR_SEC if words[0].estimated else 2 * HEARD_ERROR_SEC  # the words on both sides err
    nearest = [int(np.abs(between - middle).argmin()) for middle in middles]
    cuts = {at + 1 for at, middle in zip(nearest, middles, strict=True) if abs(between[at] - middle) <= error}
    bounds = [0, *sorted(cuts), len(words)]
    return tuple(Sentence(words[first:end]) for first, end in pairwise(bounds))


def _halves_of(sentence: Sentence) -> tuple[Sentence, ...]:
    """Cut a sentence that is still too long at its widest gap near the middle, again and again."""
    if not _is_too_long(sentence):
        return (sentence,)
    words = sentence.words
    middle, half = (sentence.start_sec + sentence.end_sec) / 2, (sentence.end_sec - sentence.start_sec) / 2
    worth = [
        after.start_sec - before.end_sec - abs(after.start_sec - middle) / half for before, after in pairwise(words)
    ]
    cut = int(np.argmax(worth)) + 1
    return *_halves_of(Sentence(words[:cut])), *_halves_of(Sentence(words[cut:]))


def sentences_between(sentences: Sequence[Sentence], span: Interval) -> tuple[Sentence, ...]:
    """Return the sentences of which at least half lies in a span."""
    return tuple(
        sentence for sentence in sentences if span.start <= (sentence.start_sec + sentence.end_sec) / 2 < span.end
    )
