"""Links for clients that can't send a header: video elements, images, event sources, downloads."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from autoclip.errors import ParameterError
from interfaces.api.guards.signed_links import LINKABLE
from interfaces.api.schemas.requests import Body, View
from interfaces.api.services import ServicesDep

router = APIRouter(tags=["media"])

MAX_LIFETIME_SEC = 24 * 3600


class LinkRequest(Body):
    """What a link is wanted for."""

    path: str = Field(
        description="A path of the API that gives a file or a stream of events.",
        max_length=500,
        json_schema_extra={"pattern": f"^{LINKABLE.pattern}$"},
        examples=["/api/projects/0123456789abcdef/video"],
    )
    lifetime_sec: int = Field(3600, ge=1, le=MAX_LIFETIME_SEC, description="How long the link is valid, in seconds.")


class Link(View):
    """A link that needs no token."""

    url: str = Field(description="Path and signature; append it to the server's address.")
    expires_at: int | None = Field(description="Seconds since 1970; null where no token is needed anyway.")


@router.post("/links", status_code=201)
def create_link(body: LinkRequest, services: ServicesDep) -> Link:
    """Sign a link to a video, thumbnail, report, export or stream of events, so that a browser can open it."""
    if LINKABLE.fullmatch(body.path) is None:
        raise ParameterError(
            f"{body.path[:80]!r} can't be linked to; give the path of a video, thumbnail, report, exported file or "
            "stream of events"
        )
    link = services.links.sign(body.path, body.lifetime_sec)
    return Link(url=link.url, expires_at=link.expires_at)
