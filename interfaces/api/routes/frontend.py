"""Serve the web page: ours, or that of a folder the owner names; no file outside it is served."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path, PurePosixPath

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from autoclip.errors import ParameterError
from interfaces.api.guards.access import API_PREFIX
from storage.environment import Environment

PAGE = "index.html"

BUILT_PAGE = Path(__file__).parents[1] / "page"
"""Folder in which ``make page`` puts our page; a wheel always contains it."""

_HASHED = re.compile(r"assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
"""Names of Vite's output files: the name, a hash of the content, the suffix."""

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Our page needs nothing from elsewhere, so injected content can't send data out (W3C Content Security Policy Level 3).

Inline styles are allowed because frameworks write styles into elements.
"""


def serve_frontend(app: FastAPI, environment: Environment) -> None:
    """Make `app` serve the page, if enabled; otherwise its root redirects to the API's documentation.

    Raises
    ------
    ParameterError
        If a folder was named and contains no page.
    """
    folder = page_folder(environment)
    if folder is None:
        app.router.add_route("/", _to_documentation, include_in_schema=False)
    else:
        app.router.routes.append(_BesideTheApi("/", Frontend(folder), name="frontend"))


def page_folder(environment: Environment) -> Path | None:
    """Return the folder of the page: the one that the owner names, or else ours.

    None if the page is disabled, or if ours was not built, as in a clone where ``make page`` has not run yet.

    Raises
    ------
    ParameterError
        If a folder was named and contains no page.
    """
    if not environment.serve_frontend:
        return None
    folder = environment.frontend_dir or BUILT_PAGE
    if (folder / PAGE).is_file():
        return folder
    if environment.frontend_dir is None:
        return None
    raise ParameterError(
        f"AUTOCLIP_FRONTEND_DIR: {folder} contains no {PAGE}; name the folder a web page was built into (often called "
        "dist or build), unset it to serve autoclip's own page, or set AUTOCLIP_SERVE_FRONTEND=false"
    )


class Frontend(StaticFiles):
    """The files of a page. Any other path returns the page, which handles its own routes.

    Links that leave the folder and hidden files (``.env``, ``.git``) are not served.

    Parameters
    ----------
    folder : Path
        The folder of the files.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the page if a browser navigates to a path."""
        if any(part.startswith(".") for part in PurePosixPath(path).parts):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or not _asks_for_page(path, scope):
                raise
            response = await super().get_response(PAGE, scope)
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        response.headers["Cache-Control"] = _lifetime(path)
        return response


class _BesideTheApi(Mount):
    """Matches everything outside the API, whose unknown paths and methods the API itself refuses."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether this route handles a request."""
        path = scope["path"]
        if scope["type"] != "http" or path == API_PREFIX or path.startswith(f"{API_PREFIX}/"):
            return Match.NONE, {}
        return super().matches(scope)


def _lifetime(path: str) -> str:
    """Return how long a browser may cache a file: assets are named by their content, the page is not."""
    return "public, max-age=31536000, immutable" if _HASHED.fullmatch(path) else "no-cache"


def _asks_for_page(path: str, scope: Scope) -> bool:
    """Whether a browser navigates to a route of the page, rather than loading an image or script."""
    return not PurePosixPath(path).suffix and "text/html" in Headers(scope=scope).get("accept", "")


async def _to_documentation(_request: Request) -> Response:
    return RedirectResponse(f"{API_PREFIX}/docs")
