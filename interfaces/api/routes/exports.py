"""Exports: clips and compound clips rendered to files by jobs; downloading and deleting the files."""

from __future__ import annotations

import mimetypes
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, computed_field, model_validator
from starlette.responses import Response

from autoclip.confinement import OpenedFile, folder_beneath
from autoclip.errors import ConflictError, NotFoundError, ParameterError
from autoclip.settings import ExportSettings
from interfaces.api.file_responses import file_endpoint, file_response, open_served
from interfaces.api.guards.local_paths import client_settings
from interfaces.api.job_submission import Starter
from interfaces.api.problems import documented
from interfaces.api.schemas import requests as bodies
from interfaces.api.schemas.requests import (
    ALWAYS_GIVEN,
    SORT_HELP,
    Body,
    CleanName,
    Identity,
    Listing,
    ListQuery,
    PathIdentity,
)
from interfaces.api.services import Services, ServicesDep
from interfaces.api.stored_files import stored_response
from interfaces.jobs import Job
from storage.atomic import storage_faults
from storage.catalog import Export, ExportState, UnitOfWork
from storage.project_files import StoredVersion

router = APIRouter(tags=["exports"])

MAX_BATCH = 5000


class ExportView(Export):
    """An export."""

    model_config = ALWAYS_GIVEN

    @computed_field  # type: ignore[prop-decorator]
    @property
    def file_url(self) -> str | None:
        """Where the file can be fetched; null as long as there is none."""
        return f"/api/exports/{self.id}/file" if self.state == "completed" else None

    @classmethod
    def of(cls, export: Export) -> ExportView:
        """Show a record."""
        return cls.model_validate(dict(export))


class ExportRequest(Body):
    """One file to render: a clip or a compound clip."""

    clip_id: Identity | None = Field(None, examples=["0123456789abcdef"])
    compound_id: Identity | None = None
    settings: bodies.Settings = Field(
        default_factory=dict,
        description="Settings that differ from the defaults, by name.",
        examples=[{"cut": "exact", "crf": 20}],
    )

    @model_validator(mode="after")
    def _one_thing(self) -> ExportRequest:
        if (self.clip_id is None) == (self.compound_id is None):
            raise ValueError("give either clip_id or compound_id")
        return self


class BatchRequest(Body):
    """Many files to render: the clips named, those that people kept, the best of the project, or all.

    Clips that people rejected are rendered only when they are named.
    """

    clip_ids: list[Identity] | None = Field(None, min_length=1, max_length=MAX_BATCH)
    compound_ids: list[Identity] | None = Field(None, min_length=1, max_length=MAX_BATCH)
    top: int | None = Field(None, ge=1, le=MAX_BATCH, description="Export this many of the best clips.", examples=[5])
    kept: bool = Field(False, description="Every clip whose verdict is `kept`.")  # noqa: FBT003 - a pydantic default
    all: bool = Field(False, description="Every clip that was not rejected.")  # noqa: FBT003
    settings: bodies.Settings = Field(
        default_factory=dict, description="Settings that differ from the defaults, by name."
    )

    @model_validator(mode="after")
    def _one_choice(self) -> BatchRequest:
        named = self.clip_ids is not None or self.compound_ids is not None
        if [named, self.top is not None, self.kept, self.all].count(True) != 1:
            raise ValueError("say which clips: clip_ids and compound_ids, or top, or kept, or all")
        return self


class ExportQuery(ListQuery):
    """Which exports."""

    sort: Literal[
        "name", "-name", "state", "-state", "created_at", "-created_at", "updated_at", "-updated_at", "size_bytes",
        "-size_bytes", "duration_sec", "-duration_sec",
    ] = Field("-created_at", description=SORT_HELP)  # fmt: skip
    state: ExportState | None = Field(None, description="Only those with this state.")
    job_id: CleanName | None = Field(None, description="Only those of this job.")


