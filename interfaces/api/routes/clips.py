"""Clips: listed, decided about, trimmed, renamed, made by hand, split, merged, duplicated."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, computed_field, model_validator

from autoclip.clips import displayed_score
from autoclip.errors import NotFoundError
from autoclip.settings import SegmentationMode
from autoclip.timeline import Interval
from interfaces.api.clip_changes import (
    changed_clip,
    duplicate_clip,
    exclude_part,
    merge_clips,
    neighbor_of,
    new_clip,
    split_clip,
)
from interfaces.api.etags import Expected, place, require_named
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import (
    SORT_HELP,
    Body,
    CleanName,
    Identity,
    Listing,
    ListQuery,
    PathIdentity,
    Seconds,
    View,
)
from interfaces.api.services import Services, ServicesDep
from stages.rate_clips import ClipRater
from storage.catalog import StoredClip, Verdict

router = APIRouter(tags=["clips"])


class ClipView(StoredClip):
    """A clip; times are seconds from the first video frame, `end` is the first instant not in it."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def thumbnail_url(self) -> str:
        """Where its picture is."""
        return f"/api/projects/{self.project_id}/thumbnails/{self.id}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> int:
        """Its quality as people see it, from 0 to 100."""
        return displayed_score(self.quality_score)

    @classmethod
    def show(cls, clip: StoredClip) -> ClipView:
        """Show a record."""
        return cls.model_validate(dict(clip))


class ClipQuery(ListQuery):
    """Which clips."""

    sort: Literal[
        "start", "-start", "end", "-end", "duration", "-duration", "quality_score", "-quality_score", "name", "-name",
        "created_at", "-created_at", "updated_at", "-updated_at",
    ] = Field("start", description=SORT_HELP)  # fmt: skip
    mode: SegmentationMode | None = Field(None, description="Only clips found by an analysis in this mode.")
    created_by: Literal["auto", "manual"] | None = Field(
        None, description="Only clips found by an analysis (auto), or made by hand (manual)."
    )
    min_quality: float | None = Field(
        None, ge=0, le=100, allow_inf_nan=False, description="Only clips with at least this `quality_score`."
    )
    verdict: Verdict | None = Field(None, description="Only clips with this verdict.")
    search: CleanName | None = Field(None, description="Text that the name contains.")


class ClipRequest(Body):
    """A clip made by hand."""

    start: Seconds = Field(examples=[12.5])
    end: Seconds = Field(examples=[27.0])
    name: CleanName = Field("Clip", examples=["Winning goal"])


class ClipChange(Body):
    """Changes of a clip. Omitted fields keep their values."""

    start: Seconds | None = Field(None, examples=[12.0])
    end: Seconds | None = Field(None, examples=[27.5])
    name: CleanName | None = Field(None, examples=["Winning goal"])
    verdict: Verdict | None = Field(None, description="What a person decided about the clip.", examples=["kept"])

    def changes(self) -> dict[str, object]:
        """Return the given fields."""
        named = self.model_fields_set & {"start", "end", "name", "verdict"}
        return {name: value for name in named if (value := getattr(self, name)) is not None}


class BulkChange(ClipChange):
    """A change of one of many clips."""

    clip_id: Identity
    revision: int | None = Field(
        None,
        ge=1,
        le=2**31 - 1,
        description="The revision that the change is based on, as If-Match gives it for a single change.",
    )


class BulkRequest(Body):
    """Changes of many clips: all are made, or none."""

    changes: list[BulkChange] = Field(min_length=1, max_length=5000)


class SplitRequest(Body):
    """Where a clip is split."""

    at: Seconds = Field(description="A time within the clip.", examples=[18.0])


class PartRequest(Body):
    """Which part of a clip is taken out, in seconds of the video."""

    start: Seconds = Field(examples=[18.0])
    end: Seconds = Field(examples=[21.5])

    @model_validator(mode="after")
    def _end_follows_start(self) -> PartRequest:
        if self.end <= self.start:
            raise ValueError(f"a part must end after it starts, got {self.start:g} to {self.end:g}")
        return self


class MergeRequest(Body):
    """Which clips become one."""

    clip_ids: list[Identity] = Field(min_length=2, max_length=1000, description="Clips of the project.")
    name: CleanName | None = Field(None, description="Name of the merged clip; by default, that of the first one.")
    keep: bool = Field(False, description="Keep the clips as well.")  # noqa: FBT003 - a pydantic default


class NeighborRequest(Body):
    """Which neighbor a clip is merged with."""

    neighbor: Literal["previous", "next"] = Field(description="The clip that starts before it, or after it.")


class Clips(View):
    """Some clips."""

    clips: list[ClipView]


@router.get("/projects/{project_id}/clips", responses=documented(404))
def list_clips(
    project_id: PathIdentity, query: Annotated[ClipQuery, Query()], services: ServicesDep
) -> Listing[ClipView]:
    """List the clips of a project."""
    with services.catalog.reading() as view:
        page = view.clips.page(project_id, **query.model_dump())
    return Listing[ClipView].of(page, map(ClipView.show, page.items))


@router.post("/projects/{project_id}/clips", status_code=201, responses=documented(404))
def create_clip(project_id: PathIdentity, body: ClipRequest, services: ServicesDep, response: Response) -> ClipView:
    """Create a clip by hand. No analysis changes or removes it."""
    clip = _rater(services, project_id).rated(new_clip(project_id, body.start, body.end, body.name))
    with services.catalog.transaction() as unit:
        clip = unit.clips.add(clip)
    return show_clip(clip, response)


