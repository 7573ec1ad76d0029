"""The tables of a catalog: what repositories request from a unit of work, for any database.

Clips, compound clips, exports, analyses and operations belong to a project, so a repository requests the tables of that
project. For everything across projects (lists of projects, the owner of an id) it uses the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from storage.catalog.records import Page, Project, ProjectState
from storage.catalog.statements import Statements
from storage.keys import FingerprintMemory

KnownBy = Literal["fingerprint", "path", "address"]
"""What a project is found by: the content or the place of its video, or the address of its source."""


@dataclass(frozen=True, slots=True)
class ProjectQuery:
    """Which projects, in which order; `search` is a part of the name. None: any."""

    limit: int | None
    offset: int
    sort: str
    state: ProjectState | None
    search: str | None
    deleted: bool


class ProjectIndex(FingerprintMemory, Protocol):
    """Queries that don't need the project; it also remembers the fingerprint of each path."""

    def page(self, query: ProjectQuery) -> Page[Project]:
        """List projects; raise `ParameterError` if `sort` or a number is invalid."""

    def where(self, column: KnownBy, value: str) -> tuple[Project, ...]:
        """Return the projects with this value that are not deleted, oldest first."""

    def put(self, project: Project) -> None:
        """Add a new or changed project."""

    def claim(self, project_id: str, ids: Iterable[str]) -> None:
        """Record that records with these ids belong to a project."""

    def owners(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the project of each known id; the record itself may no longer exist."""


class Tables(Protocol):
    """The tables within one unit of work."""

    @property
    def index(self) -> ProjectIndex:
        """Return the index across projects."""

    def of_project(self, project_id: str) -> Statements:
        """Return the tables of a project; empty for a project that does not exist."""

    def existing(self, project_id: str) -> Statements:
        """Return the tables of a project; raise `NotFoundError` if it does not exist or is deleted."""

    def holding(self, identity: str) -> Statements:
        """Return the tables of the project that contains the record with an id; empty if there is none."""

    def drop(self, project_id: str) -> None:
        """Remove a project with all of its tables."""
