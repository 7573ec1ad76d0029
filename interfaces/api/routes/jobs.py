"""Jobs: list, show, cancel, retry."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from flows.job_types import JobType
from interfaces.api.job_submission import seen
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import Identity, Listing, PathIdentity, QueryBody
from interfaces.api.services import Services, ServicesDep
from interfaces.jobs import Job, JobState

router = APIRouter(tags=["jobs"])

JobIdentity = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        examples=["0192d3f4-5b6c-7d8e-9fa0-b1c2d3e4f5a6"],
    ),
]


class JobQuery(QueryBody):
    """Which jobs of a project."""

    limit: int = Field(50, ge=1, le=200, description="Maximum number of jobs, newest first.")
    offset: int = Field(0, ge=0, le=1_000_000, description="Number of items to skip.")
    state: JobState | None = Field(None, description="Only those with this state.")
    type: JobType | None = Field(None, description="Only jobs of this type.")


class AllJobsQuery(JobQuery):
    """Which jobs."""

    project: Identity | None = Field(None, description="Only jobs of this project.")


@router.get("/jobs", responses=documented(503))
def list_jobs(query: Annotated[AllJobsQuery, Query()], services: ServicesDep) -> Listing[Job]:
    """List all jobs, newest first."""
    return _listed(services, query, query.project)


@router.get("/projects/{project_id}/jobs", responses=documented(404, 503))
def list_project_jobs(
    project_id: PathIdentity, query: Annotated[JobQuery, Query()], services: ServicesDep
) -> Listing[Job]:
    """List the jobs of a project, newest first."""
    return _listed(services, query, services.project(project_id).id)


@router.get("/jobs/{job_id}", responses=documented(404))
def get_job(job_id: JobIdentity, services: ServicesDep) -> Job:
    """Show a job with its state and progress."""
    return services.jobs.get(job_id)


@router.post("/jobs/{job_id}/cancel", status_code=202, responses=documented(404, 409))
def cancel_job(job_id: JobIdentity, services: ServicesDep) -> Job:
    """Ask a job to stop. It stops within seconds, and the project stays in its last good state."""
    return services.jobs.cancel(job_id)


@router.post("/jobs/{job_id}/retry", status_code=202, responses=documented(404, 409))
async def retry_job(job_id: JobIdentity, services: ServicesDep, response: Response) -> Job:
    """Run a failed, crashed or cancelled job again. It continues after the last finished stage.

    The answer may take seconds, or up to a minute on a busy machine, until the worker has settled the job's end.
    """
    return seen(await anyio.to_thread.run_sync(services.jobs.retry, job_id, limiter=services.retry_places), response)


def _listed(services: Services, query: JobQuery, project_id: str | None) -> Listing[Job]:
    page = services.jobs.page(
        project_id=project_id, state=query.state, job_type=query.type, limit=query.limit, offset=query.offset
    )
    return Listing[Job].of(page, page.items)
