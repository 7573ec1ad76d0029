"""What is said in a video, word by word."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from interfaces.api.problems import documented
from interfaces.api.routes.measurements import SpanQuery
from interfaces.api.schemas.requests import PathIdentity, View
from interfaces.api.services import ServicesDep

router = APIRouter(prefix="/projects/{project_id}", tags=["speech"])


class TranscriptQuery(SpanQuery):
    """Which part, and how many words of it."""

    limit: int = Field(20_000, ge=1, le=200_000, description="Most words, from the start of the part on.")


class WordView(View):
    """A word as it is spoken."""

    start_sec: float
    end_sec: float
    text: str
    confidence: float | None = Field(description="In [0, 1]; null for words of subtitles.")


class HeardSpan(View):
    """A part of the video whose words are known."""

    start: float
    end: float


class TranscriptView(View):
    """Words by time."""

    language: str | None = Field(description="ISO 639-1 code.")
    origin: str = Field(description="What it was made by, such as faster-whisper base, or subtitles.")
    heard: list[HeardSpan] = Field(description="Parts whose words are known; elsewhere nobody has listened.")
    words: list[WordView]
    total: int = Field(description="How many words there are in that part.")


@router.get("/transcript", responses=documented(404))
def get_transcript(
    project_id: PathIdentity, query: Annotated[TranscriptQuery, Query()], services: ServicesDep
) -> TranscriptView:
    """Give the words of a project; 404 until it was analyzed with speech."""
    with services.catalog.reading() as view:
        view.projects.get(project_id)
    stored = services.data_folder.project(project_id).read_transcript()
    transcript = stored.transcript
    part = transcript.between(query.start or 0.0, math.inf if query.end is None else query.end)
    return TranscriptView(
        language=transcript.language,
        origin=transcript.origin,
        heard=[HeardSpan(start=span.start, end=span.end) for span in stored.heard],
        words=[
            WordView(
                start_sec=round(word.start_sec, 3),
                end_sec=round(word.end_sec, 3),
                text=word.text,
                confidence=word.confidence if word.confidence is None else round(word.confidence, 3),
            )
            for word in part.words[: query.limit]
        ],
        total=len(part.words),
    )
