"""Start jobs: at most once per key, and with validated settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from autoclip.settings import Settings
from flows.job_types import JobType
from interfaces.api.schemas.requests import Body
from interfaces.api.services import Services, ServicesDep
from interfaces.jobs import Job, Jobs, JobState, RequestKey

UNDER_WAY: tuple[JobState, ...] = ("running", "pending", "scheduled")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Text chosen by the client: a repeated call with this key returns the same job, any other call "
        "with it is refused.",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]


@dataclass(frozen=True, slots=True)
class JobStarter:
    """Starts jobs for one request, and adds their address to its response."""

    services: Services
    response: Response
    key: str | None

    def start(
        self, job_type: JobType, project_id: str | None, parameters: Mapping[str, Any], body: Body | None = None
    ) -> Job:
        """Start a job, or return the one that the same key has started for the same request.

        Parameters
        ----------
        job_type : str
            Type of the job.
        project_id : str, optional
            Its project; None for a job that makes its projects itself.
        parameters : mapping
            Parameters of the flow besides the project.
        body : Body, optional
            The request that the key stands for.

        Raises
        ------
        KeyReusedError
            If the key was used for another request.
        """
        of_project = {"project_id": project_id} if project_id else {}
        subject = f"{job_type}:{project_id}" if project_id else job_type
        job = self.services.jobs.submit(
            job_type,
            {**of_project, **parameters},
            project_id=project_id,
            idempotency_key=f"{subject}:client:{self.key}" if self.key else None,
            request_key=self._request_key(body),
        )
        return seen(job, self.response)

    def analyze(self, project_id: str, settings: Settings, body: Body, chat: Mapping[str, object]) -> Job:
        """Start an analysis, or join the running one; raises the same errors as `start`."""
        key = self._request_key(body)
        return seen(self.services.jobs.analyze(project_id, settings, chat=chat, request_key=key), self.response)

    def _request_key(self, body: Body | None) -> RequestKey | None:
        """Return the client's key with the request itself, not its current meaning: the best clips may change."""
        if self.key is None:
            return None
        return RequestKey(self.key, json.dumps(body.model_dump(mode="json") if body else {}, sort_keys=True))


def seen(job: Job, response: Response) -> Job:
    """Return a job, with its address in the response."""
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job


async def _starter(services: ServicesDep, response: Response, key: Key = None) -> JobStarter:
    return JobStarter(services, response, key)


Starter = Annotated[JobStarter, Depends(_starter)]


def active_job(jobs: Jobs, project_id: str) -> Job | None:
    """Return a job of a project that has not ended; None if there is none."""
    for state in UNDER_WAY:
        found = jobs.page(project_id=project_id, state=state, limit=1).items
        if found:
            return found[0]
    return None
