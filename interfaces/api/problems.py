"""Errors of the API: RFC 9457 problem details with a stable code, the reason and the way out."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse

from autoclip.errors import AutoclipError, CatalogBusyError, from_system
from interfaces.outcomes import outcome_of

MEDIA_TYPE = "application/problem+json"
BUSY_RETRY_SEC = 2
"""Retry-After for a busy catalog in seconds: a unit of work holds it for some 10 ms, so this is plenty."""

_log = logging.getLogger("autoclip.api")


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Place in the request, such as `body.start` or `query.limit`.")
    message: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "not-found",
                "detail": "there is no clip '0123456789abcdef'; it may have been deleted",
            }
        }
    )

    type: str = Field("about:blank", description="Always `about:blank`: `code` tells errors apart.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status again.")
    code: str = Field(description="Stable name of the error, for programs.")
    detail: str = Field(description="The reason and the way out, for people.")
    errors: list[Fault] | None = Field(None, description="Each fault of a request that is not well-formed.")


class ApiError(HTTPException):
    """An error of HTTP, not of the library: a missing token, a body that is too large.

    Parameters
    ----------
    status : int
        The HTTP status.
    code : str
        Stable name for programs.
    detail : str
        The reason and the way out.
    headers : mapping, optional
        Additional headers of the response.
    """

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status, detail=detail, headers=dict(headers or {}))
        self.code = code


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[Fault] | None = None,
) -> JSONResponse:
    """Return the response for a problem."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, errors=errors)
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def answer(error: ApiError) -> JSONResponse:
    """Return the response for an `ApiError`."""
    return problem_response(error.status_code, error.code, error.detail, headers=error.headers)


def handle_problems(app: FastAPI) -> None:
    """Turn every error of `app` into a problem."""
    app.add_exception_handler(AutoclipError, _autoclip_error)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _malformed_request)
    app.add_exception_handler(OSError, _system_error)
    app.add_exception_handler(MemoryError, _system_error)
    app.add_exception_handler(Exception, _unforeseen)


async def _autoclip_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, AutoclipError):
        raise error
    outcome = outcome_of(error)
    if outcome.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s %s: %s", request.method, request.url.path, error)
    headers = {"Retry-After": str(BUSY_RETRY_SEC)} if isinstance(error, CatalogBusyError) else None
    return problem_response(outcome.http_status, outcome.code, str(error), headers=headers)


async def _system_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OSError | MemoryError):
        raise error
    return await _autoclip_error(request, from_system(error))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return answer(error)
    if not isinstance(error, StarletteHTTPException):
        raise error
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = f"{error.detail}: {request.method} {request.url.path[:200]}"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_of(request))
    return problem_response(error.status_code, code, detail, headers=headers)


def _methods_of(request: Request) -> list[str]:
    """Return all methods of a path; the router itself only reports those of the first endpoint."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    asked = request.scope["path"]
    for path in (asked, *paths):
        if path in paths and re.fullmatch(re.sub(r"\{[a-z_]+\}", "[^/]+", path), asked):
            return sorted(method.upper() for method in paths[path])
    return []


async def _malformed_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [Fault(where=_place(fault), message=_message(fault, request.app)) for fault in error.errors()]
    detail = "; ".join(f"{fault.where}: {fault.message}" for fault in faults[:10])
    return problem_response(422, "bad-request", detail, errors=faults)


async def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    """Hide internal details of an unexpected error; the server's log has its traceback."""
    detail = "this should not happen: the server's log says what did; please report it"
    return problem_response(500, "internal-error", detail, headers={"X-Content-Type-Options": "nosniff"})


def _place(fault: Mapping[str, Any]) -> str:
    return ".".join(str(part)[:80] for part in fault["loc"])


def _message(fault: Mapping[str, Any], app: FastAPI) -> str:
    if fault["type"] == "string_pattern_mismatch":
        return f"it must have the form of this example: {_examples(app)[fault['ctx']['pattern']]}"
    if fault["type"] == "json_invalid":
        return f"it is not JSON: {fault['ctx']['error']}"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text[:300]


@functools.lru_cache(maxsize=1)
def _examples(app: FastAPI) -> dict[str, str]:
    """Return an example of each pattern that the reference describes."""
    return dict(patterns_in(app.openapi()))


def patterns_in(part: Any, example: Any = None) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield the patterns within a part of the reference that have an example, each with its first one."""
    if isinstance(part, Mapping):
        examples = part.get("examples")
        example = examples[0] if isinstance(examples, list) else example
        if isinstance(part.get("pattern"), str) and isinstance(example, str):
            yield part["pattern"], example
    if isinstance(part, Mapping | list):
        for inner in part.values() if isinstance(part, Mapping) else part:
            yield from patterns_in(inner, example)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of an endpoint's errors, by status."""
    return {status: _described(HTTPStatus(status).phrase) for status in statuses}


def _described(text: str) -> dict[str, Any]:
    return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


EVERY_ENDPOINT = {**documented(422), "default": _described("Any other error")}
"""Responses of every endpoint: a malformed request, and the refusals of the guards."""
