"""Whether the server is alive, and whether it can work."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Response

from autoclip.errors import AutoclipError
from autoclip.extraction import EXTRACTION_VERSION
from autoclip.selection.pipeline import SELECTION_VERSION
from interfaces.api.schemas.requests import View
from interfaces.api.services import ServicesDep
from storage.artifact_store import state_of
from storage.data_folder import free_bytes, nearest_existing

router = APIRouter(tags=["health"])

LOW_SPACE_BYTES = 1_000_000_000
"""Free bytes below which an analysis or export of an ordinary video may not fit."""


class Health(View):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Check(View):
    """One thing that must work."""

    name: str
    ok: bool
    detail: str


class Readiness(View):
    """Whether everything works that the server needs."""

    ready: bool
    checks: list[Check]


class Version(View):
    """Versions of what gives the results."""

    autoclip: str
    extraction: str
    selection: str
    python: str
    prefect: str
    duckdb: str
    pyav: str


@router.get("/health")
async def get_health() -> Health:
    """Check that the server runs."""
    return Health()


@router.get("/health/ready", responses={503: {"model": Readiness, "description": "Something does not work."}})
def get_readiness(services: ServicesDep, response: Response) -> Readiness:
    """Check the catalog, the store, Prefect with its workers, and the disk."""
    checks = [
        _tried("catalog", lambda: _catalog(services)),
        _tried("store", lambda: state_of(services.data_folder.store)),
        _tried("prefect", lambda: _prefect(services)),
        _tried("disk", lambda: _disk(services.data_folder.root)),
    ]
    ready = all(check.ok for check in checks)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, checks=checks)


@router.get("/version")
def get_version() -> Version:
    """Show the versions."""
    return Version(
        autoclip=version("autoclip"),
        extraction=str(EXTRACTION_VERSION),
        selection=str(SELECTION_VERSION),
        python=platform.python_version(),
        prefect=version("prefect"),
        duckdb=version("duckdb"),
        pyav=version("av"),
    )


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, detail=check())
    except AutoclipError as error:
        return Check(name=name, ok=False, detail=str(error))


def _catalog(services: ServicesDep) -> str:
    with services.catalog.reading() as view:
        return f"{view.projects.page(limit=0).total} projects"


def _prefect(services: ServicesDep) -> str:
    workers = services.jobs.workers()
    return f"{services.jobs.page(limit=1).total} jobs; workers: {', '.join(workers) or 'none, start autoclip worker'}"


def _disk(root: Path) -> str:
    free = free_bytes(root)
    if free < LOW_SPACE_BYTES:
        raise AutoclipError(f"only {free / 1e9:.2f} GB are free in {nearest_existing(root)}; free space there")
    return f"{free / 1e9:.1f} GB free"
