"""Disk space used by projects, and free space."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from interfaces.api.problems import documented
from interfaces.api.schemas.requests import Identity, QueryBody, View
from interfaces.api.services import ServicesDep

router = APIRouter(tags=["projects"])


class DiskQuery(QueryBody):
    """Which projects."""

    project_id: list[Identity] = Field(min_length=1, max_length=1000, description="The projects to measure.")


class ProjectDiskUse(View):
    """What lies in a project's folder: its analysis, pictures, copies, exports, and the source if it was sent here."""

    project_id: str
    bytes: int


class DiskUse(View):
    """What some projects take, and what is left for all."""

    projects: list[ProjectDiskUse]
    free_bytes: int = Field(description="Free on the disk of the data folder.")


@router.get("/disk-use", responses=documented(404))
def get_disk_use(query: Annotated[DiskQuery, Query()], services: ServicesDep) -> DiskUse:
    """Measure the disk use of projects. Sources in other folders are not counted."""
    with services.catalog.reading() as view:
        projects = [view.projects.get(project_id) for project_id in query.project_id]
    folder = services.data_folder
    return DiskUse(
        projects=[ProjectDiskUse(project_id=p.id, bytes=_bytes_below(folder.project(p.id).root)) for p in projects],
        free_bytes=shutil.disk_usage(folder.root).free,
    )


def _bytes_below(root: Path) -> int:
    """Add up the files below a folder, without following links or counting files that are removed meanwhile."""
    total = 0
    for parent, _, names in os.walk(root):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
