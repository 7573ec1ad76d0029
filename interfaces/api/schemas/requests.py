"""Common parts of bodies: requests are strict, responses are frozen, and texts from outside are validated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Generic, Self, TypeVar

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from autoclip.settings import suggestion
from storage.catalog import Page
from storage.catalog.records import NAME_LENGTH
from storage.names import IDENTIFIER

MAX_PAGE = 1000
"""Maximum number of items in a list response."""

MAX_SECONDS = 1e7
"""Largest accepted time in seconds: four months."""


ALWAYS_GIVEN = ConfigDict(json_schema_serialization_defaults_required=True)
"""For views made from records: every response contains the fields with defaults, too."""


class View(BaseModel):
    """Base class of responses."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @classmethod
    def from_attributes(cls, source: object, **others: object) -> Self:
        """Take the fields from the attributes of the same names, except those in `others`."""
        named = {name: getattr(source, name) for name in cls.model_fields if name not in others}
        return cls.model_validate(named | others)


class Body(BaseModel):
    """Base class of requests: an unknown field is an error that suggests the nearest name."""

    # JSON has types: a number in quotes is a mistake that should be reported, not guessed at.
    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=10_000, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_fields(cls, fields: Any) -> Any:  # noqa: ANN401
        if isinstance(fields, dict):
            for name in fields:
                if name not in cls.model_fields:
                    raise ValueError(unknown_field(str(name), list(cls.model_fields)))
        return fields


def unknown_field(name: str, known: list[str]) -> str:
    """Return a message that a field is unknown, with the nearest known name."""
    hint = suggestion(name, known) or f"known: {', '.join(known)}"
    return f"unknown field {name[:100]!r}; {hint}"


def _clean(text: str) -> str:
    """Refuse texts that can't be names: control characters, lone surrogates, empty."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("must not hold control characters")
    if not _SEEN.search(text):
        raise ValueError("must not be empty")
    return text


_UNSEEN = r"\s\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Characters without a shape, for a character class: blanks, controls, joiners, marks of direction."""
_SEEN = re.compile(f"[^{_UNSEEN}]")
_SHOWN_PATTERN = {"pattern": rf"^[^\u0000-\u001f\u007f-\u009f]*[^{_UNSEEN}][^\u0000-\u001f\u007f-\u009f]*$"}
"""The constraint of `_clean` for the OpenAPI document."""

CleanName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NAME_LENGTH),
    AfterValidator(_clean),
    Field(json_schema_extra=_SHOWN_PATTERN),
]
"""A name that people give."""

CleanText = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_clean)]
"""A path or an address."""

PATH_PATTERN: dict[str, Any] = {"pattern": r"^/[^\u0000-\u001f\u007f-\u009f]*$"}
URL_PATTERN: dict[str, Any] = {"pattern": r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$"}
"""The constraint on paths and addresses for the OpenAPI document; the code that accepts them has the exact messages."""

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
"""A time, in seconds from the first video frame."""

TightenSec = Annotated[
    float,
    Field(
        ge=0,
        le=30,
        allow_inf_nan=False,
        description="Pauses longer than this are shortened to a breath; 0 keeps all.",
    ),
]
TightenFillers = Annotated[bool, Field(description="Also remove hesitations (um, uh).")]
"""How clips are tightened in a query."""

Identity = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER}$")]
"""An id within a body."""

PathIdentity = Annotated[str, Path(pattern=f"^{IDENTIFIER}$", examples=["0123456789abcdef"])]
"""An id within a path."""

Settings = Annotated[
    dict[Annotated[str, StringConstraints(max_length=100)], str | int | float | bool],
    Field(max_length=200),
]
"""Settings by their flat names, as GET /api/settings lists them."""

Item = TypeVar("Item")


class Listing(View, Generic[Item]):
    """Part of a list."""

    items: list[Item]
    total: int = Field(description="Total number of items.")
    limit: int | None = Field(description="Maximum number of items in this page.")
    offset: int = Field(description="Number of items before this page.")

    @classmethod
    def of(cls, page: Page[Any], items: Iterable[Item]) -> Self:
        """Create the part of a list from a page of records, shown as `items`."""
        return cls(items=list(items), total=page.total, limit=page.limit, offset=page.offset)


class QueryBody(Body):
    """Base class of query parameters, which are all text."""

    model_config = ConfigDict(strict=False)


SORT_HELP = "Field to sort by; prefix it with `-` to sort in descending order."


class ListQuery(QueryBody):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=MAX_PAGE, description="Maximum number of items.")
    offset: int = Field(0, ge=0, le=10_000_000, description="Number of items to skip.")
