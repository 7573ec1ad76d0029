"""The HTTP server under the application: how many lines it holds, and how long it waits on each."""

from __future__ import annotations

import asyncio

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from interfaces.api.app import create_app
from interfaces.api.problems import ApiError, answer
from storage.environment import Environment

SHUTDOWN_SEC = 5
"""How long open streams may keep a server from ending."""

MAX_CONNECTIONS = 1000
"""Beyond this, new requests are answered 503 at once: a client that opens lines and says nothing must end somewhere."""

KEEP_ALIVE_SEC = 30

HEADERS_SEC = 20.0
"""Longest that a request's line and headers may take: a browser sends them in one packet, whoever holds lines open by
sending a byte now and then (Slowloris) does not."""

_TOO_SLOW = answer(ApiError(408, "too-slow", f"the headers did not come within {HEADERS_SEC:g} s; try again"))
LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/problem+json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_TOO_SLOW.body), _TOO_SLOW.body)
)


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
        If a page is to be served that is not there.
    """
    return uvicorn.Config(
        create_app(environment),
        host=environment.host,
        port=environment.port if port is None else port,
        http=ImpatientProtocol,
        ws="none",
        log_level="info" if environment.debug else "warning",
        access_log=environment.debug,
        server_header=False,
        proxy_headers=False,  # the application does it, for AUTOCLIP_TRUSTED_PROXIES alone
        timeout_keep_alive=KEEP_ALIVE_SEC,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SEC,
    )


class ImpatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which waits for a request's headers for `headers_sec` and no longer."""

    headers_sec = HEADERS_SEC
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on while the headers are incomplete."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Start the clock, unless it runs: more bytes buy no more time."""
        if self._timer is None:
            self._timer = self.loop.call_later(self.headers_sec, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Close the line; say why if a request had begun."""
        if self.transport.is_closing() or self.conn.their_state is not h11.IDLE:
            return
        if self.conn.trailing_data[0]:
            self.transport.write(LATE)
        self.transport.close()
