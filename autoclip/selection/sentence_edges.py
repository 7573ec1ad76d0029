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

UNHEARD_LEAD_SEC = 0.2
"""What a clip starts before a first word that no pause of the sound stands before: there is something else to hear."""

LONGEST_GAP_SEC = 1.0
"""Where nobody is heard for longer, the pause behind one word and the one before the next are looked for apart: music,
applause or a voice that was not understood may lie between."""

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
    long the sound pauses before each sentence and, last, behind the last one: 0 where it doesn't, or where a word was
    heard throughout the pause.

    Parameters
    ----------
    transcript : Transcript
        The words.
    features : Features
        Whose pauses correct the times of subtitles.
    """

    def __init__(self, transcript: Transcript, features: Features) -> None:
        transcript = transcript.between(0.0, features.duration_sec)  # subtitles may go on behind the end
        self._pauses = find_pauses(features.envelope_dbfs, beside_silence=True)
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
        joints = [_Joint(0.0, max(0.0, first.start_sec), first.pause_sec), *between, _Joint(end, end, last.pause_sec)]
        return self._uncrossed(joints)

    def _uncrossed(self, joints: list[_Joint]) -> list[_Joint]:
        """Keep each sentence between its joints: words that the sound hardly shows may lie in a pause of it."""
        found = list(joints)
        for at, sentence in enumerate(self.sentences):
            before, behind = found[at], found[at + 1]
            if before.start_sec < behind.end_sec:
                continue
            start = max(before.end_sec, min(before.start_sec, sentence.start_sec))
            end = min(self._duration_sec, max(behind.end_sec, sentence.end_sec, start))
            found[at] = replace(before, start_sec=min(start, end))
            found[at + 1] = replace(behind, end_sec=end, start_sec=max(behind.start_sec, end))
        return found

    def _joint(self, before: Word, after: Word) -> _Joint:
        """Return where a clip ends and where one starts between two words, in the pause that the sound has there.

        Each keeps off the word that was heard beside it, if the pause has room; in a narrow pause both lie in its
        middle. Without a pause they lie in the gap between the words. Times of subtitles' words only tell about where
        the pause is.
        """
        gap = Interval(*sorted((before.end_sec, after.start_sec)))
        reach, half = min(gap.duration, LONGEST_GAP_SEC), gap.duration / 2
        find = self._strongest_pause if before.estimated else self._widest_pause
        end, start = gap.start + min(LEAD_OUT_SEC, half), gap.end - min(UNHEARD_LEAD_SEC, half)
        if pause := find(Interval(gap.start, gap.start + reach)):
            end = self._end_in(pause, before)
        if opening := find(Interval(gap.end - reach, gap.end)):
            start = self._start_in(opening, after)
        clear = before.estimated or (
            end > before.end_sec - WORD_MARGIN_SEC and start < after.start_sec + WORD_MARGIN_SEC
        )
        pauses = [each.duration for each in (pause, opening) if each and clear]
        return _Joint(min(end, start), start, max(pauses, default=0.0))

    def _end_in(self, pause: Interval, word: Word) -> float:
        """Return where a clip ends in the pause behind a word."""
        end = pause.start + LEAD_OUT_SEC
        if not word.estimated:
            end = max(end, min(word.end_sec + WORD_MARGIN_SEC, pause.start + LONGEST_DECAY_SEC))
        return min(end, (pause.start + pause.end) / 2)

    def _start_in(self, pause: Interval, word: Word) -> float:
        """Return where a clip starts in the pause before a word."""
        start = pause.end - LEAD_IN_SEC
        if not word.estimated:
            start = min(start, word.start_sec - WORD_MARGIN_SEC)
        return max(start, (pause.start + pause.end) / 2)

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
