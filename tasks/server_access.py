"""Requests to a server that may be restarting: half a minute without it must not end hours of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from prefect.client import base
from prefect.utilities.math import clamped_poisson_interval
from tenacity import AsyncRetrying, Retrying, retry_if_exception, stop_after_delay, wait_fixed

PATIENCE_SEC = 300.0
"""How long to retry, in seconds: ``autoclip up`` restarts a dead server within seconds, which then takes up to half a
minute to answer, and two on a machine that is very busy.
"""
MAX_PAUSE_SEC = 15.0
"""Longest pause of Prefect's client between two attempts."""
PAUSE_SEC = 1.0
OVERLOADED = frozenset({429, 502, 503, 504})
"""Responses that mean "later" (RFC 9110, 15.6; RFC 6585, 4).

Prefect on SQLite returns 503 while others write; its client retries a few times, and gives up in a long burst.
"""

Answer = TypeVar("Answer")


def limit_pauses() -> None:
    """Let Prefect's clients in this process pause for `MAX_PAUSE_SEC` at most.

    They pause 2, 4, 8 and so on up to 256 s, so they notice a server that was away for 65 s after 126 s. Prefect has no
    setting for it.
    """
    base.clamped_poisson_interval = lambda average, *rest: min(  # type: ignore[attr-defined]
        clamped_poisson_interval(average, *rest), MAX_PAUSE_SEC
    )


@contextmanager
def waiting_for_server() -> Iterator[None]:
    """Let Prefect's clients wait for a server, too, that they have not reached yet: a job knows that there is one.

    They give up at once otherwise, and Prefect makes a client for each slot and each state of a task.
    """
    kinds: tuple[Any, ...] = (base.PrefectHttpxAsyncClient, base.PrefectHttpxSyncClient)
    connected = property(lambda _: True, lambda client, value: vars(client).update(_has_connected=value))
    for kind in kinds:
        kind._has_connected = connected  # noqa: SLF001 - Prefect offers no other way
    try:
        yield
    finally:
        for kind in kinds:
            del kind._has_connected  # noqa: SLF001


def retry_until_reachable(ask: Callable[[], Answer]) -> Answer:
    """Repeat a request until the server is reachable and not overloaded.

    Prefect's own clients retry only if they have reached the server before, and only a few times.

    Raises
    ------
    httpx.TransportError, httpx.HTTPStatusError
        If the server is unreachable or overloaded for too long.
    """
    return Retrying(**_patience())(ask)


async def await_until_reachable(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do the same as `retry_until_reachable` for functions that return an awaitable."""

    async def asked() -> Answer:
        return await ask()

    # For a plain function that returns a coroutine, tenacity would treat the coroutine itself as the result.
    return await AsyncRetrying(**_patience())(asked)


def _patience() -> dict[str, Any]:
    """Return the retry policy: how often, and for how long."""
    return {
        "retry": retry_if_exception(_is_away),
        "wait": wait_fixed(PAUSE_SEC),
        "stop": stop_after_delay(PATIENCE_SEC),
        "reraise": True,
    }


def _is_away(error: BaseException) -> bool:
    """Whether a retry may succeed."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in OVERLOADED
    return isinstance(error, httpx.TransportError)
