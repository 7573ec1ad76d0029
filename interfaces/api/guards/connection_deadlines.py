"""Time limits for the headers of a request, and for a client that does not read its response.

A browser sends headers in one packet. A client that sends a byte now and then (Slowloris), or asks for a video and
reads nothing of it, would keep a connection forever, and uvicorn has no limit for that.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from interfaces.api.problems import ApiError, answer

HEADERS_SEC = 20.0
"""Maximum time for a request line and its headers, in seconds."""

UNREAD_SEC = 300.0
"""Maximum time in seconds for which a client reads nothing of what waits for it.

A browser stops reading the video that a person has paused, and asks for the rest again when the connection is gone.
"""

_TOO_SLOW = answer(ApiError(408, "too-slow", f"the headers did not come within {HEADERS_SEC:g} s; try again"))
LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/problem+json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_TOO_SLOW.body), _TOO_SLOW.body)
)


class ConnectionDeadlines(asyncio.Protocol):
    """Wraps uvicorn's HTTP protocol and closes the connection if headers take too long, or nobody reads a response.

    It passes everything on without parsing. It learns from the application that headers are complete, because the
    application is called then (`MarkedRequests`). uvicorn creates one per connection; `arguments` are those of its
    protocol.
    """

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401
        self._http = H11Protocol(**arguments)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._answering = False
        self._began = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start waiting for the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a server on TCP gives
        self._transport = transport
        self._http.connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Pass data on; between requests, the first byte starts the clock."""
        _connection.set(self)
        self._began = True
        if not self._answering:
            self._wait()
        self._http.data_received(data)

    def eof_received(self) -> None:
        """Pass it on."""
        self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self._stop_expecting()
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on; the client has some time to read what waits for it."""
        assert self._transport is not None  # noqa: S101 - it tells that it is full
        self._reading = asyncio.get_running_loop().call_later(UNREAD_SEC, self._transport.abort)
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._stop_expecting()
        self._http.resume_writing()

    def request_begins(self) -> None:
        """Note that the headers of a request are complete."""
        self._answering = True
        self._stop_waiting()

    def request_ends(self) -> None:
        """Note that a request is answered; the connection may be idle until the next one."""
        self._answering = self._began = False

    def _wait(self) -> None:
        """Start the clock unless it runs: more bytes don't extend the time."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HEADERS_SEC, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_expecting(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _give_up(self) -> None:
        """Close the connection; send the reason if a request had begun."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._began:
            self._transport.write(LATE)
        self._transport.close()


_connection: ContextVar[ConnectionDeadlines | None] = ContextVar("connection", default=None)
"""The connection of the running request; uvicorn starts the request within `data_received`."""


class MarkedRequests:
    """Notifies the connection of each request when its headers are complete and when it is answered.

    Parameters
    ----------
    app : ASGIApp
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        connection = _connection.get() if scope["type"] == "http" else None
        if connection is None:
            await self._app(scope, receive, send)
            return
        connection.request_begins()
        try:
            await self._app(scope, receive, send)
        finally:
            connection.request_ends()
