"""Streams of job events (server-sent events): changes as they happen, while a client listens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from autoclip.errors import AutoclipError
from interfaces.api.problems import ApiError, documented
from interfaces.api.routes.jobs import JobIdentity
from interfaces.api.schemas.requests import Identity, QueryBody
from interfaces.api.services import ServicesDep
from interfaces.jobs import Job

router = APIRouter(tags=["jobs"])

PERIOD_SEC = 1.0
"""Seconds between polls: flows report progress once per second, so more frequent polls show nothing new."""

MAX_STREAMS = 50
"""Maximum number of streams: each polls Prefect once per second, which takes about 10 ms."""

WATCHED_JOBS = 100
"""Number of the newest jobs that are watched."""


class EventQuery(QueryBody):
    """Which jobs to watch."""

    project: Identity | None = Field(None, description="Only jobs of this project.")
    expires: str | None = Field(None, max_length=20, description="Part of a signed link.")
    signature: str | None = Field(None, max_length=100, description="Part of a signed link.")


async def _place(request: Request) -> AsyncIterator[None]:
    """Take a slot for a stream until the response ends."""
    places: anyio.Semaphore = request.app.state.event_places
    try:
        places.acquire_nowait()
    except anyio.WouldBlock as error:
        raise ApiError(429, "too-many-streams", f"{MAX_STREAMS} streams are open; close one first") from error
    try:
        yield
    finally:
        places.release()


def _known_job(job_id: JobIdentity, services: ServicesDep) -> str:
    """Check that the job exists while the response status can still be set."""
    return services.jobs.get(job_id).id


@router.get(
    "/jobs/events", response_class=EventSourceResponse, responses=documented(429), dependencies=[Depends(_place)]
)
async def watch_jobs(query: Annotated[EventQuery, Query()], services: ServicesDep) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of all jobs: an event `job` whenever the state, progress or message of a job changes."""
    look = partial(services.jobs.page, project_id=query.project, limit=WATCHED_JOBS)
    async for event in _changes(lambda: look().items, services.event_readers, until_end=False):
        yield event


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    responses=documented(404, 429),
    dependencies=[Depends(_place)],
)
async def watch_job(
    job_id: Annotated[str, Depends(_known_job)], services: ServicesDep
) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of one job until it ends."""
    async for event in _changes(lambda: [services.jobs.get(job_id)], services.event_readers, until_end=True):
        yield event


async def _changes(
    look: Callable[[], Sequence[Job]], readers: anyio.CapacityLimiter, *, until_end: bool
) -> AsyncIterator[ServerSentEvent]:
    """Poll once per second, and yield what has changed."""
    known: dict[str, Job] = {}
    while True:
        try:
            jobs = await anyio.to_thread.run_sync(look, limiter=readers)
        except AutoclipError as error:
            yield ServerSentEvent(event="trouble", data={"detail": str(error)})
            jobs = []
        for job in reversed(jobs):
            if known.get(job.id) != job:
                yield ServerSentEvent(event="job", data=job)
                known[job.id] = job
        if until_end and jobs and jobs[0].ended:
            return
        await anyio.sleep(PERIOD_SEC)
