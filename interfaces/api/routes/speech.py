"""Speech: captions of projects and clips, corrections, and text search."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from autoclip.settings import ExportSettings
from autoclip.speech.caption_files import CAPTION_MEDIA_TYPES, CaptionFormat
from autoclip.speech.corrections import Correction
from autoclip.speech.search_terms import MAX_QUERY_CHARS
from autoclip.timeline import Interval
from interfaces.api.file_responses import disposition, file_answer
from interfaces.api.problems import documented
from interfaces.api.routes.clips import Clips, ClipView
from interfaces.api.schemas.requests import (
    Body,
    Identity,
    PathIdentity,
    QueryBody,
    Seconds,
    TightenFillers,
    TightenSec,
    View,
)
from interfaces.api.services import Services, ServicesDep
from stages.export_captions import captions_of
from stages.export_compound import item_intervals
from stages.find_speech import SearchPlace, find_speech, make_moment_clips
from stages.spoken_words import correct, transcript_of
from stages.tighten_clips import tightening_of
from storage.clip_store import CatalogClips, ClipStore
from storage.corrections import read_corrections

router = APIRouter(tags=["speech"])


class CaptionQuery(QueryBody):
    """Captions of what, and in which format."""

    format: CaptionFormat = Field("vtt", description="srt, vtt, or json with the time of every word.")
    clip_id: Identity | None = Field(None, description="Captions of this clip, timed from its start.")
    compound_id: Identity | None = Field(None, description="Captions of this compound clip, item by item.")

    @model_validator(mode="after")
    def _one_choice(self) -> CaptionQuery:
        if self.clip_id is not None and self.compound_id is not None:
            raise ValueError("give one of clip_id and compound_id; none of them means the whole video")
        return self


class MomentClipsRequest(Body):
    """Clips of what, and where."""

    words: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARS,
        description='Words of one sentence, in any order; words "in quotes" must be adjacent.',
        examples=["deadline moved"],
    )
    project_id: list[Identity] | None = Field(None, max_length=1000, description="Only in these projects.")
    limit: int = Field(20, ge=1, le=1000, description="Maximum number of moments, best first.")


class FindQuery(MomentClipsRequest):
    """What to look for, and where."""

    model_config = QueryBody.model_config


class FoundMoment(View):
    """A sentence that was found."""

    project_id: str
    project: str = Field(description="The project's name.")
    start: float = Field(description="Seconds of the video.")
    end: float
    text: str


class Moments(View):
    """What was found, and how many projects have a transcript to look into."""

    items: tuple[FoundMoment, ...]
    searched: int


class CorrectionRequest(Body):
    """What is said in a span in truth."""

    start: Seconds = Field(description="Start of the first word that is replaced, in seconds of the video.")
    end: Seconds = Field(description="End of the last one.")
    text: str = Field(max_length=2000, description="One or more words; empty where nothing is said.")

    @model_validator(mode="after")
    def _end_follows_start(self) -> CorrectionRequest:
        if self.end <= self.start:
            raise ValueError(f"a correction must end after it starts, got {self.start:g} to {self.end:g}")
        return self


class CorrectionsRequest(Body):
    """Corrections that are made at once."""

    corrections: list[CorrectionRequest] = Field(min_length=1, max_length=5000)


class TighteningQuery(QueryBody):
    """What is to be taken out."""

    tighten_sec: TightenSec = 1.0
    tighten_fillers: TightenFillers = False


class Span(View):
    """A part of the video."""

    start: float = Field(description="Seconds of the video.")
    end: float


class RemovedSpan(Span):
    """A part that is taken out."""

    reason: Literal["pause", "filler"]
    text: str = Field(description="The filler; empty for a pause.")


class TighteningView(View):
    """A clip without its pauses."""

    kept: list[Span]
    removed: list[RemovedSpan]
    removed_sec: float


class CorrectionView(View):
    """A correction that is kept."""

    start: float
    end: float
    text: str


@router.get("/moments", responses=documented(404))
def find_moments(query: Annotated[FindQuery, Query()], services: ServicesDep) -> Moments:
    """Find moments by what was said, in all projects or some. Case, accents and inflection don't matter."""
    found = find_speech(query.words, list(_places(services, query.project_id)), services.data_folder.root, query.limit)
    items = tuple(
        FoundMoment(
            project_id=moment.place.key,
            project=moment.place.name,
            start=moment.interval.start,
            end=moment.interval.end,
            text=moment.text,
        )
        for moment in found.moments
    )
    return Moments(items=items, searched=found.searched)


