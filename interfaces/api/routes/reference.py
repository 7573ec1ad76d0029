"""The documentation page: the OpenAPI document as one page without scripts or external resources.

FastAPI's own page loads its scripts from a public server: it is blank on a machine without internet access, and runs
whatever that server sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

TAGS = (
    "projects", "work on projects", "clips", "undo and redo", "compound clips", "exports", "jobs", "media", "signals",
    "speech", "resumable uploads", "folders", "settings", "health",
)  # fmt: skip
"""The resources, in the order a video passes through them."""

METHODS = ("get", "head", "options", "post", "patch", "delete")

REFERENCE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)

_TEMPLATES.filters["prose"] = lambda text: Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    place: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that is taken or given."""

    media_type: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of an operation."""

    status: str
    text: str
    payload: Payload | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str
    tag: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Field, ...]
    body: Payload | None
    answers: tuple[Answer, ...]


def serve_reference(app: FastAPI, path: str) -> None:
    """Make `app` serve its documentation at `path`."""

    async def show_reference(_request: Request) -> Response:
        return HTMLResponse(reference_page(app.openapi()), headers={"Content-Security-Policy": REFERENCE_POLICY})

    app.router.add_route(path, show_reference, include_in_schema=False)


def reference_page(document: Document) -> str:
    """Render the page of an OpenAPI document."""
    operations = sorted(_operations(document), key=lambda operation: TAGS.index(operation.tag))
    sections = {tag: tuple(found) for tag, found in groupby(operations, key=lambda operation: operation.tag)}
    return _TEMPLATES.get_template("reference.html").render(info=document["info"], sections=sections)


def _operations(document: Document) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(document, path, method, item[method])


def _operation(document: Document, path: str, method: str, found: Mapping[str, Any]) -> Operation:
    return Operation(
        name=found["operationId"],
        tag=found["tags"][0],
        method=method.upper(),
        path=path,
        summary=found["summary"],
        text=found.get("description", ""),
        parameters=tuple(
            Field(
                name=parameter["name"],
                place=parameter["in"],
                kind=_kind(document, parameter["schema"]),
                required=parameter.get("required", False),
                text=parameter.get("description", ""),
            )
            for parameter in found.get("parameters", ())
        ),
        body=_payload(document, found.get("requestBody", {})),
        answers=tuple(
            Answer(status, answer["description"], _payload(document, answer) if status.startswith("2") else None)
            for status, answer in sorted(found["responses"].items())
        ),
    )


def _payload(document: Document, holder: Mapping[str, Any]) -> Payload | None:
    for media_type, content in holder.get("content", {}).items():
        schema = _resolved(document, content.get("schema", {}))
        examples = schema.get("examples", ())
        fields = tuple(
            Field(
                name=name,
                place="body",
                kind=_kind(document, field),
                required=name in schema.get("required", ()),
                text=field.get("description", ""),
            )
            for name, field in schema.get("properties", {}).items()
        )
        example = json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
        return Payload(media_type, fields, example)
    return None


def _resolved(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Resolve a reference; for a nullable schema, return the non-null one."""
    options = [option for option in schema.get("anyOf", (schema,)) if option.get("type") != "null"]
    first: Mapping[str, Any] = options[0] if options else schema
    name = first.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else first


def _kind(document: Document, schema: Mapping[str, Any]) -> str:
    """Describe the type of a value in a few words."""
    if "$ref" in schema:
        return _kind(document, _resolved(document, schema))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, option) for option in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    kind = schema.get("title", "object") if "properties" in schema else schema.get("type", "any")
    bounds = [
        f"{sign} {schema[name]:,}"
        for name, sign in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="))
        if name in schema
    ]
    default = [f"default {json.dumps(schema['default'])}"] if schema.get("default") is not None else []
    return ", ".join([kind, *bounds, *default])
