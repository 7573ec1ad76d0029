"""Folders on the server: whether they can be used, and what they contain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from interfaces.api.guards.local_paths import output_path, source_path
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PATH_PATTERN, Body, CleanText, View
from interfaces.api.services import ServicesDep
from stages.find_videos import VIDEO_SUFFIXES
from storage.data_folder import free_bytes, nearest_existing

router = APIRouter(prefix="/folders", tags=["folders"])

MAX_ENTRIES = 100_000


class FolderQuestion(Body):
    """Which folder, and what for."""

    path: CleanText = Field(
        description="Absolute path of a folder.", examples=["/srv/videos"], json_schema_extra=PATH_PATTERN
    )
    purpose: Literal["source", "output"] = Field(
        "source", description="What the folder is for: reading videos, or writing exports."
    )


class FolderVerdict(View):
    """Whether a folder can be used."""

    path: str = Field(description="Its real path, with links resolved.")
    usable: bool
    reason: str = Field(description="Why not; empty if it can be used.")
    free_bytes: int | None
    video_count: int = Field(description="Number of files directly in it whose names look like videos.")


@router.post("/validate", responses=documented(403))
def validate_folder(body: FolderQuestion, services: ServicesDep) -> FolderVerdict:
    """Check whether a folder can be used, without touching it."""
    find = source_path if body.purpose == "source" else output_path
    path = find(services.environment, body.path).path
    reason = _source_fault(path) if body.purpose == "source" else _output_fault(path)
    return FolderVerdict(
        path=str(path),
        usable=not reason,
        reason=reason,
        free_bytes=free_bytes(path),
        video_count=0 if _source_fault(path) else _video_count(path),
    )


def _source_fault(path: Path) -> str:
    if not path.exists():
        return "there is no such folder"
    if not path.is_dir():
        return "it is a file, not a folder"
    return "" if os.access(path, os.R_OK | os.X_OK) else "it may not be read"


def _output_fault(path: Path) -> str:
    present = nearest_existing(path)
    if not present.is_dir():
        return f"{present.name!r} is a file, not a folder"
    return "" if os.access(present, os.W_OK | os.X_OK) else "it may not be written to"


def _video_count(path: Path) -> int:
    with os.scandir(path) as entries:
        return sum(
            Path(entry.name).suffix.lower() in VIDEO_SUFFIXES
            for _, entry in zip(range(MAX_ENTRIES), entries, strict=False)
        )
