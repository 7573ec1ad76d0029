"""Compound clips: several clips of a project joined in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from autoclip.errors import ParameterError
from interfaces.api.etags import Expected, place
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import (
    ALWAYS_GIVEN,
    SORT_HELP,
    Body,
    CleanName,
    Identity,
    Listing,
    ListQuery,
    PathIdentity,
    Seconds,
)
from interfaces.api.services import ServicesDep
from storage.catalog import CompoundClip, CompoundItem, StoredClip, UnitOfWork
from storage.catalog.clips import BEYOND_END_SEC

router = APIRouter(tags=["compound clips"])


class CompoundView(CompoundClip):
    """A compound clip; an item without times uses those of its clip."""

    model_config = ALWAYS_GIVEN

    duration: float = Field(description="Length in seconds, as the clips are now.")

    @classmethod
    def of(cls, compound: CompoundClip, clips: Mapping[str, StoredClip]) -> CompoundView:
        """Show a record; `clips` are those of its project by id."""
        return cls.model_validate({**dict(compound), "duration": round(compound.length_sec(clips), 6)})


class ItemRequest(Body):
    """One part: a clip, or other times of the video in its place."""

    clip_id: Identity
    start: Seconds | None = Field(None, description="Start in the video; by default, that of the clip.")
    end: Seconds | None = Field(None, description="End in the video; by default, that of the clip.")

    @model_validator(mode="after")
    def _end_follows_start(self) -> ItemRequest:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"an item must end after it starts, got {self.start:g} to {self.end:g}")
        return self


class CompoundRequest(Body):
    """A compound clip."""

    name: CleanName = Field(examples=["Best of the match"])
    items: list[ItemRequest] = Field(
        min_length=1,
        max_length=500,
        examples=[[{"clip_id": "0123456789abcdef"}, {"clip_id": "fedcba9876543210", "start": 30.0, "end": 40.0}]],
    )
    crossfade_sec: float = Field(0.0, ge=0, le=5, allow_inf_nan=False, description="Overlap at each joint, in seconds.")


class CompoundChange(Body):
    """Changes of a compound clip. Omitted fields keep their values; `items` replaces all items."""

    name: CleanName | None = None
    items: list[ItemRequest] | None = Field(None, min_length=1, max_length=500)
    crossfade_sec: float | None = Field(None, ge=0, le=5, allow_inf_nan=False)


class CompoundQuery(ListQuery):
    """Which compound clips."""

    sort: Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        "created_at", description=SORT_HELP
    )


@router.post("/projects/{project_id}/compound-clips", status_code=201, responses=documented(404))
def create_compound_clip(
    project_id: PathIdentity, body: CompoundRequest, services: ServicesDep, response: Response
) -> CompoundView:
    """Create a compound clip from clips of a project."""
    compound = CompoundClip(
        project_id=project_id, name=body.name, items=_items(body.items), crossfade_sec=body.crossfade_sec
    )
    with services.catalog.transaction() as unit:
        _require_within_video(unit, compound)
        return _shown(unit.compounds.add(compound), unit, response)


@router.get("/projects/{project_id}/compound-clips", responses=documented(404))
def list_compound_clips(
    project_id: PathIdentity, query: Annotated[CompoundQuery, Query()], services: ServicesDep
) -> Listing[CompoundView]:
    """List the compound clips of a project."""
    with services.catalog.reading() as view:
        page = view.compounds.page(project_id, **query.model_dump())
        clips = _clips(view, project_id)
    return Listing[CompoundView].of(page, [CompoundView.of(compound, clips) for compound in page.items])


@router.get("/compound-clips/{compound_id}", responses=documented(404))
def get_compound_clip(compound_id: PathIdentity, services: ServicesDep, response: Response) -> CompoundView:
    """Show a compound clip."""
    with services.catalog.reading() as view:
        return _shown(view.compounds.get(compound_id), view, response)


@router.patch("/compound-clips/{compound_id}", responses=documented(404, 412, 428))
def change_compound_clip(
    compound_id: PathIdentity, change: CompoundChange, expected: Expected, services: ServicesDep, response: Response
) -> CompoundView:
    """Change a compound clip."""
    changes = change.model_dump(exclude_none=True, exclude={"items"})
    if change.items is not None:
        changes["items"] = _items(change.items)
    with services.catalog.transaction() as unit:
        compound = unit.compounds.get(compound_id)
        expected.require("compound clip", compound_id, compound.revision)
        changed = compound.changed(**changes)
        _require_within_video(unit, changed)
        return _shown(compound if changed == compound else unit.compounds.save(changed), unit, response)


@router.delete("/compound-clips/{compound_id}", status_code=204, responses=documented(404, 412, 428))
def delete_compound_clip(compound_id: PathIdentity, expected: Expected, services: ServicesDep) -> None:
    """Delete a compound clip; its clips stay."""
    with services.catalog.transaction() as unit:
        expected.require("compound clip", compound_id, unit.compounds.get(compound_id).revision)
        unit.compounds.delete(compound_id)


def _items(items: list[ItemRequest]) -> tuple[CompoundItem, ...]:
    return tuple(CompoundItem(clip_id=item.clip_id, start=item.start, end=item.end) for item in items)


def _clips(unit: UnitOfWork, project_id: str) -> dict[str, StoredClip]:
    """Return all clips of a project by id."""
    return {clip.id: clip for clip in unit.clips.page(project_id).items}


def _require_within_video(unit: UnitOfWork, compound: CompoundClip) -> None:
    """Refuse items that end after the video."""
    duration = unit.projects.get(compound.project_id).duration_sec
    for number, item in enumerate(compound.items, 1):
        if duration is not None and item.end is not None and item.end > duration + BEYOND_END_SEC:
            raise ParameterError(f"item {number}: can't end at {item.end:g} s: the video is {duration:g} s long")


def _shown(compound: CompoundClip, unit: UnitOfWork, response: Response) -> CompoundView:
    place(response, f"/api/compound-clips/{compound.id}", compound.revision)
    return CompoundView.of(compound, _clips(unit, compound.project_id))
