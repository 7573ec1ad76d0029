"""Send files over HTTP: ranges, conditional requests, content types, inline or as a download."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from autoclip.confinement import OpenedFile, open_beneath
from autoclip.errors import NotFoundError, ParameterError
from interfaces.api.problems import ApiError, documented
from storage.names import file_name

RANGE = re.compile(r"(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})?|-(?P<suffix>[0-9]{1,18})")
"""A single part in a Range header (RFC 9110, section 14.1.1)."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def file_endpoint(
    router: APIRouter, path: str, *media_types: str, text: str = "The file.", statuses: Sequence[int] = (404,)
) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint that uses `file_response`, for GET and HEAD.

    Parameters
    ----------
    router : APIRouter
        The router of the module.
    path : str
        Path of the endpoint.
    media_types : str
        Content types of the file.
    text : str
        What the file is.
    statuses : sequence of int
        Statuses of documented errors, besides 412 and 416.
    """
    # A part of a JSON document is not valid JSON, so only the content type can be documented.
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": text, "content": content},
        206: {"description": "The part of it that the Range header asks for.", "content": content},
        304: {"description": "Not modified: see If-None-Match and If-Modified-Since."},
        **documented(412, 416, *statuses),
    }

    def register(endpoint: Endpoint) -> Endpoint:
        router.get(path, response_class=Response, responses=responses)(endpoint)
        router.head(path, include_in_schema=False)(endpoint)
        return endpoint

    return register


def file_answer(media_types: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """Document an answer that is a file made for the request."""
    return {200: {"description": "The file.", "content": {media_type: {} for media_type in sorted(set(media_types))}}}


class _File(FileResponse):
    """Sends a file through its open descriptor, which is closed at the end.

    Reads large chunks, each in a thread: 1 MiB at once took a third less CPU than 256 KiB.
    """

    chunk_size = 1024 * 1024

    def __init__(self, opened: OpenedFile, media_type: str) -> None:
        super().__init__(opened.location, media_type=media_type, stat_result=opened.facts)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._opened.close()


def open_served(root: Path, path: Path) -> OpenedFile:
    """Open a file below a root for sending.

    Raises
    ------
    NotFoundError
        If there is no such regular file below the root, without following links.
    ApiError
        403 if it is not readable.
    """
    with served_faults(path):
        return open_beneath(root, path)


@contextmanager
def served_faults(path: Path) -> Iterator[None]:
    """Translate errors about a file: for a client, a link that leads elsewhere is not a file."""
    try:
        yield
    except ParameterError as error:
        raise NotFoundError(f"the file {path.name!r} is gone: {error}") from error
    except PermissionError as error:
        raise ApiError(403, "unreadable-file", f"the server may not read {path.name!r} ({error.strerror})") from error


def file_response(
    request: Request, opened: OpenedFile, media_type: str, *, name: str | None = None, inline: bool = True
) -> Response:
    """Return a file, a part of it, or the response that it has not changed.

    Parameters
    ----------
    request : Request
        The request, whose headers decide which.
    opened : OpenedFile
        The file; it is closed after sending.
    media_type : str
        Its content type.
    name : str, optional
        File name for saving.
    inline : bool
        Whether a browser shows it instead of saving it.
    """
    response = _File(opened, media_type)
    response.headers["Content-Disposition"] = disposition(name or opened.path.name, inline=inline)
    response.headers["Cache-Control"] = "private, no-cache"  # may be stored, but must be revalidated
    require_unchanged(request, response)
    if is_known(request, response):
        kept = {name: response.headers[name] for name in ("etag", "last-modified", "cache-control")}
        return Response(status_code=304, headers=kept)
    require_satisfiable(request, opened.facts.st_size)
    return response


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266) that every browser parses correctly for any file name."""
    safe = file_name(Path(name).stem, Path(name).suffix)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def require_satisfiable(request: Request, size: int) -> None:
    """Refuse ranges that all begin after the end; ignore an invalid Range header (RFC 9110, section 14.2)."""
    unit, _, given = request.headers.get("range", "").partition("=")
    ranges = [RANGE.fullmatch(part.strip()) for part in given.split(",")]
    well_formed = [part for part in ranges if part and not (part["last"] and int(part["last"]) < int(part["first"]))]
    if unit.strip().lower() != "bytes" or len(well_formed) < len(ranges):
        request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"range"]
    elif not any(int(part["suffix"]) > 0 if part["suffix"] else int(part["first"]) < size for part in well_formed):
        raise ApiError(
            416, "range-not-satisfiable", f"the file has {size:,} bytes", {"Content-Range": f"bytes */{size}"}
        )


def require_unchanged(request: Request, response: Response) -> None:
    """Refuse a request that depends on a version the file no longer has (RFC 9110, 13.1.1 and 13.1.4)."""
    tags, since = request.headers.get("if-match"), request.headers.get("if-unmodified-since")
    if tags is not None:
        unchanged = bool({"*", response.headers["etag"]} & {tag.strip() for tag in tags.split(",")})
    else:
        unchanged = since is None or _changed_by(response, since) is not False
    if not unchanged:
        raise ApiError(412, "changed-meanwhile", "the file has another version; ask for it without that condition")


def is_known(request: Request, response: Response) -> bool:
    """Whether the client has the current version (RFC 9110, section 13.2.2: If-None-Match takes precedence)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or response.headers["etag"] in known
    since = request.headers.get("if-modified-since")
    return since is not None and _changed_by(response, since) is True


def _changed_by(response: Response, since: str) -> bool | None:
    """Whether a file had its last change by a date; None if that is no date."""
    try:
        return parsedate_to_datetime(response.headers.get("last-modified", "")) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return None
