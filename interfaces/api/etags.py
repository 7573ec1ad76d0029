"""Revisions over HTTP: responses have the revision as ETag, and a change may require it with If-Match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response

from autoclip.errors import RevisionError
from interfaces.api.problems import ApiError
from interfaces.api.services import ServicesDep
from storage.environment import Environment

_TAG = re.compile(r'"([0-9]{1,9})"')


@dataclass(frozen=True, slots=True)
class Expectation:
    """The revisions that a change accepts; None accepts any."""

    revisions: frozenset[int] | None

    def require(self, what: str, identity: str, revision: int) -> None:
        """Refuse a change that is based on another revision.

        Raises
        ------
        RevisionError
            If `revision` is not one of the expected ones.
        """
        if self.revisions is not None and revision not in self.revisions:
            asked = " or ".join(map(str, sorted(self.revisions))) or "another one"
            raise RevisionError(
                f"the {what} {identity} was changed meanwhile (revision {revision}, not {asked}); "
                "read it again and repeat the change"
            )


async def _expectation(
    services: ServicesDep,
    if_match: Annotated[
        str | None,
        Header(
            description="ETag of the version that you read. If it has changed since, the answer is 412.",
            max_length=1000,
            pattern=r'^\s*(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)\s*$',
            examples=['"3"'],
        ),
    ] = None,
) -> Expectation:
    if if_match is None and services.environment.require_if_match:
        raise _revision_needed("send the ETag of what you read as If-Match, or * for whatever is there")
    if if_match is None or if_match.strip() == "*":
        return Expectation(None)
    tags = [tag.strip() for tag in if_match.split(",")]
    found = [_TAG.fullmatch(tag) for tag in tags]
    return Expectation(frozenset(int(match[1]) for match in found if match))


Expected = Annotated[Expectation, Depends(_expectation)]


def require_named(environment: Environment, what: str, identity: str, revision: int, named: int | None) -> None:
    """Refuse one of many changes that is based on another revision than the stored one.

    Raises
    ------
    RevisionError
        If `named` is another revision.
    ApiError
        If it is missing and the server requires it.
    """
    if named is None and environment.require_if_match:
        raise _revision_needed(f"name the revision of each {what}")
    Expectation(None if named is None else frozenset({named})).require(what, identity, revision)


def _revision_needed(way: str) -> ApiError:
    return ApiError(428, "revision-needed", f"say which revision you change: {way}")


def tag(response: Response, revision: int) -> None:
    """Set the ETag of a response to a revision."""
    response.headers["ETag"] = f'"{revision}"'


def place(response: Response, path: str, revision: int) -> None:
    """Set the address of what a response shows, and its revision as the ETag."""
    response.headers["Location"] = path
    tag(response, revision)
