"""A web page beside the API: the folder its owner names, served as it is, and nothing outside it."""

from __future__ import annotations

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

from interfaces.api.security import API_PREFIX
from storage.environment import Environment

PAGE = "index.html"

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""A page of ours needs nothing from elsewhere, so that what gets into it can't call home (W3C Content Security Policy
Level 3). Frameworks write styles into elements, which is why those may be inline."""


def serve_frontend(app: FastAPI, environment: Environment) -> None:
    """Have `app` serve the page, if it is wanted; otherwise its root leads to the API's documentation.

    Raises
    ------
    ParameterError
        If it is wanted and the folder holds none.
    """
    folder = environment.page
    if folder is None:
        app.router.add_route("/", _to_documentation, include_in_schema=False)
    else:
        app.router.routes.append(_BesideTheApi("/", Frontend(folder), name="frontend"))


class Frontend(StaticFiles):
    """The files of a page; an address that is none of them gives the page, which knows its own addresses.

    Links out of the folder and hidden files (``.env``, ``.git``) are not there.

    Parameters
    ----------
    folder : Path
        Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or with the page where a browser asks for one."""
        if any(part.startswith(".") for part in PurePosixPath(path).parts):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or not _asks_for_page(path, scope):
                raise
            response = await super().get_response(PAGE, scope)
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        # A build names its scripts by their content; the page that names them must be asked for anew.
        response.headers["Cache-Control"] = "no-cache"
        return response


class _BesideTheApi(Mount):
    """Matches everything that does not belong to the API, whose unknown paths and methods are its own to refuse."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this answers a request."""
        path = scope["path"]
        if scope["type"] != "http" or path == API_PREFIX or path.startswith(f"{API_PREFIX}/"):
            return Match.NONE, {}
        return super().matches(scope)


def _asks_for_page(path: str, scope: Scope) -> bool:
    """Whether a browser goes to an address of the page's own, rather than fetching a picture or script."""
    return not PurePosixPath(path).suffix and "text/html" in Headers(scope=scope).get("accept", "")


async def _to_documentation(_request: Request) -> Response:
    return RedirectResponse(f"{API_PREFIX}/docs")
