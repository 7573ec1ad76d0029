"""Edges where there is speech: at the start of a sentence, at the end of one, and never inside a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.selection.boundaries import Boundary
from autoclip.selection.pauses import find_pauses
from autoclip.signals.table import Features
from autoclip.speech.transcript import Sentence, Transcript, Word
from autoclip.timeline import Interval

Times = NDArray[np.float64]

LEAD_IN_SEC, LEAD_OUT_SEC = 0.1, 0.15
"""Silence kept before a first word and behind a last one, for the breath and the decay; at most half the pause."""

SPREAD_ERROR_SEC = 0.8
"""How far the times of a subtitle's words may be off: they share its time by their lengths."""

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
        self.sentences: tuple[Sentence, ...] = transcript.sentences
        self._words = transcript.words
        self._word_starts = np.array([word.start_sec for word in transcript.words])
        self._word_ends = np.maximum.accumulate(np.array([word.end_sec for word in transcript.words]))
        self._pauses = find_pauses(features.envelope_dbfs)
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
        first = self._corrected(self.sentences[0].words[0], self.sentences[0].start_sec, self._pauses.end_sec)
        joints = [(0.0, max(0.0, first - LEAD_IN_SEC))]
        for before, after in zip(self.sentences, self.sentences[1:], strict=False):
            joints.append(self._joint(before.words[-1], after.words[0]))
        last = self._corrected(self.sentences[-1].words[-1], self.sentences[-1].end_sec, self._pauses.start_sec)
        last = min(self._duration_sec, last + LEAD_OUT_SEC)
        return [*joints, (last, last)]

    def _joint(self, before: Word, after: Word) -> tuple[float, float]:
        gap = self._gap(before, after)
        return (
            gap.start + min(LEAD_OUT_SEC, gap.duration / 2),
            gap.end - min(LEAD_IN_SEC, gap.duration / 2),
        )

    def _corrected(self, word: Word, time_sec: float, pauses: Times) -> float:
        """Return the edge of a pause nearest to an end of a subtitle, if close; words that were heard are right."""
        if word.confidence is not None or not pauses.size:
            return time_sec
        nearest = float(pauses[np.abs(pauses - time_sec).argmin()])
        return nearest if abs(nearest - time_sec) <= SPREAD_ERROR_SEC else time_sec

    def _gap(self, before: Word, after: Word) -> Interval:
        """Return the silence between two words; of subtitles, the strongest pause near where it ought to be."""
        low, high = sorted((before.end_sec, after.start_sec))
        if before.confidence is not None or not self._pauses.start_sec.size:
            return Interval(low, high)
        first, behind = np.searchsorted(self._pauses.quietest_sec, (low - SPREAD_ERROR_SEC, high + SPREAD_ERROR_SEC))
        if first >= behind:
            return Interval(low, high)
        lengths = (self._pauses.end_sec - self._pauses.start_sec)[first:behind]
        best = int(first) + int((lengths * self._pauses.strength[first:behind]).argmax())
        return Interval(float(self._pauses.start_sec[best]), float(self._pauses.end_sec[best]))


def sentences_between(sentences: Sequence[Sentence], span: Interval) -> tuple[Sentence, ...]:
    """Return the sentences of which at least half lies in a span."""
    return tuple(
        sentence for sentence in sentences if span.start <= (sentence.start_sec + sentence.end_sec) / 2 < span.end
    )
