"""Edges where there is speech: at the start of a sentence, at the end of one, and never inside a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autoclip.selection.boundaries import Boundary
from autoclip.selection.pauses import Pauses, find_pauses
from autoclip.signals.table import Features
from autoclip.speech.transcript import Sentence, Transcript, Word
from autoclip.timeline import Interval

Times = NDArray[np.float64]

LEAD_IN_SEC, LEAD_OUT_SEC = 0.2, 0.12
"""Silence kept before a first word and behind a last one, for the breath and the decay; at most half the pause.
Recognizers hear a word that follows a pause up to 0.2 s early."""

SPREAD_ERROR_SEC = 0.8
"""How far the times of a subtitle's words may be off: they share its time by their lengths."""

HEARD_ERROR_SEC = 0.4
"""How far the times of words that were heard may be off: a small model hears words 0.3 s late."""

SHORTEST_GAP_SEC = 0.05
"""What a gap and a pause have in common counts from here on: the envelope tells 0.02 s apart."""

LONGEST_SENTENCE_SEC = 25.0
"""A sentence takes 5 to 10 s; what takes longer has lost its marks, or never had any."""

UNMARKED_PAUSE_SEC = 0.4
"""Where marks are missing, a pause from here on ends a sentence: within clauses speakers rarely pause for longer
(Campione & Véronis 2002)."""

_AROUND_SEC = 1.0
"""How far from the first and the last word the silence around them is looked for."""

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


class SentenceEdges:
    """The edges that the words of a video allow.

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
        joints = self._joints()
        self.starts: Times = np.array([start for _, start in joints[:-1]])
        self.ends: Times = np.array([end for end, _ in joints[1:]])

    def boundaries(self) -> tuple[Boundary, ...]:
        """Return a boundary before and behind every sentence, by time."""
        joints = self._joints()
        return tuple(
            Boundary((end + start) / 2, starts_at_sec=start, ends_at_sec=end, kind="sentence", score=SENTENCE_SCORE)
            for end, start in joints
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

    def _joints(self) -> list[tuple[float, float]]:
        """Return, between any two sentences and at both ends, where a clip ends and where one starts."""
        if not self.sentences:
            return []
        opening, closing = self.sentences[0].words[0], self.sentences[-1].words[-1]
        first = self._silence(Interval(max(0.0, opening.start_sec - _AROUND_SEC), opening.start_sec), opening)
        last = self._silence(Interval(closing.end_sec, closing.end_sec + _AROUND_SEC), closing)
        end = min(self._duration_sec, last.start + LEAD_OUT_SEC)
        between = (self._joint(a.words[-1], b.words[0]) for a, b in pairwise(self.sentences))
        return [(0.0, max(0.0, first.end - LEAD_IN_SEC)), *between, (end, end)]

    def _joint(self, before: Word, after: Word) -> tuple[float, float]:
        """Return where a clip ends and where one starts between two sentences."""
        low, high = sorted((before.end_sec, after.start_sec))
        silence = self._silence(Interval(low, high), before)
        half = silence.duration / 2
        return silence.start + min(LEAD_OUT_SEC, half), silence.end - min(LEAD_IN_SEC, half)

    def _silence(self, gap: Interval, word: Word) -> Interval:
        """Return the silence at a gap beside a word, as the sound has it.

        Times of subtitles are estimates: it is the strongest pause near the gap. Of words that were heard, it is what
        the gap and a pause of the sound have in common; an edge there is outside of words by either.
        """
        if word.confidence is None:
            return self._strongest_pause(gap) or gap
        pause = self._widest_pause(gap)
        if pause is None:
            return gap
        start = max(gap.start, pause.start)
        common = Interval(start, max(start, min(gap.end, pause.end)))
        return common if common.duration >= SHORTEST_GAP_SEC else gap

    def _widest_pause(self, gap: Interval) -> Interval | None:
        """Return the pause of the sound that fills most of a gap and what is close to it."""
        low, high = gap.start - HEARD_ERROR_SEC, gap.end + HEARD_ERROR_SEC
        shares = np.minimum(self._pauses.end_sec, high) - np.maximum(self._pauses.start_sec, low)
        if not shares.size or shares.max() <= 0:
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
    """Cut what is too long for one sentence, as of captions without marks, at the words next to the sound's pauses."""
    if sentence.end_sec - sentence.start_sec <= LONGEST_SENTENCE_SEC:
        return (sentence,)
    words = sentence.words
    between = np.array([(before.end_sec + after.start_sec) / 2 for before, after in pairwise(words)])
    middles = (pauses.start_sec + pauses.end_sec) / 2
    middles = middles[pauses.end_sec - pauses.start_sec >= UNMARKED_PAUSE_SEC]
    error = SPREAD_ERROR_SEC if words[0].confidence is None else HEARD_ERROR_SEC
    nearest = [int(np.abs(between - middle).argmin()) for middle in middles]
    cuts = {at + 1 for at, middle in zip(nearest, middles, strict=True) if abs(between[at] - middle) <= error}
    bounds = [0, *sorted(cuts), len(words)]
    return tuple(Sentence(words[first:end]) for first, end in pairwise(bounds))


def sentences_between(sentences: Sequence[Sentence], span: Interval) -> tuple[Sentence, ...]:
    """Return the sentences of which at least half lies in a span."""
    return tuple(
        sentence for sentence in sentences if span.start <= (sentence.start_sec + sentence.end_sec) / 2 < span.end
    )
