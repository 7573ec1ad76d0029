"""The speech of a video, prepared for a selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autoclip.selection.excitement import Excitement
from autoclip.selection.sentence_edges import SentenceEdges, sentences_between
from autoclip.selection.thoughts import Thought, ThoughtFinder
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.speech.interest import InterestMeter
from autoclip.speech.ratings import RatedSpan
from autoclip.speech.titles import quote_of, title_of
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class SpokenContent:
    """The words of a video, and what is derived from them.

    Attributes
    ----------
    edges : SentenceEdges
        Where clips may begin and end.
    meter : InterestMeter
        Computes the interest of sentences.
    thoughts : tuple of Thought
        The stretches that become clips, ordered by time; empty unless ``speech_role = thoughts``.
    """

    edges: SentenceEdges
    meter: InterestMeter
    thoughts: tuple[Thought, ...]

    @classmethod
    def of(
        cls,
        transcript: Transcript,
        features: Features,
        excitement: Excitement,
        settings: Settings,
        ratings: Sequence[RatedSpan] = (),
    ) -> SpokenContent:
        """Prepare a transcript with words, and a language model's ratings of it if there are any."""
        edges, meter = SentenceEdges(transcript, features), InterestMeter(transcript)
        thoughts: tuple[Thought, ...] = ()
        if settings.speech.speech_role == "thoughts":
            finder = ThoughtFinder(
                edges, meter, excitement, lengths=settings.lengths(), windows=settings.windows, ratings=ratings
            )
            thoughts = finder.find(features.duration_sec)
        return cls(edges, meter, thoughts)

    def title(self, span: Interval) -> str:
        """Return the title that a span was rated with, else one from its words; empty without speech."""
        rated = next((thought.title for thought in self.thoughts if thought.interval == span), "")
        if rated:
            return rated
        return title_of(sentences_between(self.edges.sentences, span), self.meter)

    def quote(self, span: Interval) -> str:
        """Quote what is said in a span; empty without speech."""
        return quote_of(sentences_between(self.edges.sentences, span), self.meter)
