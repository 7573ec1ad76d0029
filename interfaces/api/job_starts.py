"""Starting jobs: once only, and with the settings a flow takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from autoclip.settings import Settings
from flows.job_types import JobType
from interfaces.api.services import Needed, Services
from interfaces.jobs import Job, Jobs, JobState

UNDER_WAY: tuple[JobState, ...] = ("running", "pending", "scheduled")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of the client's own: the same call with the same key gives the same job again.",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]


@dataclass(frozen=True, slots=True)
class JobStarter:
    """Starts jobs for one request, and says in its answer where they can be seen."""

    services: Services
    response: Response
    key: str | None

    def start(self, job_type: JobType, project_id: str, parameters: Mapping[str, Any]) -> Job:
        """Start a job, or return the one that the same key has started."""
        key = f"{job_type}:{project_id}:client:{self.key}" if self.key else None
        given = {"project_id": project_id, **parameters}
        job = self.services.jobs.submit(job_type, given, project_id=project_id, idempotency_key=key)
        return self._seen(job)

    def analyze(self, project_id: str, settings: Settings) -> Job:
        """Start an analysis, or join the one that is under way."""
        jobs = self.services.jobs
        latest = jobs.page(project_id=project_id, job_type="analyze", limit=1).items
        if self.key is None or (latest and not latest[0].ended):
            return self._seen(jobs.analyze(project_id, settings))
        return self.start("analyze", project_id, {"settings": settings.model_dump(mode="json")})

    def _seen(self, job: Job) -> Job:
        self.response.headers["Location"] = f"/api/jobs/{job.id}"
        return job


async def _starter(services: Needed, response: Response, key: Key = None) -> JobStarter:
    return JobStarter(services, response, key)


Starter = Annotated[JobStarter, Depends(_starter)]


def active_job(jobs: Jobs, project_id: str) -> Job | None:
    """Return a job of a project that has not ended; None if there is none."""
    for state in UNDER_WAY:
        found = jobs.page(project_id=project_id, state=state, limit=1).items
        if found:
            return found[0]
    return None
