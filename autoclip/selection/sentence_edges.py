"""Edges in speech: at the start and end of sentences, and never inside a word."""

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
"""Silence in seconds kept before a first word and after a last one, for the breath and the decay; at most half the
pause.

Recognizers place a word that follows a pause up to 0.4 s early (1 in 20 words of Whisper base even earlier): a shorter
lead-in would begin within the word by their times.
"""

SPREAD_ERROR_SEC = 0.8
"""Error in seconds of the times of a subtitle's words: they share its time by their lengths."""

HEARD_ERROR_SEC = 0.2
"""Distance in seconds around recognized words in which a pause of the audio is searched: a small model places both ends
of words up to 0.2 s late in three of four cases.
"""

SHORTEST_OVERLAP_SEC = 0.05
"""Minimum overlap in seconds of a pause with the gap between words and the error around it: the envelope resolves 0.02
s.
"""

WORD_MARGIN_SEC = 0.05
"""Distance in seconds kept from a recognized word if the pause has room for it."""

UNHEARD_LEAD_SEC = 0.2
"""Lead-in in seconds before a first word without a pause before it: there is something else to hear."""

LONGEST_GAP_SEC = 1.0
"""In a longer gap without words, the pause after one word and the pause before the next are searched separately: music,
applause or unrecognized speech may lie between them.
"""

FARTHEST_SEC = 0.8
"""An edge this many seconds from a recognized word lies in another pause: there is sound between the two."""

LONGEST_DECAY_SEC = 0.3
"""A word whose recognized end lies later than this in a pause ended earlier: speech decays faster."""

LONGEST_SENTENCE_SEC = 25.0
"""Longest sentence in seconds. A sentence takes 5 to 10 s; a longer one lacks punctuation."""

UNMARKED_PAUSE_SEC = 0.4
"""Without punctuation, a pause of this length ends a sentence: within clauses speakers rarely pause for longer
(Campione & Véronis 2002).
"""

SENTENCE_SCORE = 0.6
"""Score of the boundary between two sentences; that of a cut in the middle of a shot is about 0.45."""


@dataclass(frozen=True, slots=True)
class SpanLimits:
    """Where an edge may lie, in seconds."""

    earliest: float
    latest: float

    def within(self, earliest: float, latest: float) -> SpanLimits:
        """Return the intersection with other limits."""
        return SpanLimits(max(self.earliest, earliest), min(self.latest, latest))


@dataclass(frozen=True, slots=True)
class _Joint:
    """Where one clip ends and another starts between two sentences, and how long the audio pauses there."""

    end_sec: float
    start_sec: float
    pause_sec: float


