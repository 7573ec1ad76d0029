"""The OpenAPI document: additions to what FastAPI generates."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from interfaces.api.problems import Fault, Problem
from interfaces.api.schemas.examples import EXAMPLES

BEARER = {"type": "http", "scheme": "bearer", "description": "The token of AUTOCLIP_API_TOKEN, where one is set."}


def describe(app: FastAPI) -> None:
    """Make `app` return its complete document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _completed(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, Fault):
        schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": BEARER}
    document["security"] = [{"token": []}, {}]
    return document
