"""Access guards of every endpoint: host, origin, token, and security headers."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

from pydantic import SecretStr
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.api.guards.guard import Guard
from interfaces.api.guards.rate_limits import FAILURE_WAIT_SEC, FREE_FAILURES, TokenBuckets, client_of
from interfaces.api.guards.signed_links import Links
from interfaces.api.problems import ApiError

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
"""This machine's names for itself.

Others must be configured: a hostile page whose name resolves to 127.0.0.1 (DNS rebinding) sends its own name.
"""

API_PREFIX = "/api"
"""Prefix of paths that need the token. Outside it there is only the page, which contains no data."""

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Keeps a browser that displays an API response from running anything in it (OWASP REST Security Cheat Sheet)."""

OPEN_TO_ALL = frozenset({"/api/health"})
"""Only shows that something listens: programs that start and watch services request it without a token."""


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every response, and a content security policy to those of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if path.startswith(API_PREFIX):
                    headers.setdefault("Content-Security-Policy", API_POLICY)
                    headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HostCheck(Guard):
    """Refuses requests whose Host header is not a name of this server.

    Parameters
    ----------
    app : ASGIApp
        The next application.
    names : iterable of str
        Host names and addresses without port; ``*`` allows any.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        super().__init__(app)
        self._names = frozenset(name.lower().strip("[]") for name in names)

    def check(self, scope: Scope) -> None:
        """Refuse other names."""
        host = Headers(scope=scope).get("host", "")
        if "*" not in self._names and host_name(host) not in self._names:
            raise ApiError(
                421,
                "wrong-host",
                f"this server is not called {host[:200]!r}; add the name to AUTOCLIP_ALLOWED_HOSTS if it should be",
            )


def host_name(host: str) -> str:
    """Return the name in a Host header without its port, in lower case; empty if it is invalid."""
    match = _HOST.fullmatch(host.lower())
    return match["name"].strip("[]").rstrip(".") if match else ""


class OriginCheck(Guard):
    """Refuses changes requested by pages of other sites (cross-site request forgery).

    CORS keeps foreign pages from reading responses, but not from sending requests without a preflight, such as forms.

    Parameters
    ----------
    app : ASGIApp
        The next application.
    origins : iterable of str
        Origins of other pages that may use the API.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        super().__init__(app)
        self._origins = frozenset(origins)

    def check(self, scope: Scope) -> None:
        """Refuse changes by other pages."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["method"] in SAFE_METHODS or origin is None or self._is_ours(origin, headers.get("host", "")):
            return
        raise ApiError(
            403,
            "foreign-origin",
            f"pages of {origin[:200]!r} may change nothing here; add it to AUTOCLIP_CORS_ORIGINS if they may",
        )

    def _is_ours(self, origin: str, host: str) -> bool:
        return origin in self._origins or "*" in self._origins or origin.partition("://")[2].lower() == host.lower()


class TokenCheck(Guard):
    """Requires the token for everything below the API's prefix, if one is set.

    A media element and an event source can't send headers; they use a signed link instead
    (`interfaces.api.guards.signed_links`).

    Parameters
    ----------
    app : ASGIApp
        The next application.
    token : SecretStr or None
        The token; None requires nothing.
    links : Links
        Verifies signatures.
    """

    def __init__(self, app: ASGIApp, token: SecretStr | None, links: Links) -> None:
        super().__init__(app)
        self._token = token.get_secret_value().encode() if token is not None else None
        self._links = links
        self._failures = TokenBuckets(1.0 / FAILURE_WAIT_SEC, FREE_FAILURES)

    def check(self, scope: Scope) -> None:
        """Refuse requests of the API without the token."""
        guarded = scope["path"].startswith(API_PREFIX) and scope["path"] not in OPEN_TO_ALL
        if guarded and self._token is not None:
            self._require_token(Request(scope))

    def _require_token(self, request: Request) -> None:
        client = client_of(request.scope)
        wait = self._failures.seconds_to_wait(client)
        if wait > 0:
            raise ApiError(
                429,
                "too-many-failures",
                f"too many wrong tokens from {client}; wait {wait} s",
                {"Retry-After": str(wait)},
            )
        if self._links.is_signed(request):
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # A header's bytes are decoded as Latin-1; compare with the token's bytes as they were sent.
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("latin-1"), self._token or b""):
            return
        if given:
            self._failures.take(client)
        raise ApiError(
            401,
            "token-needed" if not given else "wrong-token",
            "send the token of AUTOCLIP_API_TOKEN as 'Authorization: Bearer TOKEN'",
            {"WWW-Authenticate": 'Bearer realm="autoclip"'},
        )
