"""Media for playing and viewing: videos with ranges, thumbnails, the report page."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from autoclip.clips import clip_id as span_id
from autoclip.errors import ConflictError, NotFoundError
from autoclip.export.previews.thumbnails import make_thumbnails
from autoclip.media.playability import content_type_of, playability_of
from autoclip.media.video import Video
from interfaces.api.file_responses import file_endpoint, file_response, open_served
from interfaces.api.job_submission import Starter
from interfaces.api.probe_cache import known_video, open_video, probed, probed_file
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PathIdentity, View
from interfaces.api.services import Services, ServicesDep
from interfaces.api.stored_files import stored_response
from interfaces.jobs import Job
from stages.make_proxy import proxy_path
from storage.catalog import CatalogMemory, Project, StoredClip
from storage.data_folder import ProjectFolder
from storage.keys import FileIdentity
from storage.names import confine
from storage.project_files import StoredVersion

router = APIRouter(prefix="/projects", tags=["media"])

ON_DEMAND = "on_demand"
"""Folder of thumbnails that were made on request; those beside it belong to the analysis."""

REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox allow-popups"
"""The report contains its images and styles and needs no scripts."""


class Playback(View):
    """How a browser can play a project's video."""

    playable: bool = Field(description="Whether browsers can play the video as it is.")
    reason: str = Field(description="Why they can't; empty if they can.")
    content_type: str
    url: str | None = Field(description="Address for a video element; null while there is nothing it can play.")
    proxy: bool = Field(description="Whether the address leads to a proxy rendered for browsers.")
    frame_rate: float | None = Field(description="Average frame rate in frames per second; null if unknown.")
    first_frame_sec: float = Field(
        description="Time that a media element shows at the first frame, where the times of clips begin, in seconds."
    )


@file_endpoint(router, "/{project_id}/video", "video/*", "application/*", statuses=(404, 415))
def get_video(project_id: PathIdentity, request: Request, services: ServicesDep) -> Response:
    """Stream the source video, or parts of it with a Range header."""
    project = services.project(project_id)
    if (version := _elsewhere(services, project, project.path)) is not None:
        return stored_response(request, services.data_folder, version, content_type_of(_video(services, project)))
    opened = open_video(services, project)
    return file_response(request, opened, content_type_of(probed(services, project, opened)))


@router.get("/{project_id}/playback", responses=documented(404, 415))
def get_playback(project_id: PathIdentity, services: ServicesDep) -> Playback:
    """Say what a browser can play: the video, its proxy, or neither; then start a proxy job."""
    project = services.project(project_id)
    video = _video(services, project)
    playability = playability_of(video)
    proxy = None if playability.playable else _proxy(services, project)
    address = f"/api/projects/{project_id}/{'proxy' if proxy else 'video'}"
    return Playback(
        playable=playability.playable,
        reason=playability.reason,
        content_type="video/mp4" if proxy else content_type_of(video),
        url=address if proxy or playability.playable else None,
        proxy=proxy is not None,
        frame_rate=float(video.video.average_rate) if video.video.average_rate else None,
        first_frame_sec=_first_frame_sec(services, proxy) if proxy else video.start_sec,
    )


