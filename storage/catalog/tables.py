"""Where the tables of a catalog are: what repositories ask of a unit of work, whatever lies beneath.

Clips, compound clips, exports, analyses and operations belong to a project, so a repository asks for the tables of that
project. What spans projects (lists of projects, the owner of an id) it asks of the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from storage.catalog.records import Page, Project, ProjectState
from storage.catalog.statements import Statements
from storage.keys import FileIdentity


class ProjectIndex(Protocol):
    """What can be found without knowing the project."""

    def page(
        self,
        *,
        limit: int | None,
        offset: int,
        sort: str,
        state: ProjectState | None,
        search: str | None,
        deleted: bool,
    ) -> Page[Project]:
        """List projects; raise `ParameterError` if `sort` or a number is not allowed."""

    def with_fingerprint(self, fingerprint: str) -> tuple[Project, ...]:
        """Return the projects of this content that are not deleted, oldest first."""

    def with_path(self, path: Path) -> tuple[Project, ...]:
        """Return the projects of this file that are not deleted, oldest first."""

    def from_address(self, address: str) -> tuple[Project, ...]:
        """Return the projects whose source has this address and that are not deleted, oldest first."""

    def put(self, project: Project) -> None:
        """Take in a new or changed project."""

    def claim(self, project_id: str, ids: Iterable[str]) -> None:
        """Note that records with these ids belong to a project."""

    def owners(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the project of each id that is known; the record itself may be gone."""

    def recall_fingerprint(self, identity: FileIdentity) -> str | None:
        """Return the remembered fingerprint of exactly this file."""

    def remember_fingerprint(self, identity: FileIdentity, fingerprint: str) -> None:
        """Remember a fingerprint in place of an older one of the path."""


class Tables(Protocol):
    """The tables that one unit of work sees."""

    @property
    def index(self) -> ProjectIndex:
        """What spans the projects."""

    def of_project(self, project_id: str) -> Statements:
        """Return the tables of a project; of one that does not exist they are empty."""

    def holding(self, identity: str) -> Statements:
        """Return the tables of the project that holds the record with an id; empty ones if none does."""

    def project_ids(self) -> tuple[str, ...]:
        """Return the ids of all projects, deleted ones included."""

    def drop(self, project_id: str) -> None:
        """Remove a project with all of its tables."""
