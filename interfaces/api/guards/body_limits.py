"""Limits on the size and speed of request bodies."""

from __future__ import annotations

import re
import time

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.api.problems import ApiError, answer

PLAIN_BODY_BYTES = 1 << 20
"""Maximum size of a body that is not a file, in bytes: settings, names and lists of ids take a few kilobytes."""

UPLOAD_PATHS = re.compile(r"/api/projects/upload|/api/uploads/[a-z0-9-]+")

STALL_SEC = 30.0
"""Seconds without data after which a body is aborted."""

GRACE_SEC = 60.0
MIN_BYTES_PER_SEC = 1024
"""Minimum average rate of a body after the grace period: a bad mobile connection is ten times as fast; a slow-body
attack (Slowloris and others) sends a byte now and then.
"""


class BodyLimits:
    """Limits size, pauses and slowness of every body while it is read.

    Parameters
    ----------
    app : ASGIApp
        The next application.
    upload_bytes : int
        Maximum size of an upload.
    stall_sec : float, optional
        Maximum pause in seconds.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int, stall_sec: float = STALL_SEC) -> None:
        self._app = app
        self._upload_bytes = upload_bytes
        self._stall_sec = stall_sec

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_bytes if UPLOAD_PATHS.fullmatch(scope["path"]) else PLAIN_BODY_BYTES
        try:
            _require_small(_declared(scope), limit)
        except ApiError as refusal:
            await answer(refusal)(scope, receive, send)
            return
        await self._app(scope, _Meter(receive, limit, self._stall_sec), send)


class _Meter:
    """Receives a body and counts its bytes."""

    def __init__(self, receive: Receive, limit: int, stall_sec: float) -> None:
        self._receive = receive
        self._limit = limit
        self._stall_sec = stall_sec
        self._came = 0
        self._complete = False
        self._began = time.monotonic()

    async def __call__(self) -> Message:
        if self._complete:  # later messages report the client's disconnection, for which event streams wait long
            return await self._receive()
        try:
            with anyio.fail_after(self._stall_sec):
                message = await self._receive()
        except TimeoutError:
            raise _too_slow(f"nothing came for {self._stall_sec:g} s") from None
        if message["type"] == "http.request":
            self._came += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            _require_small(self._came, self._limit)
            passed = time.monotonic() - self._began
            if not self._complete and passed > GRACE_SEC and self._came < passed * MIN_BYTES_PER_SEC:
                raise _too_slow(f"{self._came} bytes came in {passed:.0f} s")
        return message


def _declared(scope: Scope) -> int:
    """Return the length that the client declares; 0 without one."""
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else 0


def _require_small(size: int, limit: int) -> None:
    if size > limit:
        raise ApiError(
            413,
            "too-large",
            f"the body is larger than the {limit:,} bytes that are taken here",
            {"Connection": "close"},
        )


def _too_slow(what: str) -> ApiError:
    return ApiError(408, "too-slow", f"the body comes too slowly: {what}; try again", {"Connection": "close"})