@router.post("/{project_id}/proxy", status_code=202, responses=documented(404, 409, 415, 503))
def start_proxy(project_id: PathIdentity, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that renders a proxy that browsers can play. It is made once per content."""
    if playability_of(_video(services, services.project(project_id))).playable:
        raise ConflictError(f"browsers play the video of {project_id} as it is; there is no need for a proxy")
    return starter.start("proxy", project_id, {})


@file_endpoint(router, "/{project_id}/proxy", "video/mp4", statuses=(404, 415))
def get_proxy(project_id: PathIdentity, request: Request, services: ServicesDep) -> Response:
    """Stream the proxy, or parts of it with a Range header."""
    project = services.project(project_id)
    proxy = _proxy(services, project)
    if proxy is None:
        raise NotFoundError(f"the project {project_id} has no proxy; start a job for it with POST")
    if (version := _elsewhere(services, project, proxy)) is not None:
        return stored_response(request, services.data_folder, version, "video/mp4", name=f"{project.name}.mp4")
    served = open_served(services.data_folder.projects, proxy)
    return file_response(request, served, "video/mp4", name=f"{project.name}.mp4")


@file_endpoint(
    router,
    "/{project_id}/thumbnails/{clip_id}",
    "image/jpeg",
    text="A JPEG of 320x180.",
    statuses=(404, 415),
)
async def get_thumbnail(
    project_id: PathIdentity, clip_id: PathIdentity, request: Request, services: ServicesDep
) -> Response:
    """Get the thumbnail of a clip. For a clip made or trimmed by hand, it is made on request."""
    clip = await run_sync(_clip, services, project_id, clip_id)
    folder = await run_sync(services.data_folder.open_project, project_id)
    path = await run_sync(_made_by_analysis, folder, clip)
    if path is None:
        project = await run_sync(services.project, project_id)
        path = await run_sync(_made_now, services, project, clip, limiter=services.decode_places)
    opened = await run_sync(open_served, services.data_folder.projects, path)
    return await run_sync(file_response, request, opened, "image/jpeg")


@file_endpoint(router, "/{project_id}/report", "text/html", text="A self-contained page.")
def get_report(project_id: PathIdentity, request: Request, services: ServicesDep) -> Response:
    """Show the report of the last analysis: signals, anchors, cuts and clips on one page."""
    report = services.folder(project_id).report
    if not report.exists():
        raise NotFoundError(f"the project {project_id} has no report yet; analyze it first")
    opened = open_served(services.data_folder.projects, report)
    response = file_response(request, opened, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = REPORT_POLICY
    return response


@file_endpoint(router, "/{project_id}/debug/{mode}", "application/json")
def get_debug_document(
    project_id: PathIdentity, mode: Literal["v1", "v2"], request: Request, services: ServicesDep
) -> Response:
    """Show the debug document of the last analysis in a mode: why these clips were chosen and others dropped."""
    path = services.folder(project_id).debug_path(mode)
    if not path.exists():
        raise NotFoundError(f"the project {project_id} has no debug document of mode {mode}; analyze it first")
    return file_response(request, open_served(services.data_folder.projects, path), "application/json")


def _clip(services: Services, project_id: str, clip_id: str) -> StoredClip:
    """Return a clip of a project."""
    with services.catalog.reading() as view:
        clip = view.clips.get(clip_id)
    if clip.project_id != project_id:
        raise NotFoundError(f"the project {project_id} has no clip {clip_id}")
    return clip


def _video(services: Services, project: Project) -> Video:
    """Return the facts of a project's video: the current ones, or those at registration if only the store has it."""
    if _elsewhere(services, project, project.path):
        return known_video(services, project)
    with closing(open_video(services, project)) as opened:
        return probed(services, project, opened)


def _elsewhere(services: Services, project: Project, path: Path | None) -> StoredVersion | None:
    """Return the store's version of a project's file if it must be read from there; None if the file is here."""
    return None if path is None else services.data_folder.project(project.id).elsewhere(path)


def _first_frame_sec(services: Services, proxy: Path) -> float:
    services.data_folder.fetch(proxy)
    with closing(open_served(services.data_folder.projects, proxy)) as opened, opened.pinned() as path:
        return probed_file(FileIdentity.of(path), path).start_sec


def _proxy(services: Services, project: Project) -> Path | None:
    """Return the proxy for the content of a project's file, if there is one, without reading the file."""
    if _elsewhere(services, project, project.path):
        content = project.fingerprint
    else:
        with closing(open_video(services, project)) as opened, opened.pinned() as video:
            content = _known_content(services, project, video)
    path = None if content is None else proxy_path(services.data_folder.project(project.id), content)
    return path if path is not None and services.data_folder.has(path) else None


def _known_content(services: Services, project: Project, video: Path) -> str | None:
    """Return the remembered fingerprint of a file, or the registered one if its size is unchanged."""
    identity = FileIdentity.of(video)
    remembered = CatalogMemory(services.catalog).recall(identity)
    return remembered or (project.fingerprint if identity.size == project.size_bytes else None)


def _made_by_analysis(folder: ProjectFolder, clip: StoredClip) -> Path | None:
    """Return the thumbnail of a clip that is unchanged since the analysis."""
    if clip.thumbnail is None or clip.trimmed:
        return None
    path = confine(folder.root, clip.thumbnail)
    return path if path.is_file() else None


def _made_now(services: Services, project: Project, clip: StoredClip) -> Path:
    """Make the thumbnail of a clip, named after its span, so that a trimmed clip gets another one."""
    place = services.data_folder.project(project.id).thumbnails / ON_DEMAND
    name = span_id(clip.project_id, "thumbnail", clip.interval)
    path = place / f"{name}.jpg"
    if not path.is_file():
        with closing(open_video(services, project)) as opened, opened.pinned():
            report = make_thumbnails(probed(services, project, opened), [clip.model_copy(update={"id": name})], place)
        if report.failed:
            raise NotFoundError(f"the clip {clip.id} has no picture: {report.failed[0].reason}")
    return path
