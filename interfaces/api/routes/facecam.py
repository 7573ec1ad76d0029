"""The position of a streamer's camera in a game's video, for pages that show the layout of an export."""

from __future__ import annotations

from contextlib import closing

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import Field

from autoclip.export.framing.facecam import find_facecam
from interfaces.api.probe_cache import open_video, probed
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PathIdentity, View
from interfaces.api.services import Services, ServicesDep

router = APIRouter(prefix="/projects/{project_id}", tags=["exports"])


class FacecamView(View):
    """A streamer's camera."""

    facecam: str | None = Field(
        description="left,top,width,height in pixels, as the setting `facecam` takes it; null if there is none."
    )


@router.get("/facecam", responses=documented(404, 415))
async def get_facecam(project_id: PathIdentity, services: ServicesDep) -> FacecamView:
    """Look for the rectangle whose edges never move: 40 pictures from all over the video are decoded."""
    return await run_sync(_found, services, project_id, limiter=services.decode_places)


def _found(services: Services, project_id: str) -> FacecamView:
    project = services.project(project_id)
    with closing(open_video(services, project)) as opened, opened.pinned():
        video = probed(services, project, opened)
        found = find_facecam(video)
    return FacecamView(facecam=None if found is None else found.pixels(video))