@router.post("/moments/clips", status_code=201, responses=documented(404))
def make_clips_of_moments(body: MomentClipsRequest, services: ServicesDep) -> Clips:
    """Create a clip of each moment found. An existing clip of the moment stays as it is."""
    places = _places(services, body.project_id)
    found = find_speech(body.words, list(places), services.data_folder.root, body.limit)
    return Clips(clips=[ClipView.show(clip) for clip in make_moment_clips(found.moments, places).values()])


@router.get(
    "/projects/{project_id}/captions",
    response_class=Response,
    responses=file_answer(CAPTION_MEDIA_TYPES.values()) | documented(404),
)
def get_captions(project_id: PathIdentity, query: Annotated[CaptionQuery, Query()], services: ServicesDep) -> Response:
    """Write captions: at most two lines of 42 characters, broken by meaning."""
    with services.catalog.reading() as view:
        project = view.projects.get(project_id)
        intervals, crossfade_sec = _chosen(services.clips(project), query)
    transcript = transcript_of(services.data_folder.open_project(project_id))
    text = captions_of(transcript, intervals, query.format, crossfade_sec)
    headers = {"Content-Disposition": disposition(f"{project.name}.{query.format}", inline=True)}
    return Response(text, media_type=CAPTION_MEDIA_TYPES[query.format], headers=headers)


@router.get("/clips/{clip_id}/tightening", responses=documented(404))
def get_tightening(
    clip_id: PathIdentity, query: Annotated[TighteningQuery, Query()], services: ServicesDep
) -> TighteningView:
    """List what an export with these settings would remove from a clip, and what it would keep, without rendering."""
    with services.catalog.reading() as view:
        clip = view.clips.get(clip_id)
    settings = ExportSettings(tighten_sec=query.tighten_sec, tighten_fillers=query.tighten_fillers)
    folder = services.data_folder.open_project(clip.project_id)
    (found,) = tightening_of(folder, [clip.interval], settings)
    return TighteningView(
        kept=[Span(start=kept.start, end=kept.end) for kept in found.kept],
        removed=[
            RemovedSpan(start=r.interval.start, end=r.interval.end, reason=r.reason, text=r.text) for r in found.removed
        ],
        removed_sec=found.removed_sec,
    )


@router.get("/projects/{project_id}/corrections", responses=documented(404))
def list_corrections(project_id: PathIdentity, services: ServicesDep) -> tuple[CorrectionView, ...]:
    """List the corrections, oldest first."""
    return _views(read_corrections(services.folder(project_id).features))


@router.post("/projects/{project_id}/corrections", responses=documented(404))
def add_corrections(
    project_id: PathIdentity,
    body: CorrectionsRequest,
    services: ServicesDep,
) -> tuple[CorrectionView, ...]:
    """Correct words of the transcript by time, and return all corrections. They survive another analysis."""
    folder = services.data_folder.project(services.project(project_id).id)
    with folder.editing():
        correct(folder, [Correction(each.start, each.end, each.text) for each in body.corrections])
    return _views(read_corrections(folder.features))


def _places(services: Services, project_ids: list[str] | None) -> dict[SearchPlace, ClipStore]:
    """Return the places to search, and the store of the clips of each place."""
    with services.catalog.reading() as view:
        known = view.projects.page().items if project_ids is None else [view.projects.get(i) for i in project_ids]
    stores = (services.clips(project) for project in known)
    return {SearchPlace(store.folder, store.name, store.project_id): store for store in stores}


def _views(corrections: tuple[Correction, ...]) -> tuple[CorrectionView, ...]:
    return tuple(CorrectionView(start=c.start_sec, end=c.end_sec, text=c.text) for c in corrections)


def _chosen(store: CatalogClips, query: CaptionQuery) -> tuple[list[Interval], float]:
    """Return the spans of the video for captions; empty for the whole video."""
    if query.clip_id is not None:
        return [store.clip(query.clip_id).interval], 0.0
    if query.compound_id is not None:
        compound = store.compound(query.compound_id)
        return item_intervals(compound.items, store.clips_of(compound)), compound.crossfade_sec
    return [], 0.0
