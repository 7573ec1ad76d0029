"""Clips as timelines for editing programs, as tables or as chapters; nothing is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from autoclip.clips import Clip
from autoclip.export.interchange.edit_list import MAX_HANDLES_SEC, EditOptions
from autoclip.export.interchange.formats import FORMAT_HELP, MEDIA_TYPES, SUFFIXES, TimelineFormat
from autoclip.export.interchange.timelines import timeline_text
from autoclip.export.tightened import tightens
from autoclip.settings import ExportSettings
from interfaces.api.file_responses import disposition, file_answer
from interfaces.api.probe_cache import known_video
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import Identity, PathIdentity, QueryBody, TightenFillers, TightenSec
from interfaces.api.services import ServicesDep
from stages.export_compound import compound_clips
from stages.tighten_clips import kept_parts, tightening_of
from storage.catalog import UnitOfWork
from storage.clip_store import CatalogClips

router = APIRouter(prefix="/projects/{project_id}", tags=["exports"])

MAX_CLIPS = 5000


class HandoverQuery(QueryBody):
    """Which clips, and in which format."""

    format: TimelineFormat = Field("otio", description=FORMAT_HELP)
    top: int | None = Field(
        None, ge=1, le=MAX_CLIPS, description="This many of the best clips, in chronological order."
    )
    clip_id: list[Identity] | None = Field(
        None, min_length=1, max_length=MAX_CLIPS, description="These clips, in this order."
    )
    compound_id: Identity | None = Field(None, description="The items of a compound clip, with its dissolves.")
    handles_sec: float = Field(
        0.0,
        ge=0,
        le=MAX_HANDLES_SEC,
        allow_inf_nan=False,
        description="Seconds added before and after each clip, within the video.",
    )
    record_start: str = Field(
        "",
        max_length=20,
        description="Timecode of the timeline's first frame, zero by default; a semicolon, as in 01:00:00;00, means "
        "drop-frame.",
    )

    tighten_sec: TightenSec = 0.0
    tighten_fillers: TightenFillers = False

    @model_validator(mode="after")
    def _one_choice(self) -> HandoverQuery:
        if sum(given is not None for given in (self.top, self.clip_id, self.compound_id)) > 1:
            raise ValueError("give one of top, clip_id and compound_id; none of them means every clip")
        return self


@router.get("/handover", response_class=Response, responses=file_answer(MEDIA_TYPES.values()) | documented(404, 415))
def hand_over(project_id: PathIdentity, query: Annotated[HandoverQuery, Query()], services: ServicesDep) -> Response:
    """Write clips as a timeline for an editing program, as a table or as chapters.

    By default, writes all clips that are not rejected, in order of time. It names the source by its path on the
    server and its start timecode.
    """
    with services.catalog.reading() as view:
        project = view.projects.get(project_id)
        title, clips, crossfade_sec = _chosen(view, services.clips(project), query)
    clips = _tightened(services.clips(project), clips, query)
    options = EditOptions(query.handles_sec, crossfade_sec, query.record_start)
    text = timeline_text(known_video(services, project), clips, query.format, title=title, options=options)
    headers = {"Content-Disposition": disposition(title + SUFFIXES[query.format], inline=False)}
    return Response(text, media_type=MEDIA_TYPES[query.format], headers=headers)


def _tightened(store: CatalogClips, clips: Sequence[Clip], query: HandoverQuery) -> Sequence[Clip]:
    """Return the remaining parts of clips, each as a clip; the clips themselves if nothing is removed."""
    settings = ExportSettings(tighten_sec=query.tighten_sec, tighten_fillers=query.tighten_fillers)
    if not tightens(settings):
        return clips
    return kept_parts(clips, tightening_of(store.folder, [clip.interval for clip in clips], settings))


def _chosen(view: UnitOfWork, store: CatalogClips, query: HandoverQuery) -> tuple[str, Sequence[Clip], float]:
    """Return the title of a hand-over, its clips, and the length of their crossfades in seconds."""
    if query.compound_id is not None:
        compound = store.compound(query.compound_id)
        return compound.name, compound_clips(compound.items, store.clips_of(compound)), compound.crossfade_sec
    if query.clip_id is not None:
        return store.name, [store.clip(clip_id) for clip_id in query.clip_id], 0.0
    page = view.clips.page(store.project_id, sort="-quality_score", limit=query.top, without_verdict="rejected")
    return store.name, sorted(page.items, key=lambda clip: clip.start), 0.0
