"""The services of the endpoints: environment, catalog, data folder, jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import anyio
from fastapi import Depends, Request

from interfaces.api.guards.signed_links import Links
from interfaces.jobs import Jobs
from storage.catalog import Catalog, Project
from storage.clip_store import CatalogClips
from storage.data_folder import DataFolder, ProjectFolder
from storage.environment import Environment


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an endpoint may need; the API has no other state.

    Slow work has separate limits so that it can't block all other requests: retries wait for a worker's final report,
    and thumbnails made on request decode video, each with the memory of a decoder.
    """

    environment: Environment
    catalog: Catalog
    data_folder: DataFolder
    jobs: Jobs
    links: Links
    retry_places: anyio.CapacityLimiter
    event_readers: anyio.CapacityLimiter
    decode_places: anyio.CapacityLimiter

    def project(self, project_id: str) -> Project:
        """Return a project; raise `NotFoundError` if it does not exist."""
        with self.catalog.reading() as view:
            return view.projects.get(project_id)

    def folder(self, project_id: str) -> ProjectFolder:
        """Return the folder of a project with its small files; raise `NotFoundError` if the project does not exist."""
        self.project(project_id)
        return self.data_folder.open_project(project_id)

    def clips(self, project: Project) -> CatalogClips:
        """Return the clips of a project."""
        return CatalogClips(self.catalog, project, self.data_folder.open_project(project.id))


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
