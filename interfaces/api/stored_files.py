"""Files that are in the store and not in this machine's data folder: streamed from there in parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from interfaces.api.file_responses import RANGE, disposition, is_known, require_satisfiable
from storage.data_folder import DataFolder
from storage.project_files import StoredVersion

_ONE_RANGE = re.compile(rf"bytes=\s*(?:{RANGE.pattern})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Part:
    """Bytes `start` to `end` (exclusive) of `size`."""

    start: int
    end: int
    size: int


def stored_response(
    request: Request,
    data_folder: DataFolder,
    version: StoredVersion,
    media_type: str,
    *,
    name: str = "",
    inline: bool = True,
) -> Response:
    """Return a file of the store, a part of it, or the response that it has not changed.

    Several parts at once are answered with the whole file, as RFC 9110 (section 14.2) allows.

    Parameters
    ----------
    request : Request
        The request, whose headers decide which.
    data_folder : DataFolder
        The folder with the store.
    version : StoredVersion
        The version in the store.
    media_type : str
        Its content type.
    name : str
        File name for saving; by default the one in the store.
    inline : bool
        Whether a browser shows it instead of saving it.
    """
    if data_folder.store is None:
        raise RuntimeError("without a store there are no stored versions")
    require_satisfiable(request, version.size)
    headers = {
        "ETag": f'"{version.digest}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(name or PurePosixPath(version.name).name, inline=inline),
    }
    unchanged = Response(status_code=304, headers=headers)
    if is_known(request, unchanged):
        return unchanged
    part = _part(request, version.size, headers["ETag"])
    status = 200 if part.end - part.start == part.size else 206
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(part.end - part.start)}
    if status == 206:  # noqa: PLR2004 - Partial Content
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{part.size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    content = data_folder.store.chunks(version.key, part.start, part.end)
    return StreamingResponse(content, status_code=status, headers=headers, media_type=media_type)


def _part(request: Request, size: int, etag: str) -> _Part:
    """Return the requested part; the whole file if the request has none, several, or an outdated If-Range."""
    headers = Headers(scope=request.scope)  # without an invalid range, which request.headers may still have
    asked = _ONE_RANGE.fullmatch(headers.get("range", ""))
    if asked is None or headers.get("if-range", etag) != etag:
        return _Part(0, size, size)
    if asked["suffix"] is not None:
        return _Part(max(0, size - int(asked["suffix"])), size, size)
    return _Part(int(asked["first"]), min(size, int(asked["last"] or size) + 1), size)
