"""The chat for an analysis: a file below a source root, and a time offset."""

from __future__ import annotations

from pydantic import Field

from autoclip.errors import NotFoundError
from flows.parameters import ChatOffset
from interfaces.api.guards.local_paths import open_named, source_path
from interfaces.api.schemas.requests import PATH_PATTERN, Body, CleanText
from storage.environment import Environment


class ChatRequest(Body):
    """Which chat belongs to a video."""

    chat: CleanText | None = Field(
        None,
        description="Absolute path of the stream's chat below a source root; by default, the one beside the video.",
        examples=["/srv/videos/final.chat.json"],
        json_schema_extra=PATH_PATTERN,
    )
    chat_offset: ChatOffset = Field(
        0.0, description="Seconds to add to the times of the chat to match those of the video.", examples=[-2.5]
    )


def chat_parameters(environment: Environment, body: ChatRequest) -> dict[str, object]:
    """Return the flow's parameters for the chat; empty if the request has neither a file nor an offset.

    Raises
    ------
    NotFoundError
        If there is no such file.
    ApiError, ParameterError, MediaError
        As in `source_path` and `open_named`.
    """
    offset: dict[str, object] = {"chat_offset": body.chat_offset} if body.chat_offset else {}
    if body.chat is None:
        return offset
    place = source_path(environment, body.chat)
    if not place.path.exists():
        raise NotFoundError(f"there is no file {str(place.path)!r} on this server; check the path of the chat")
    open_named(place, "the file of a chat").close()
    return {"chat": str(place.path)} | offset
