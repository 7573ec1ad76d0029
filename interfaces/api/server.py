"""The HTTP server under the application: how many lines it holds, and how long it waits on each."""

from __future__ import annotations

import uvicorn

from interfaces.api.app import create_app
from interfaces.api.guards.header_deadline import HeaderDeadline, MarkedRequests
from storage.environment import Environment

SHUTDOWN_SEC = 5
"""How long open streams may keep a server from ending."""

MAX_CONNECTIONS = 1000
"""Beyond this, new requests are answered 503 at once: a client that opens lines and says nothing must end somewhere."""

KEEP_ALIVE_SEC = 30


def server_config(environment: Environment, *, port: int | None = None) -> uvicorn.Config:
    """Return how the API is served.

    Parameters
    ----------
    environment : Environment
        Address and limits.
    port : int, optional
        Instead of the environment's; 0 takes any that is free.

    Raises
    ------
    ParameterError
        If a page is to be served that does not exist.
    """
    return uvicorn.Config(
        MarkedRequests(create_app(environment)),
        host=environment.host,
        port=environment.port if port is None else port,
        http=HeaderDeadline,
        ws="none",
        log_level="info" if environment.debug else "warning",
        access_log=environment.debug,
        server_header=False,
        proxy_headers=False,  # the application does it, for AUTOCLIP_TRUSTED_PROXIES alone
        timeout_keep_alive=KEEP_ALIVE_SEC,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SEC,
    )
