"""The HTTP server for the application: connection limits and timeouts."""

from __future__ import annotations

import logging

import uvicorn

from interfaces.api.app import create_app
from interfaces.api.guards.connection_deadlines import ConnectionDeadlines, MarkedRequests
from storage.environment import Environment

SHUTDOWN_SEC = 5
"""Seconds that open streams may delay a shutdown."""

MAX_CONNECTIONS = 1000
"""Number of connections beyond which new requests are answered with 503, to limit clients that open connections and
send nothing.
"""

KEEP_ALIVE_SEC = 30


def server_config(environment: Environment, *, port: int | None = None) -> uvicorn.Config:
    """Return the server configuration of the API.

    Parameters
    ----------
    environment : Environment
        Address and limits.
    port : int, optional
        Port to use instead of the environment's; 0 for any free port.

    Raises
    ------
    ParameterError
        If the page to serve does not exist.
    """
    config = uvicorn.Config(
        MarkedRequests(create_app(environment)),
        host=environment.host,
        port=environment.port if port is None else port,
        http=ConnectionDeadlines,
        ws="none",
        log_level="info" if environment.debug else "warning",
        access_log=environment.debug,
        server_header=False,
        proxy_headers=False,  # the application does it, only for AUTOCLIP_TRUSTED_PROXIES
        timeout_keep_alive=KEEP_ALIVE_SEC,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SEC,
    )
    logging.getLogger("uvicorn.access").addFilter(without_query)
    return config


def without_query(record: logging.LogRecord) -> bool:
    """Leave the query out of a line of the access log: it may hold a signature, or a token that a client sent there."""
    if isinstance(record.args, tuple):
        record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
    return True
