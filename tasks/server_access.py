"""Requests to a server that may be restarting: hours of work must not end because it was away for half a minute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from tenacity import AsyncRetrying, Retrying, retry_if_exception, stop_after_delay, wait_fixed

PATIENCE_SEC = 120.0
"""A server that died is started again by ``autoclip up`` within seconds, and takes up to half a minute to answer."""
PAUSE_SEC = 1.0
OVERLOADED = frozenset({429, 502, 503, 504})
"""Answers that mean "later" (RFC 9110, 15.6; RFC 6585, 4). Prefect on SQLite says 503 while others write; its client
asks a few times again, and gives up in a long burst."""

Answer = TypeVar("Answer")


def retry_until_reachable(ask: Callable[[], Answer]) -> Answer:
    """Ask until the server can be reached and is not overloaded.

    Prefect's own clients try again only when they reached it before, and a few times.

    Raises
    ------
    httpx.TransportError, httpx.HTTPStatusError
        If it is away or overloaded for too long.
    """
    return Retrying(**_patience())(ask)


async def await_until_reachable(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Like `retry_until_reachable`, for functions that return something to await."""

    async def asked() -> Answer:
        return await ask()

    # Of a plain function that returns a coroutine, tenacity would take the coroutine itself for the answer.
    return await AsyncRetrying(**_patience())(asked)


def _patience() -> dict[str, Any]:
    """Return how often and for how long a server is asked again."""
    return {
        "retry": retry_if_exception(_is_away),
        "wait": wait_fixed(PAUSE_SEC),
        "stop": stop_after_delay(PATIENCE_SEC),
        "reraise": True,
    }


def _is_away(error: BaseException) -> bool:
    """Whether asking again may help."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in OVERLOADED
    return isinstance(error, httpx.TransportError)
