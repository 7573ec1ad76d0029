"""Resumable uploads: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload), for any of its clients.

Core with the extensions creation, creation-with-upload, termination and expiration. No maintained library implements it
for ASGI; the protocol is small, and the file system solves the hard part (offsets that survive a crash).
"""

from __future__ import annotations

import base64
from email.utils import formatdate
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Request, Response

from autoclip.errors import AutoclipError
from interfaces.api.problems import ApiError, documented
from interfaces.api.schemas.requests import PathIdentity
from interfaces.api.services import Services, ServicesDep
from interfaces.api.uploads.form import finish_upload, upload_folder
from interfaces.api.uploads.partial_files import PartialUpload, PartialUploads, UploadNote
from interfaces.api.uploads.receiving import receive_plain, require_room, too_long

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
PROJECT_HEADER = "Autoclip-Project"
"""Response header of the last chunk: the id of the project that the upload became."""

_CHUNK: dict[str, Any] = {
    "requestBody": {"content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "required": True}
}

router = APIRouter(prefix="/uploads", tags=["resumable uploads"])


async def _tus_version(
    response: Response,
    tus_resumable: Annotated[str | None, Header(description="Version of the protocol.", examples=[VERSION])] = None,
) -> None:
    if tus_resumable != VERSION:
        raise ApiError(412, "wrong-tus-version", f"send 'Tus-Resumable: {VERSION}'", {"Tus-Version": VERSION})
    response.headers["Tus-Resumable"] = VERSION


Tus = Annotated[None, Depends(_tus_version)]
Length = Annotated[
    str, Header(pattern="^[0-9]{1,15}$", description="Size of the whole file, in bytes.", examples=["1048576"])
]
_KEY = r"[!-+\--~]+"
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_PAIR = f"{_KEY}(?: {_BASE64})?"
METADATA = f"^(?:{_PAIR}(?: ?, ?{_PAIR})*)?$"
"""``Upload-Metadata``: comma-separated pairs of a key and its value in base64 (RFC 4648 section 4)."""

Offset = Annotated[
    str, Header(pattern="^[0-9]{1,15}$", description="Number of bytes already received.", examples=["0"])
]


@router.options("", status_code=204)
async def describe_uploads(response: Response, services: ServicesDep) -> None:
    """Describe the supported parts of the protocol."""
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = "creation,creation-with-upload,termination,expiration"
    response.headers["Tus-Max-Size"] = str(_limit(services))


@router.post("", status_code=201, responses=documented(412, 413, 415, 507))
async def begin_upload(
    _tus: Tus,
    upload_length: Length,
    request: Request,
    response: Response,
    services: ServicesDep,
    upload_metadata: Annotated[
        str,
        Header(
            max_length=8000,
            pattern=METADATA,
            description="`filename` and, if it should differ, `name` of the project; values in base64.",
            examples=["filename bWF0Y2gubXA0"],
        ),
    ] = "",
) -> None:
    """Begin an upload; `Location` has its address. A body of `application/offset+octet-stream` is its first chunk."""
    length = int(upload_length)
    if length == 0 or length > _limit(services):
        raise ApiError(413, "too-large", f"uploads are from 1 to {_limit(services):,} bytes; this one has {length:,}")
    metadata = _metadata(upload_metadata)
    note = UploadNote(length=length, called=metadata.get("filename", "upload"), name=metadata.get("name", ""))
    uploads = _uploads(services)
    await require_room(uploads.folder, length)
    upload = await anyio.to_thread.run_sync(uploads.begin, note)
    if _is_chunk(request):
        try:
            await _add(services, upload, request, response, 0)
        except (ApiError, AutoclipError, OSError):  # the client never got its address, so nobody could continue it
            await anyio.to_thread.run_sync(uploads.remove, upload.id)
            raise
    response.headers["Location"] = f"/api/uploads/{upload.id}"
    if PROJECT_HEADER not in response.headers:
        response.headers["Upload-Expires"] = formatdate(upload.expires_at, usegmt=True)


@router.head("/{upload_id}", status_code=200, responses=documented(404, 412))
async def find_offset(_tus: Tus, upload_id: PathIdentity, response: Response, services: ServicesDep) -> None:
    """Get the number of bytes received so far."""
    upload = await anyio.to_thread.run_sync(_uploads(services).get, upload_id)
    response.headers["Upload-Offset"] = str(upload.offset)
    response.headers["Upload-Length"] = str(upload.note.length)
    response.headers["Cache-Control"] = "no-store"


@router.patch(
    "/{upload_id}",
    status_code=204,
    openapi_extra=_CHUNK,
    responses=documented(400, 404, 408, 409, 412, 413, 415, 423, 507),
)
async def add_chunk(
    _tus: Tus,
    upload_id: PathIdentity,
    upload_offset: Offset,
    request: Request,
    response: Response,
    services: ServicesDep,
) -> None:
    """Add a chunk at its offset. With the last one the upload becomes a project, named in `Autoclip-Project`."""
    if not _is_chunk(request):
        raise ApiError(415, "wrong-type", f"a chunk has the Content-Type {CHUNK_TYPE}")
    upload = await anyio.to_thread.run_sync(_uploads(services).get, upload_id)
    await _add(services, upload, request, response, int(upload_offset))


@router.delete("/{upload_id}", status_code=204, responses=documented(404, 412))
async def delete_upload(_tus: Tus, upload_id: PathIdentity, services: ServicesDep) -> None:
    """Cancel an upload and delete what was received."""
    uploads = _uploads(services)
    upload = await anyio.to_thread.run_sync(uploads.get, upload_id)
    with uploads.sole_writer(upload):
        await anyio.to_thread.run_sync(uploads.remove, upload_id)


async def _add(services: Services, upload: PartialUpload, request: Request, response: Response, offset: int) -> None:
    """Write a chunk; finish the upload after the last one."""
    uploads = _uploads(services)
    with uploads.sole_writer(upload):
        size = await _written(upload, request, offset)
        response.headers["Upload-Offset"] = str(size)
        if size < upload.note.length:
            response.headers["Upload-Expires"] = formatdate(upload.expires_at, usegmt=True)
            return
        status = response.status_code
        try:
            project = await finish_upload(services, upload.path, upload.note.called, upload.note.name, response)
        except AutoclipError:
            await anyio.to_thread.run_sync(uploads.remove, upload.id)
            raise
        response.status_code = status
        response.headers[PROJECT_HEADER] = project.id
        await anyio.to_thread.run_sync(uploads.remove, upload.id)


async def _written(upload: PartialUpload, request: Request, offset: int) -> int:
    if offset != upload.offset:
        raise ApiError(409, "wrong-offset", f"{upload.offset} bytes came so far; go on from there, not from {offset}")
    if offset + int(request.headers.get("content-length", "0")) > upload.note.length:
        raise too_long(upload.note.length)
    return await receive_plain(request, upload.path, offset=offset, limit=upload.note.length)


def _uploads(services: Services) -> PartialUploads:
    return PartialUploads(upload_folder(services.data_folder))


def _limit(services: Services) -> int:
    return int(services.environment.upload_limit_gb * 1e9)


def _is_chunk(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == CHUNK_TYPE


def _metadata(text: str) -> dict[str, str]:
    """Parse `METADATA`; bytes that are not UTF-8 are replaced, as in a form's file name."""
    pairs = (pair.strip().partition(" ") for pair in text.split(",") if pair.strip())
    return {key: base64.b64decode(value).decode(errors="replace") for key, _, value in pairs}
