"""The transcript of a video, word by word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from autoclip.speech.transcript import Word
from autoclip.timeline import Interval
from interfaces.api.problems import documented
from interfaces.api.routes.measurements import SpanQuery
from interfaces.api.schemas.requests import Body, PathIdentity, Seconds, View
from interfaces.api.services import ServicesDep
from stages.spoken_words import correct_word, transcript_of

router = APIRouter(prefix="/projects/{project_id}", tags=["speech"])


class TranscriptQuery(SpanQuery):
    """Which part, and how many words of it."""

    limit: int = Field(20_000, ge=1, le=200_000, description="Maximum number of words, from the start of the range.")


class WordView(View):
    """A word as it is spoken."""

    start_sec: float
    end_sec: float
    text: str
    confidence: float | None = Field(description="Confidence in [0, 1]; null for words from subtitles.")


class HeardSpan(View):
    """A part of the video whose words are known."""

    start: float
    end: float


class TranscriptView(View):
    """Words by time."""

    language: str | None = Field(description="ISO 639-1 code.")
    origin: str = Field(description="What produced it, such as faster-whisper base, or subtitles.")
    heard: list[HeardSpan] = Field(description="Parts that were transcribed.")
    words: list[WordView]
    total: int = Field(description="Number of words in the range.")


class WordsView(View):
    """Some words, by time."""

    words: list[WordView]


class WordChange(Body):
    """What is said in truth where a word, or a few, were read."""

    start_sec: Seconds = Field(description="Start of the first word, as the transcript gives it.")
    end_sec: Seconds = Field(description="End of the last one.")
    text: str = Field(max_length=2000, description="One or more words; empty where nothing is said.")
    was: str | None = Field(
        None, max_length=2000, description="The text that was read there; if it has changed since, the answer is 412."
    )

    @model_validator(mode="after")
    def _end_follows_start(self) -> WordChange:
        if self.end_sec < self.start_sec:
            raise ValueError(f"end_sec must not precede start_sec, got {self.start_sec:g} to {self.end_sec:g}")
        return self


@router.get("/transcript", responses=documented(404))
def get_transcript(
    project_id: PathIdentity, query: Annotated[TranscriptQuery, Query()], services: ServicesDep
) -> TranscriptView:
    """Get the words of a project, with corrections. 404 until it has been analyzed with speech."""
    folder = services.folder(project_id)
    transcript, heard = transcript_of(folder), folder.read_transcript().heard
    part = transcript.between(query.start or 0.0, math.inf if query.end is None else query.end)
    return TranscriptView(
        language=transcript.language,
        origin=transcript.origin,
        heard=[HeardSpan(start=span.start, end=span.end) for span in heard],
        words=_shown(part.words[: query.limit]),
        total=len(part.words),
    )


@router.patch("/transcript", responses=documented(404, 412))
def correct_words(project_id: PathIdentity, change: WordChange, services: ServicesDep) -> WordsView:
    """Correct one or more words and return the new ones. Corrections survive another analysis."""
    folder = services.data_folder.project(services.project(project_id).id)
    with folder.editing():
        now = correct_word(folder, Interval(change.start_sec, change.end_sec), change.text, change.was)
    return WordsView(words=_shown(now.words))


def _shown(words: Sequence[Word]) -> list[WordView]:
    return [
        WordView(
            start_sec=round(word.start_sec, 3),
            end_sec=round(word.end_sec, 3),
            text=word.text,
            confidence=word.confidence if word.confidence is None else round(word.confidence, 3),
        )
        for word in words
    ]
