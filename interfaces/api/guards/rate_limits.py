"""Limits on how often a client may send requests and guess tokens."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Scope

from interfaces.api.guards.guard import Guard
from interfaces.api.problems import ApiError

BURST_SEC = 4.0
"""Seconds' worth of requests that an idle client may send at once, as for a page that loads 200 thumbnails."""

MAX_CLIENTS = 10_000
"""Maximum number of remembered clients; the least recent is forgotten first, so strangers can't fill the memory."""

MAX_NAME = 100
"""Maximum length of a client's name that is not an address."""

FREE_FAILURES = 10
"""Number of wrong tokens after which a client must wait."""

FAILURE_WAIT_SEC = 60.0
"""Seconds after which such a client may try one more token."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    seen: float


class TokenBuckets:
    """One token bucket per client (Turner, "New directions in communications", 1986).

    Parameters
    ----------
    per_second : float
        Rate at which a bucket fills.
    capacity : float
        Capacity of a bucket.
    clock : callable, optional
        Returns the time in seconds.
    """

    def __init__(self, per_second: float, capacity: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._capacity = capacity
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def seconds_to_wait(self, client: str) -> int:
        """Return after how many whole seconds a client may continue; 0: now."""
        missing = 1.0 - self._filled(client).tokens
        return max(0, math.ceil(missing / self._per_second))

    def take(self, client: str) -> None:
        """Take one token from a client's bucket."""
        bucket = self._filled(client)
        bucket.tokens = max(0.0, bucket.tokens - 1.0)

    def _filled(self, client: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(self._capacity, now))
        bucket.tokens = min(self._capacity, bucket.tokens + (now - bucket.seen) * self._per_second)
        bucket.seen = now
        self._buckets.move_to_end(client)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return bucket


IPV6_SITE_BITS = 64
"""Prefix length of a customer's network (RFC 6177, RFC 4291 section 2.5.4): the holder of one address has 2^64."""


def client_of(scope: Scope) -> str:
    """Return the client whose requests are counted together: an IPv4 address, or the network of an IPv6 one.

    Behind a trusted proxy, the scope's client is the one that the proxy names (`interfaces.api.app`).
    """
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:MAX_NAME]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))


class RateLimit(Guard):
    """Refuses clients that exceed their rate.

    Parameters
    ----------
    app : ASGIApp
        The next application.
    per_second : float
        Sustained requests per second of a client; 0 for no limit.
    """

    def __init__(self, app: ASGIApp, per_second: float) -> None:
        super().__init__(app)
        self._buckets = TokenBuckets(per_second, max(1.0, per_second * BURST_SEC)) if per_second else None

    def check(self, scope: Scope) -> None:
        """Refuse a request that comes too soon."""
        if self._buckets is None:
            return
        client = client_of(scope)
        wait = self._buckets.seconds_to_wait(client)
        if wait > 0:
            raise ApiError(429, "too-many-requests", f"too many requests; wait {wait} s", {"Retry-After": str(wait)})
        self._buckets.take(client)
