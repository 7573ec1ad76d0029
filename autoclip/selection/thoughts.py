"""Thoughts: stretches of whole sentences that make sense on their own, the most interesting first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.excitement import Excitement
from autoclip.selection.quality import WindowMeans, rate, squashed
from autoclip.selection.sentence_edges import SENTENCE_SCORE, SentenceEdges
from autoclip.selection.windows import Edge, Window
from autoclip.settings import SceneSettings, WindowSettings
from autoclip.speech.interest import InterestMeter, is_dangling
from autoclip.speech.ratings import RatedSpan
from autoclip.speech.transcript import SENTENCE_PAUSE_SEC, Sentence, Word, is_finished
from autoclip.timeline import Interval

PER_MINUTE = 1.0
"""Maximum number of thoughts per minute of video: a talk has about one self-contained thought every few minutes."""

PREFERRED_SEC = 35.0
"""Preferred length of a thought in seconds: about ten sentences, and what short-video platforms recommend."""

MAX_TALK_PAUSE_SEC = 8.0
"""A longer silence, in seconds, ends a thought."""

CLEAN_PAUSE_SEC = 0.4
"""A shorter pause, in seconds, leaves a cut neither the breath before a sentence nor the decay after one; nearly all
longer ones lie between sentences (97 of 100 of three made talks, by the punctuation of another recognizer).
"""

_W_EXCITEMENT, _W_PAUSE, _W_LENGTH = 0.2, 0.3, 0.3
_P_DANGLING, _P_UNMARKED, _P_UNANSWERED, _P_CONTINUED, _P_ABRUPT, _P_DOUBT = 0.6, 1.0, 0.5, 0.15, 0.3, 0.3
"""Weights of what counts for a thought, and penalties for how it begins and ends."""

RATED_SCORE = 2.1
"""Score of a thought that a language model rated with 0: above the maximum from words, audio and pauses (2.0).

Rated thoughts therefore come first, in the order of their ratings.
"""


@dataclass(frozen=True, slots=True)
class Thought:
    """A stretch of sentences.

    Attributes
    ----------
    interval : Interval
        From before its first word to after its last.
    sentences : tuple of Sentence
        Its sentences.
    title : str
        The language model's title; empty without one.
    peak_sec : float
        Middle of its most interesting sentence.
    score : float
        Its interest, and how well it begins and ends; `RATED_SCORE` plus the rating if a language model gave one.
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
        The sentences of the talk, and where clips may begin and end.
    meter : InterestMeter
        Computes their interest.
    excitement : Excitement
        Excitement of audio and video, which adds to the score.
    lengths : SceneSettings
        `min_clip_seconds` and `max_clip_seconds`.
    windows : WindowSettings
        How means of the excitement are computed.
    ratings : sequence of RatedSpan
        A language model's ratings.
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
        """Return the best thoughts that do not overlap, at most `PER_MINUTE`, ordered by time."""
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
        """Return how good the first sentence of a thought is as a beginning."""
        score = self._cut_score(index) - _P_DOUBT * _doubt(self._sentences[index].words[0])
        if is_dangling(self._sentences[index], self._meter.vocabulary):
            score -= _P_DANGLING
        if index > 0:
            before = self._sentences[index - 1]
            score -= _P_UNANSWERED * before.is_question + _P_UNMARKED * (not is_finished(before))
        return score

    def _end_score(self, index: int) -> float:
        """Return how good the last sentence of a thought is as an end."""
        sentence = self._sentences[index]
        score = -_P_UNANSWERED * sentence.is_question - _P_UNMARKED * (not is_finished(sentence))
        if index + 1 == len(self._sentences):
            return score + _W_PAUSE
        score += self._cut_score(index + 1)
        return score - _P_CONTINUED * is_dangling(self._sentences[index + 1], self._meter.vocabulary)

    def _cut_score(self, index: int) -> float:
        """Return how good a cut before a sentence sounds: best in a long pause, abrupt with hardly any.

        Audio and words both count: speech that was not recognized leaves a gap between words, and the audio may pause
        within a word.
        """
        if index == 0:
            return _W_PAUSE
        return fmean(map(_pause_score, (float(self._edges.pauses_sec[index]), self._pause_before(index))))

    def _pause_before(self, index: int) -> float:
        return self._sentences[index].start_sec - self._sentences[index - 1].end_sec


def anchor_of(thought: Thought, excitement: Excitement) -> Anchor:
    """Return the anchor of a thought."""
    step = excitement.grid.index_of(thought.peak_sec)
    return Anchor((step + 0.5) * excitement.grid.step_sec, 1.0 + max(0.0, thought.score), "thought", step)


def window_of(thought: Thought, excitement: Excitement, settings: WindowSettings) -> Window:
    """Return the candidate window of a thought; its quality depends only on the thought's score."""
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


def _pause_score(pause_sec: float) -> float:
    """Return how a cut in a pause sounds: abrupt with hardly any."""
    abrupt = max(0.0, 1.0 - pause_sec / CLEAN_PAUSE_SEC)
    return _W_PAUSE * min(1.0, pause_sec / SENTENCE_PAUSE_SEC) - _P_ABRUPT * abrupt


def _doubt(word: Word) -> float:
    """Return how uncertain it is that a word was recognized rightly, and that a sentence starts with it, in [0, 1]."""
    return 0.0 if word.confidence is None else 1.0 - word.confidence


def _span_key(start_sec: float, end_sec: float) -> tuple[int, int]:
    """Return a key of a span to a hundredth of a second: corrected words may have changed it by rounding."""
    return round(100 * start_sec), round(100 * end_sec)


def _apart(one: Interval, other: Interval) -> bool:
    return one.end <= other.start or other.end <= one.start