@router.post("/projects/{project_id}/clips/merge", status_code=201, responses=documented(404, 409))
def merge_project_clips(
    project_id: PathIdentity, body: MergeRequest, services: ServicesDep, response: Response
) -> ClipView:
    """Merge several clips into one, from the first start to the last end. The originals are deleted unless kept."""
    rater = _rater(services, project_id)
    with services.catalog.transaction() as unit:
        clip = merge_clips(unit, project_id, body.clip_ids, rater, name=body.name, keep=body.keep)
    return show_clip(clip, response)


@router.post("/projects/{project_id}/clips/bulk", responses=documented(404, 412, 428))
def change_clips(project_id: PathIdentity, body: BulkRequest, services: ServicesDep) -> Clips:
    """Change many clips of a project in one operation that can be undone at once.

    If a clip has changed since its `revision`, the answer is 412 and nothing changes.
    """
    rater = _rater(services, project_id)
    with services.catalog.transaction() as unit:
        stored = dict(unit.clips.stored(project_id, [change.clip_id for change in body.changes]))
        for change in body.changes:
            clip = stored.get(change.clip_id)
            if clip is None:
                raise NotFoundError(f"the project {project_id} has no clip {change.clip_id}; it may have been deleted")
            require_named(services.environment, "clip", clip.id, clip.revision, change.revision)
            changed = changed_clip(clip, change.changes(), rater)
            stored[clip.id] = clip if changed == clip else unit.clips.save(changed)
        unit.operations.label(project_id, "bulk")
    return Clips(clips=[ClipView.show(stored[clip_id]) for clip_id in dict.fromkeys(c.clip_id for c in body.changes)])


@router.get("/clips/{clip_id}", responses=documented(404))
def get_clip(clip_id: PathIdentity, services: ServicesDep, response: Response) -> ClipView:
    """Show a clip."""
    with services.catalog.reading() as view:
        clip = view.clips.get(clip_id)
    return show_clip(clip, response)


@router.patch("/clips/{clip_id}", responses=documented(404, 412, 428))
def change_clip(
    clip_id: PathIdentity, change: ClipChange, expected: Expected, services: ServicesDep, response: Response
) -> ClipView:
    """Trim or rename a clip, or set its verdict. No later analysis changes it."""
    rater = _rater_for(services, clip_id)
    with services.catalog.transaction() as unit:
        clip = unit.clips.get(clip_id)
        expected.require("clip", clip_id, clip.revision)
        changed = changed_clip(clip, change.changes(), rater)
        clip = clip if changed == clip else unit.clips.save(changed)
    return show_clip(clip, response)


@router.post("/clips/{clip_id}/split", status_code=201, responses=documented(404, 409, 412, 428))
def split_one_clip(clip_id: PathIdentity, body: SplitRequest, expected: Expected, services: ServicesDep) -> Clips:
    """Split a clip in two: it keeps the part before the instant; a new clip gets the rest."""
    rater = _rater_for(services, clip_id)
    with services.catalog.transaction() as unit:
        expected.require("clip", clip_id, unit.clips.get(clip_id).revision)
        parts = split_clip(unit, clip_id, body.at, rater)
    return Clips(clips=[ClipView.show(part) for part in parts])


@router.post("/clips/{clip_id}/exclude", responses=documented(404, 409, 412, 428))
def exclude_part_of_clip(clip_id: PathIdentity, body: PartRequest, expected: Expected, services: ServicesDep) -> Clips:
    """Remove a part of a clip: it keeps what comes before the part; a new clip gets what comes after it."""
    rater = _rater_for(services, clip_id)
    with services.catalog.transaction() as unit:
        expected.require("clip", clip_id, unit.clips.get(clip_id).revision)
        parts = exclude_part(unit, clip_id, Interval(body.start, body.end), rater)
    return Clips(clips=[ClipView.show(part) for part in parts])


@router.post("/clips/{clip_id}/merge", status_code=201, responses=documented(404, 409, 412, 428))
def merge_with_neighbor(
    clip_id: PathIdentity, body: NeighborRequest, expected: Expected, services: ServicesDep, response: Response
) -> ClipView:
    """Merge a clip with the one before or after it. The merged clip replaces both."""
    rater = _rater_for(services, clip_id)
    with services.catalog.transaction() as unit:
        clip = unit.clips.get(clip_id)
        expected.require("clip", clip_id, clip.revision)
        neighbor = neighbor_of(unit, clip, body.neighbor)
        merged = merge_clips(unit, clip.project_id, [clip_id, neighbor.id], rater, name=clip.name)
    return show_clip(merged, response)


@router.post("/clips/{clip_id}/duplicate", status_code=201, responses=documented(404))
def duplicate_one_clip(clip_id: PathIdentity, services: ServicesDep, response: Response) -> ClipView:
    """Copy a clip. The copy counts as made by hand and is undecided."""
    with services.catalog.transaction() as unit:
        clip = duplicate_clip(unit, clip_id)
    return show_clip(clip, response)


@router.delete("/clips/{clip_id}", status_code=204, responses=documented(404, 409, 412, 428))
def delete_clip(clip_id: PathIdentity, expected: Expected, services: ServicesDep) -> None:
    """Delete a clip that no compound clip uses."""
    with services.catalog.transaction() as unit:
        expected.require("clip", clip_id, unit.clips.get(clip_id).revision)
        unit.clips.delete(clip_id)


def _rater(services: Services, project_id: str) -> ClipRater:
    """Return the rater of a project's clips, created before a transaction, because it may have to read features."""
    return ClipRater(services.data_folder.open_project(project_id))


def _rater_for(services: Services, clip_id: str) -> ClipRater:
    with services.catalog.reading() as view:
        project_id = view.clips.get(clip_id).project_id
    return _rater(services, project_id)


def show_clip(clip: StoredClip, response: Response) -> ClipView:
    """Show a clip with its address and its ETag."""
    place(response, f"/api/clips/{clip.id}", clip.revision)
    return ClipView.show(clip)