class SentenceEdges:
    """The edges that the words of a video allow.

    `starts` and `ends` are the instants where clips may begin and end, one of each per sentence. `pauses_sec` states
    how long the audio pauses before each sentence and, as its last value, after the last one: 0 without a pause, or if
    a word was recognized throughout the pause.

    Parameters
    ----------
    transcript : Transcript
        The words.
    features : Features
        Features whose pauses correct the times of subtitles.
    """

    def __init__(self, transcript: Transcript, features: Features) -> None:
        transcript = transcript.between(0.0, features.duration_sec)  # subtitles may continue after the end
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
        """Return a boundary before and after every sentence, ordered by time."""
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
        """Return the start of a sentence nearest to an instant; None if there is none within the limits."""
        return self._near(self.starts, time_sec, limits) if self._in_sentence(time_sec) else None

    def end_near(self, time_sec: float, limits: SpanLimits) -> Boundary | None:
        """Return the end of a sentence nearest to an instant; None if there is none within the limits."""
        return self._near(self.ends, time_sec, limits) if self._in_sentence(time_sec) else None

    def outside_words(self, time_sec: float, limits: SpanLimits) -> float:
        """Return the nearest instant that is inside no word, within the limits if possible."""
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
        """Return the joints between consecutive sentences, and those at both ends."""
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
        """Keep each sentence between its joints: a pause may contain words that are hardly visible in the envelope."""
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
        """Return where one clip ends and another starts between two words, in the pause of the audio there.

        Each keeps a distance from the recognized word beside it if the pause has room; in a short pause both lie in its
        middle. Without a pause they lie in the gap between the words. Times of subtitles' words locate the pause only
        roughly.
        """
        gap = Interval(*sorted((before.end_sec, after.start_sec)))
        reach, half = min(gap.duration, LONGEST_GAP_SEC), gap.duration / 2
        find = self._strongest_pause if before.estimated else self._widest_pause
        end, start = gap.start + min(LEAD_OUT_SEC, half), gap.end - min(UNHEARD_LEAD_SEC, half)
        if pause := find(Interval(gap.start, gap.start + reach)):
            end = self._end_in(pause, before)
        if opening := find(Interval(gap.end - reach, gap.end)):
            start = self._start_in(opening, after, gap)
        clear = before.estimated or (
            end > before.end_sec - WORD_MARGIN_SEC and start < after.start_sec + WORD_MARGIN_SEC
        )
        pauses = [each.duration for each in (pause, opening) if each and clear]
        return _Joint(min(end, start), start, max(pauses, default=0.0))

    def _end_in(self, pause: Interval, word: Word) -> float:
        """Return where a clip ends in the pause after a word."""
        end = pause.start + LEAD_OUT_SEC
        if not word.estimated:
            end = max(end, min(word.end_sec + WORD_MARGIN_SEC, pause.start + LONGEST_DECAY_SEC))
        end = min(end, (pause.start + pause.end) / 2)
        return end if word.estimated or end - word.end_sec < FARTHEST_SEC else word.end_sec + LEAD_OUT_SEC

    def _start_in(self, pause: Interval, word: Word, gap: Interval) -> float:
        """Return where a clip starts in the pause before a word."""
        start, middle = pause.end - LEAD_IN_SEC, (pause.start + pause.end) / 2
        if word.estimated:
            return max(start, middle)
        clear = max(word.start_sec - WORD_MARGIN_SEC, gap.start + gap.duration / 2)
        start = min(max(start, middle), max(clear, pause.start))
        return start if word.start_sec - start < FARTHEST_SEC else word.start_sec - UNHEARD_LEAD_SEC

    def _widest_pause(self, gap: Interval) -> Interval | None:
        """Return the pause of the audio that fills most of a gap and its immediate surroundings."""
        low, high = gap.start - HEARD_ERROR_SEC, gap.end + HEARD_ERROR_SEC
        shares = np.minimum(self._pauses.end_sec, high) - np.maximum(self._pauses.start_sec, low)
        if not shares.size or shares.max() < SHORTEST_OVERLAP_SEC:
            return None
        best = int(shares.argmax())
        return Interval(float(self._pauses.start_sec[best]), float(self._pauses.end_sec[best]))

    def _strongest_pause(self, gap: Interval) -> Interval | None:
        """Return the longest and deepest pause of the audio whose quietest instant lies in or near a gap."""
        pauses = self._pauses
        low, high = gap.start - SPREAD_ERROR_SEC, gap.end + SPREAD_ERROR_SEC
        first, behind = np.searchsorted(pauses.quietest_sec, (low, high))
        if first >= behind:
            return None
        lengths = (pauses.end_sec - pauses.start_sec)[first:behind]
        best = int(first) + int((lengths * pauses.strength[first:behind]).argmax())
        return Interval(float(pauses.start_sec[best]), float(pauses.end_sec[best]))


def _parts_of(sentence: Sentence, pauses: Pauses) -> tuple[Sentence, ...]:
    """Split a sentence that is too long, as in captions without punctuation, at words next to pauses of the audio.

    Without long pauses, use shorter ones, and finally the widest gap between two words.
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
    """Split a sentence at the words next to pauses of a minimum length."""
    words = sentence.words
    between = np.array([(before.end_sec + after.start_sec) / 2 for before, after in pairwise(words)])
    middles = (pauses.start_sec + pauses.end_sec) / 2
    middles = middles[pauses.end_sec - pauses.start_sec >= shortest_sec]
    error = (
        SPREAD_ERROR_SEC if words[0].estimated else 2 * HEARD_ERROR_SEC
    )  # the times of the words on both sides have errors
    nearest = [int(np.abs(between - middle).argmin()) for middle in middles]
    cuts = {at + 1 for at, middle in zip(nearest, middles, strict=True) if abs(between[at] - middle) <= error}
    bounds = [0, *sorted(cuts), len(words)]
    return tuple(Sentence(words[first:end]) for first, end in pairwise(bounds))


def _halves_of(sentence: Sentence) -> tuple[Sentence, ...]:
    """Split a sentence that is still too long at its widest gap near the middle, recursively."""
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
