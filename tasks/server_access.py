"""Talk to a server that may be starting anew: hours of work must not end because it was away for half a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

PATIENCE_SEC = 120.0
"""A server that died is started again by ``autoclip up`` within seconds, and takes up to half a minute to answer."""
PAUSE_SEC = 1.0

Answer = TypeVar("Answer")


def retry_until_reachable(ask: Callable[[], Answer]) -> Answer:
    """Ask until the server can be reached; Prefect's own clients try again only when they reached it before.

    Raises
    ------
    httpx.TransportError
        If it is away for too long.
    """
    deadline = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            return ask()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SEC)


async def await_until_reachable(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Like `retry_until_reachable`, for coroutine functions."""
    deadline = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            return await ask()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(PAUSE_SEC)
