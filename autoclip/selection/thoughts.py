"""Thoughts: stretches of whole sentences that make sense by themselves, the most interesting first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.excitement import Excitement
from autoclip.selection.quality import WindowMeans, rate, squashed
from autoclip.selection.sentence_edges import SENTENCE_SCORE, SentenceEdges
from autoclip.selection.windows import Edge, Window
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.speech.interest import InterestMeter, is_dangling
from autoclip.speech.ratings import RatedSpan
from autoclip.speech.transcript import SENTENCE_PAUSE_SEC, Sentence, is_finished
from autoclip.timeline import Interval

PER_MINUTE = 1.0
"""Most thoughts a minute of video: a talk holds about one that stands by itself in every few minutes."""

PREFERRED_SEC = 35.0
"""Length a thought is preferred at: about ten sentences, and what short-video platforms recommend."""

MAX_TALK_PAUSE_SEC = 8.0
"""A silence within a thought that is longer than this ends it."""

CLEAN_PAUSE_SEC = 0.4
"""A shorter pause leaves a cut neither the breath before a sentence nor the decay behind one; of longer ones nearly all
lie between sentences (97 of 100 of three made talks, by the marks of another recognizer)."""

_W_EXCITEMENT, _W_PAUSE, _W_LENGTH = 0.2, 0.2, 0.3
_P_DANGLING, _P_UNMARKED, _P_UNANSWERED, _P_CONTINUED, _P_ABRUPT = 0.6, 1.0, 0.5, 0.15, 0.3
"""Weights of what speaks for a thought, and penalties for what speaks against where it begins and ends."""

RATED_SCORE = 2.0
"""Score of a thought that a language model rated with 0: above all that words, sound and pauses can reach (1.8). So
what it chose comes first, in the order of its ratings."""


@dataclass(frozen=True, slots=True)
class Thought:
    """A stretch of sentences.

    Attributes
    ----------
    interval : Interval
        From before its first word to behind its last.
    sentences : tuple of Sentence
        What is said.
    title : str
        What a language model calls it; empty if none was asked.
    peak_sec : float
        Middle of its most interesting sentence.
    score : float
        Interest, and how well it begins and ends; `RATED_SCORE` and the rating if a language model gave one.
    """

    interval: Interval
    sentences: tuple[Sentence, ...]
    peak_sec: float
    score: float
    title: str = ""


class ThoughtFinder:
    """Finds the thoughts of a talk.

    Parameters
    ----------
    edges : SentenceEdges
        Its sentences, and where clips may begin and end.
    meter : InterestMeter
        Reckons what they have to say.
    excitement : Excitement
        Loudness and motion, which add to it.
    lengths : SceneSettings
        `min_clip_seconds` and `max_clip_seconds`.
    windows : WindowSettings
        How means of the excitement are taken.
    ratings : sequence of RatedSpan
        What a language model finds worth showing.
    """

    def __init__(
        self,
        edges: SentenceEdges,
        meter: InterestMeter,
        excitement: Excitement,
        *,
        lengths: SceneSettings,
        windows: WindowSettings,
        ratings: Sequence[RatedSpan] = (),
    ) -> None:
        self._ratings = {_span_key(each.start_sec, each.end_sec): each for each in ratings}
        self._edges, self._meter, self._lengths = edges, meter, lengths
        self._sentences = edges.sentences
        self._means = WindowMeans(excitement, windows)
        self._begins = [self._begin_score(index) for index in range(len(self._sentences))]
        self._ends = [self._end_score(index) for index in range(len(self._sentences))]

    def find(self, duration_sec: float) -> tuple[Thought, ...]:
        """Return the best thoughts that do not overlap, at most `PER_MINUTE`, by time."""
        most = max(1, int(duration_sec / 60 * PER_MINUTE))
        chosen: list[Thought] = []
        for thought in sorted(self._candidates(), key=lambda each: (-each.score, each.interval)):
            if len(chosen) == most:
                break
            if all(_apart(thought.interval, other.interval) for other in chosen):
                chosen.append(thought)
        return tuple(sorted(chosen, key=lambda thought: thought.interval))

    def _candidates(self) -> Iterator[Thought]:
        for first in range(len(self._sentences)):
            for last in range(first, len(self._sentences)):
                if last > first and self._pause_before(last) > MAX_TALK_PAUSE_SEC:
                    break
                span = Interval(float(self._edges.starts[first]), float(self._edges.ends[last]))
                if span.duration > self._lengths.max_clip_seconds:
                    break
                if span.duration >= self._lengths.min_clip_seconds:
                    yield self._thought(first, last, span)

    def _thought(self, first: int, last: int, span: Interval) -> Thought:
        sentences = self._sentences[first : last + 1]
        length = _W_LENGTH * ((span.duration - PREFERRED_SEC) / PREFERRED_SEC) ** 2
        excitement = _W_EXCITEMENT * squashed(self._means.excitement(span.start, span.end))
        score = self._meter.of(sentences).score + excitement + self._begins[first] + self._ends[last] - length
        peak = max(sentences, key=lambda each: each.end_sec - each.start_sec)
        peak_sec = (peak.start_sec + peak.end_sec) / 2
        rating = self._ratings.get(_span_key(sentences[0].start_sec, sentences[-1].end_sec))
        if rating is None:
            return Thought(span, sentences, peak_sec, score)
        return Thought(span, sentences, peak_sec, RATED_SCORE + rating.score, rating.title)

    def _begin_score(self, index: int) -> float:
        """Say how well a thought begins with a sentence."""
        score = self._pause_score(index)
        if is_dangling(self._sentences[index], self._meter.vocabulary):
            score -= _P_DANGLING
        if index > 0:
            before = self._sentences[index - 1]
            score -= _P_UNANSWERED * before.is_question + _P_UNMARKED * (not is_finished(before))
        return score

    def _end_score(self, index: int) -> float:
        """Say how well a thought ends with a sentence."""
        sentence = self._sentences[index]
        score = -_P_UNANSWERED * sentence.is_question - _P_UNMARKED * (not is_finished(sentence))
        if index + 1 == len(self._sentences):
            return score + _W_PAUSE
        score += self._pause_score(index + 1)
        return score - _P_CONTINUED * is_dangling(self._sentences[index + 1], self._meter.vocabulary)

    def _pause_score(self, index: int) -> float:
        """Say how well a cut before a sentence is heard: best in a long pause, abrupt where there is hardly any."""
        pause = max(float(self._edges.pauses_sec[index]), self._pause_before(index))
        abrupt = max(0.0, 1.0 - pause / CLEAN_PAUSE_SEC) if index > 0 else 0.0
        return _W_PAUSE * min(1.0, pause / SENTENCE_PAUSE_SEC) - _P_ABRUPT * abrupt

    def _pause_before(self, index: int) -> float:
        if index == 0:
            return SENTENCE_PAUSE_SEC
        return self._sentences[index].start_sec - self._sentences[index - 1].end_sec


def anchor_of(thought: Thought, excitement: Excitement) -> Anchor:
    """Return the moment a thought is built around."""
    step = excitement.grid.index_of(thought.peak_sec)
    return Anchor((step + 0.5) * excitement.grid.step_sec, 1.0 + max(0.0, thought.score), "thought", step)


def window_of(thought: Thought, excitement: Excitement, settings: WindowSettings) -> Window:
    """Return the candidate clip of a thought; its quality follows the thought's score alone."""
    anchor, span = anchor_of(thought, excitement), thought.interval
    start, end = (
        Edge(time, Boundary(time, time, time, kind="sentence", score=SENTENCE_SCORE)) for time in (span.start, span.end)
    )
    quality = rate(
        WindowMeans(excitement, settings),
        start=span.start,
        end=span.end,
        anchor_sec=anchor.time_sec,
        anchor_score=anchor.score,
        boundary=SENTENCE_SCORE,
        settings=settings,
    )
    return Window(span, anchor, start, end, replace(quality, score=squashed(thought.score)))


def _span_key(start_sec: float, end_sec: float) -> tuple[int, int]:
    """Name a span to the hundredth of a second: corrected words may have stretched it by rounding."""
    return round(100 * start_sec), round(100 * end_sec)


def _apart(one: Interval, other: Interval) -> bool:
    return one.end <= other.start or other.end <= one.start
