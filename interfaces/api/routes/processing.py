"""Jobs that process videos completely: download and analyze an address, or analyze a folder's new videos."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from autoclip.errors import NotFoundError
from autoclip.presets import PresetName, preset
from interfaces.api.chat_choice import ChatRequest, chat_parameters
from interfaces.api.guards.local_paths import source_path
from interfaces.api.guards.web_addresses import web_address
from interfaces.api.job_submission import Starter
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PATH_PATTERN, URL_PATTERN, Body, CleanName, CleanText
from interfaces.api.services import ServicesDep
from interfaces.jobs import Job

router = APIRouter(prefix="/jobs", tags=["jobs"])


class AddressProcessing(ChatRequest):
    """An address to fetch and analyze."""

    url: CleanText = Field(
        description="Address of a video, playlist or channel on YouTube or any other site yt-dlp knows.",
        examples=["https://www.youtube.com/watch?v=aqz-KE-bpKQ"],
        json_schema_extra=URL_PATTERN,
    )
    name: CleanName | None = Field(None, description="Name of the project; by default, the title of the video.")
    max_height: int = Field(
        1080, ge=0, le=8640, description="Maximum picture height to download, in pixels; 0 for the best available."
    )
    preset: PresetName = Field("none", description="A preset: settings that belong together.")


class FolderProcessing(Body):
    """A folder whose new videos are analyzed."""

    folder: CleanText = Field(
        description="Absolute path of a folder below a source root.",
        examples=["/srv/videos"],
        json_schema_extra=PATH_PATTERN,
    )
    preset: PresetName = Field("none", description="A preset: settings that belong together.")


@router.post("/process-video", status_code=202, responses=documented(403, 404, 415, 503))
def process_address(body: AddressProcessing, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that downloads and analyzes the video at an address. Each video of a playlist gets its own job."""
    url = web_address(body.url, allow_private=services.environment.allow_private_urls)
    parameters = {"source": url, "name": body.name or "", "fetch": {"max_height": body.max_height}}
    chosen = chat_parameters(services.environment, body) | _settings(services, body.preset)
    return starter.start("process-video", None, parameters | chosen, body)


@router.post("/process-folder", status_code=202, responses=documented(403, 404, 503))
def process_videos_of_folder(body: FolderProcessing, services: ServicesDep, starter: Starter) -> Job:
    """Start a job that finds the highlights of every new video in a folder."""
    path = source_path(services.environment, body.folder).path
    if not path.is_dir():
        raise NotFoundError(f"there is no folder {str(path)!r} on this server; check the path")
    parameters = {"folder": str(path)} | _settings(services, body.preset)
    return starter.start("process-folder", None, parameters, body)


def _settings(services: ServicesDep, name: PresetName) -> dict[str, object]:
    """Return a preset's changes to this server's settings; empty without a preset."""
    chosen = preset(name)
    if not chosen:
        return {}
    return {"settings": services.environment.settings.updated(chosen).model_dump(mode="json")}
