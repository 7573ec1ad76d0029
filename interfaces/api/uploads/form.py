"""Uploads in one go: a form, or the file itself as the body."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from autoclip.errors import ParameterError
from interfaces.api.problems import ApiError, documented
from interfaces.api.routes.projects import KNOWN, ProjectView, show_project
from interfaces.api.schemas.requests import CleanName
from interfaces.api.services import Services, ServicesDep
from interfaces.api.uploads.receiving import file_name_of, receive_form, receive_plain, receiving, require_room
from stages.ingest_upload import ingest_upload
from storage.data_folder import DataFolder

router = APIRouter(prefix="/projects", tags=["projects"])

_NAME: TypeAdapter[str] = TypeAdapter(CleanName)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The video."},
                        "name": {"type": "string", "description": "What to call the project; after the file if not."},
                    },
                    "required": ["file"],
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def upload_folder(data_folder: DataFolder) -> Path:
    """Return the folder for received files: on the file system of the projects, so that they can be moved there."""
    return data_folder.root / "uploads"


@router.post(
    "/upload",
    status_code=201,
    response_model=ProjectView,
    openapi_extra=_BODY,
    responses={**KNOWN, **documented(400, 408, 413, 415, 507)},
)
async def upload_video(request: Request, response: Response, services: ServicesDep) -> ProjectView:
    """Create a project from an uploaded video. If a project has the same content, return that project (200).

    Send a form with the file in the field `file`, or the file itself as the body with its name in
    `Content-Disposition: attachment; filename="match.mp4"`. For large files over unreliable connections,
    see `/api/uploads`.
    """
    folder = upload_folder(services.data_folder)
    await require_room(folder, int(request.headers.get("content-length", "0")))
    async with receiving(folder) as path:
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            form = await receive_form(request, path)
            called, name = form.file_name, form.fields.get("name", "")
        else:
            called, name = file_name_of(request) or "upload", ""
            await _receive_whole(request, path)
        return await finish_upload(services, path, called, name, response)


async def finish_upload(services: Services, path: Path, called: str, name: str, response: Response) -> ProjectView:
    """Turn a received file into a project; `path` no longer exists afterwards."""
    work = partial(ingest_upload, services.catalog, services.data_folder, path, called, _checked_name(name))
    taken = await anyio.to_thread.run_sync(work)
    response.status_code = 201 if taken.new else 200
    return show_project(taken.project, response)


async def _receive_whole(request: Request, path: Path) -> None:
    declared = request.headers.get("content-length")
    size = await receive_plain(request, path)
    if size == 0:
        raise ApiError(422, "no-file", "the body is empty; send the video as a form or as the body itself")
    if declared is not None and size != int(declared):
        raise ApiError(400, "broke-off", f"the upload broke off after {size:,} bytes; send it again")


def _checked_name(name: str) -> str:
    if not name:
        return ""
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        raise ParameterError(f"name: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
