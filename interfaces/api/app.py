"""The application: every router and guard, in order. Read this first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from interfaces.api.guards.access import API_PREFIX, LOCAL_NAMES, HostCheck, OriginCheck, SecurityHeaders, TokenCheck
from interfaces.api.guards.body_limits import BodyLimits
from interfaces.api.guards.rate_limits import RateLimit
from interfaces.api.guards.signed_links import Links
from interfaces.api.openapi import describe
from interfaces.api.problems import EVERY_ENDPOINT, handle_problems
from interfaces.api.routes import (
    analysis,
    clips,
    compounds,
    disk_use,
    exports,
    facecam,
    folders,
    handover,
    health,
    job_events,
    jobs,
    links,
    measurements,
    media,
    operations,
    processing,
    projects,
    selection,
    settings,
    speech,
    transcript,
)
from interfaces.api.routes.frontend import serve_frontend
from interfaces.api.routes.job_events import MAX_STREAMS
from interfaces.api.routes.reference import serve_reference
from interfaces.api.services import Services
from interfaces.api.uploads import form as uploads
from interfaces.api.uploads import tus as resumable_uploads
from interfaces.jobs import Jobs
from storage.catalog import catalog_of
from storage.data_folder import DataFolder
from storage.environment import Environment

MODULES = (
    uploads,  # before projects, whose paths its own would match
    projects,
    analysis,
    clips,
    operations,
    compounds,
    exports,
    handover,
    speech,
    job_events,  # before jobs, for the same reason
    processing,
    jobs,
    media,
    measurements,
    selection,
    transcript,
    links,
    resumable_uploads,
    folders,
    disk_use,
    facecam,
    settings,
    health,
)

RETRIES_AT_ONCE = 4

EVENT_READERS = 4
"""How many event streams ask Prefect's server at once: if it is slow, other requests still get threads."""

EXPOSED_HEADERS = (
    "ETag", "Location", "Content-Range", "Accept-Ranges", "Retry-After", "Upload-Offset", "Upload-Length",
    "Upload-Expires", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Autoclip-Project",
)  # fmt: skip


def create_app(environment: Environment) -> FastAPI:
    """Assemble the API.

    Parameters
    ----------
    environment : Environment
        Addresses, limits, folders, token.

    Returns
    -------
    FastAPI
        The application; it has no state besides its catalog and Prefect.

    Raises
    ------
    ParameterError
        If the page to serve does not exist.
    """
    links = Links(environment.api_token)
    app = FastAPI(
        title="autoclip",
        version=version("autoclip"),
        summary="Turns long videos into highlight clips with natural boundaries.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=_guards(environment, links),
        lifespan=partial(_living, environment, links),
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=True,
    )
    handle_problems(app)
    api = APIRouter(prefix="/api", responses=EVERY_ENDPOINT)
    for module in MODULES:
        api.include_router(module.router)
    app.include_router(api)
    describe(app)
    serve_reference(app, f"{API_PREFIX}/docs")
    serve_frontend(app, environment)
    return app


@asynccontextmanager
async def _living(environment: Environment, links: Links, app: FastAPI) -> AsyncIterator[None]:
    """Keep the endpoints' services open while the application is served."""
    jobs = Jobs(environment)
    async with AsyncExitStack() as stack:
        await anyio.to_thread.run_sync(jobs.__enter__)
        stack.push_async_callback(anyio.to_thread.run_sync, partial(jobs.__exit__, None, None, None))
        app.state.services = Services(
            environment=environment,
            catalog=catalog_of(environment),
            data_folder=DataFolder.of(environment),
            jobs=jobs,
            links=links,
            retry_places=anyio.CapacityLimiter(RETRIES_AT_ONCE),
            event_readers=anyio.CapacityLimiter(EVENT_READERS),
            decode_places=anyio.CapacityLimiter(environment.decode_limit),
        )
        app.state.event_places = anyio.Semaphore(MAX_STREAMS)
        yield


def _guards(environment: Environment, links: Links) -> list[Middleware]:
    """Return the guards that every request passes, the outermost first."""
    return [
        # Only from trusted proxies: otherwise the client's address, by which rates are limited, would be any header
        # value.
        Middleware(ProxyHeadersMiddleware, trusted_hosts=list(environment.trusted_proxies)),
        Middleware(SecurityHeaders),
        Middleware(HostCheck, names=(*LOCAL_NAMES, environment.host, *environment.allowed_hosts)),
        Middleware(RateLimit, per_second=environment.requests_per_second),
        Middleware(
            CORSMiddleware,
            allow_origins=environment.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        ),
        Middleware(OriginCheck, origins=environment.cors_origins),
        Middleware(TokenCheck, token=environment.api_token, links=links),
        Middleware(BodyLimits, upload_bytes=int(environment.upload_limit_gb * 1e9)),
    ]