@router.post("/projects/{project_id}/exports", status_code=202, responses=documented(403, 404, 409, 503))
def start_export(project_id: PathIdentity, body: ExportRequest, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that renders a clip or a compound clip to a file."""
    settings = _checked(services, body.settings)
    with services.catalog.reading() as view:
        _require_video(view, project_id)
        _require_parts(view, project_id, _named(body.clip_id), _named(body.compound_id))
    parameters = {"clip_id": body.clip_id, "compound_id": body.compound_id, "settings": settings}
    return starter.start("export", project_id, parameters, body)


@router.post("/projects/{project_id}/exports/batch", status_code=202, responses=documented(403, 404, 409, 503))
def start_batch_export(project_id: PathIdentity, body: BatchRequest, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that renders many clips, one file each. A failure does not stop the rest."""
    settings = _checked(services, body.settings)
    with services.catalog.reading() as view:
        _require_video(view, project_id)
        clip_ids = _chosen_clips(view, project_id, body)
        compound_ids = list(dict.fromkeys(body.compound_ids or ()))
        _require_parts(view, project_id, clip_ids, compound_ids)
    if not clip_ids and not compound_ids:
        raise ConflictError(f"the project {project_id} has no clips to export; analyze it or make some by hand")
    parameters = {"clip_ids": clip_ids, "compound_ids": compound_ids, "settings": settings}
    return starter.start("export-batch", project_id, parameters, body)


@router.get("/projects/{project_id}/exports", responses=documented(404))
def list_exports(
    project_id: PathIdentity, query: Annotated[ExportQuery, Query()], services: ServicesDep
) -> Listing[ExportView]:
    """List the exports of a project, newest first."""
    with services.catalog.reading() as view:
        page = view.exports.page(project_id, **query.model_dump())
    return Listing[ExportView].of(page, map(ExportView.of, page.items))


@router.get("/exports/{export_id}", responses=documented(404))
def get_export(export_id: PathIdentity, services: ServicesDep) -> ExportView:
    """Show an export."""
    with services.catalog.reading() as view:
        return ExportView.of(view.exports.get(export_id))


@file_endpoint(router, "/exports/{export_id}/file", "*/*")
def fetch_export(
    export_id: PathIdentity,
    request: Request,
    services: ServicesDep,
    inline: Annotated[bool, Query(description="Show it in the browser instead of saving it.")] = False,  # noqa: FBT002
) -> Response:
    """Get the file of an export, or parts of it with a Range header."""
    with services.catalog.reading() as view:
        export = view.exports.get(export_id)
    if (version := _elsewhere(services, export)) is not None:
        return stored_response(request, services.data_folder, version, _media_type(version.name), inline=inline)
    opened = _file_of(services, export)
    if opened is None:
        where = (
            "it lies outside the folders that are open to the API"
            if export.state == "completed"
            else f"it is {export.state}"
        )
        raise NotFoundError(f"the export {export_id} has no file to fetch: {where}")
    return file_response(request, opened, _media_type(opened.path.name), inline=inline)


@router.delete("/exports/{export_id}", status_code=204, responses=documented(404, 409))
def delete_export(export_id: PathIdentity, services: ServicesDep) -> None:
    """Delete an export with its file."""
    with services.catalog.transaction() as unit:
        export = unit.exports.get(export_id)
        if export.state in {"pending", "running"}:
            raise ConflictError(f"the export {export_id} is being rendered; cancel its job {export.job_id} first")
        unit.exports.delete(export_id)
    _remove_file(services, export)


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _elsewhere(services: Services, export: Export) -> StoredVersion | None:
    """Return the store's version of an export whose file is not here."""
    if export.path is None or export.state != "completed":
        return None
    return services.data_folder.project(export.project_id).elsewhere(export.path)


def _file_of(services: Services, export: Export) -> OpenedFile | None:
    """Open the file of an export, if it lies below the output roots."""
    root = _root_of(services, export)
    return None if root is None or export.path is None else open_served(root, export.path)


def _remove_file(services: Services, export: Export) -> None:
    """Remove the file of an export, if it lies below the output roots."""
    root = _root_of(services, export)
    if root is None or export.path is None:
        return
    with (
        storage_faults(export.path),
        suppress(NotFoundError, ParameterError),
        folder_beneath(root, export.path.parent) as folder,
    ):
        folder.unlink(export.path.name)
    services.data_folder.project(export.project_id).forget(export.path)


def _root_of(services: Services, export: Export) -> Path | None:
    """Return the root that a finished export's path lies below; None if it lies below none."""
    path = export.path
    if path is None or export.state != "completed":
        return None
    own = services.data_folder.project(export.project_id).exports
    roots = [place for root in (own, *services.environment.writable_roots) for place in (root, root.resolve())]
    return next((root for root in roots if path.is_relative_to(root)), None)


def _checked(services: Services, given: dict[str, Any]) -> dict[str, Any]:
    """Return export settings by name, converted to their types, without models outside the roots."""
    flat = ExportSettings.from_flat(client_settings(services.environment, given)).flat()
    return {name: flat[name] for name in given}


def _named(identity: str | None) -> list[str]:
    return [] if identity is None else [identity]


def _require_video(view: UnitOfWork, project_id: str) -> None:
    if view.projects.get(project_id).path is None:
        raise ConflictError(f"the project {project_id} has no video yet; start a download job first")


def _require_parts(view: UnitOfWork, project_id: str, clip_ids: list[str], compound_ids: list[str]) -> None:
    """Refuse clips and compound clips that are not in the project."""
    mine = {clip.id for clip in view.clips.page(project_id).items}
    mine |= {compound.id for compound in view.compounds.page(project_id).items} if compound_ids else set()
    for identity in (*clip_ids, *compound_ids):
        if identity not in mine:
            raise ParameterError(f"the project {project_id} has no clip or compound clip {identity}")


def _chosen_clips(view: UnitOfWork, project_id: str, body: BatchRequest) -> list[str]:
    """Return the clips of a batch, in order of time or best first."""
    if body.kept:
        return [clip.id for clip in view.clips.page(project_id, verdict="kept").items]
    if body.all:
        return [clip.id for clip in view.clips.page(project_id, without_verdict="rejected").items]
    if body.top is not None:
        best = view.clips.page(project_id, sort="-quality_score", limit=body.top, without_verdict="rejected")
        return [clip.id for clip in best.items]
    return list(dict.fromkeys(body.clip_ids or ()))
