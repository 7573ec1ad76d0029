"""Work on a project: download, analysis, selecting again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, Self

from fastapi import APIRouter
from pydantic import Field

from autoclip.clips import Clip
from autoclip.errors import ConflictError, NotFoundError
from autoclip.presets import PresetName
from autoclip.settings import Settings
from flows.liveness import project_lock
from interfaces.api.chat_choice import ChatRequest, chat_parameters
from interfaces.api.guards.local_paths import client_settings
from interfaces.api.job_submission import Starter
from interfaces.api.problems import documented
from interfaces.api.schemas import requests as bodies
from interfaces.api.schemas.requests import Body, CleanName, PathIdentity, View
from interfaces.api.services import Services, ServicesDep
from interfaces.jobs import Job
from stages.record import record
from stages.retune import analysis_settings, preview, retune
from storage.catalog import Replacement
from storage.process_lock import held

router = APIRouter(prefix="/projects/{project_id}", tags=["work on projects"])


class SettingsRequest(Body):
    """What of the settings differs."""

    settings: bodies.Settings = Field(
        default_factory=dict,
        description="Settings that differ from those of this server, by name.",
        examples=[{"segmentation_mode": "v2", "target_clip_count_soft": 20}],
    )

    preset: PresetName = Field("none", description="A preset: settings that belong together. `settings` override it.")
    count: int | None = Field(None, ge=1, le=10_000, description="Number of clips to keep, best first.", examples=[5])
    total: CleanName | float | None = Field(
        None, description="Total length of all clips, best first: seconds, or a text such as 90s.", examples=["90s"]
    )
    length: CleanName | None = Field(None, description="Length of a clip in seconds, MIN-MAX.", examples=["20-40"])


class AnalysisRequest(SettingsRequest, ChatRequest):
    """How to analyze, and with which chat."""


class RetuneRequest(SettingsRequest):
    """How to choose again."""

    preview: bool = Field(False, description="Show what would be selected; change nothing.")  # noqa: FBT003


class Moved(View):
    """A clip that was chosen with other edges."""

    removed: str = Field(description="Id of the removed clip.")
    added: str = Field(description="Id of the added clip.")


class RetuneResult(View):
    """What was chosen, or would be."""

    preview: bool
    message: str = Field(description="Why there is no clip; empty when there is one.")
    clips: list[Clip]
    added: list[str] = Field(description="Ids of the clips that are new.")
    updated: list[str] = Field(description="Found again, with new scores.")
    removed: list[str] = Field(description="No longer selected.")
    kept: list[str] = Field(description="Kept, because a person changed or judged them, or a compound clip uses them.")
    moved: list[Moved] = Field(description="Pairs of a removed and an added clip that show the same moment.")

    @classmethod
    def of(cls, replacement: Replacement, clips: Iterable[Clip], message: str, *, preview: bool) -> Self:
        """Show what became of the clips, or would."""
        moved = [Moved(removed=before, added=after) for before, after in replacement.moved]
        return cls.from_attributes(replacement, preview=preview, message=message, clips=list(clips), moved=moved)


@router.post("/download", status_code=202, responses=documented(404, 409, 503))
def start_download(project_id: PathIdentity, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that downloads the video of a project created from an address."""
    project = services.project(project_id)
    if project.source.kind != "url":
        raise ConflictError(f"the project {project_id} was made of a file; there is nothing to download")
    return starter.start("download", project_id, {})


@router.post("/analyze", status_code=202, responses=documented(403, 404, 409, 415, 503))
def start_analysis(
    project_id: PathIdentity, services: ServicesDep, starter: Starter, body: AnalysisRequest | None = None
) -> Job:
    """Start a job that finds the highlights of a project, or join the one that already runs."""
    body = body or AnalysisRequest()
    project, chat = services.project(project_id), chat_parameters(services.environment, body)
    if project.path is None:
        raise ConflictError(f"the project {project_id} has no video yet; start a download job first")
    return starter.analyze(
        project_id, services.environment.settings.updated(given_settings(services, body)), body, chat
    )


@router.post("/retune", responses=documented(403, 404, 409))
def retune_project(project_id: PathIdentity, body: RetuneRequest, services: ServicesDep) -> RetuneResult:
    """Select clips again with other settings from the stored signals, in under a second for any length.

    Omitted settings are those of the last analysis, not of a later retune. Clips that people made or changed stay.
    """
    settings = _settings_of_last_analysis(services, project_id).updated(given_settings(services, body))
    return _preview(services, project_id, settings) if body.preview else _retuned(services, project_id, settings)


def given_settings(services: Services, body: SettingsRequest) -> dict[str, Any]:
    """Return the settings in a request: the preset first, then the settings, then the amount.

    Raises
    ------
    ApiError, ParameterError
        See `client_settings`.
    """
    chosen = {"preset": body.preset} if "preset" in body.model_fields_set else {}
    amount = {name: value for name in ("count", "total", "length") if (value := getattr(body, name)) is not None}
    return chosen | client_settings(services.environment, body.settings) | amount


def _settings_of_last_analysis(services: Services, project_id: str) -> Settings:
    with services.catalog.reading() as view:
        view.projects.get(project_id)
        if not view.analyses.of_project(project_id):
            raise NotFoundError(f"the project {project_id} was not analyzed yet; start an analysis first")
    return analysis_settings(services.data_folder.open_project(project_id))


def _preview(services: Services, project_id: str, settings: Settings) -> RetuneResult:
    selection = preview(services.data_folder.open_project(project_id), settings, project_id)
    with services.catalog.reading() as view:
        replacement = view.clips.preview_replacement(project_id, settings.segmentation_mode, selection.clips)
    return RetuneResult.of(replacement, selection.clips, selection.message, preview=True)


def _retuned(services: Services, project_id: str, settings: Settings) -> RetuneResult:
    def refuse(holder: str = "of another machine") -> None:
        raise ConflictError(f"the job {holder} is at work on the project {project_id}; wait for it or cancel it")

    folder = services.data_folder.project(project_id)
    elsewhere = nullcontext() if folder.files is None else services.catalog.sole_writer(project_id, refuse)
    lock = project_lock(services.data_folder.root, project_id)
    with held(lock, "retune", refuse), elsewhere, folder.editing():
        replacements: list[Replacement] = []
        selection = retune(
            folder, settings, project_id, lambda chosen: replacements.append(record(services.catalog, chosen))
        )
    clips_file = selection.clips_file
    return RetuneResult.of(replacements[0], clips_file.clips, clips_file.message, preview=False)
