"""Signed links: their holder may read one path for a limited time without the token."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from itsdangerous import Signer
from pydantic import SecretStr
from starlette.requests import Request

LINKABLE = re.compile(
    r"/api/(?:projects/[a-z0-9-]+/(?:video|proxy|report|debug/v[12]|thumbnails/[a-z0-9-]+)"
    r"|exports/[a-z0-9-]+/file|jobs/events|jobs/[a-z0-9-]+/events)"
)
"""Paths that a link may lead to: files and event streams, read-only."""


_SALT = b"autoclip signed links"


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A link and its expiry, in seconds since 1970; None if no signature is needed."""

    url: str
    expires_at: int | None


class Links:
    """Signs and verifies links.

    The signature is HMAC-SHA256 over path and expiry, with a key derived from the token: without a token no signature
    is needed, and a new token invalidates all old links.

    Parameters
    ----------
    token : SecretStr or None
        The API's token.
    """

    def __init__(self, token: SecretStr | None) -> None:
        secret = token.get_secret_value() if token is not None else None
        self._signer = _signer(secret) if secret else None

    def sign(self, path: str, lifetime_sec: int, *, now: float | None = None) -> SignedLink:
        """Return the link to a path of the API."""
        if self._signer is None:
            return SignedLink(quote(path), None)
        expires = int(time.time() if now is None else now) + lifetime_sec
        signature = self._signer.get_signature(_signed(path, expires)).decode()
        query = urlencode({"expires": expires, "signature": signature})
        return SignedLink(f"{quote(path)}?{query}", expires)

    def is_signed(self, request: Request, *, now: float | None = None) -> bool:
        """Whether a request uses a signed link that has not expired."""
        given = request.query_params.get("signature")
        expires = request.query_params.get("expires", "")
        if self._signer is None or given is None or request.method not in {"GET", "HEAD"}:
            return False
        if not re.fullmatch(r"[0-9]{1,12}", expires) or int(expires) < (time.time() if now is None else now):
            return False
        path = request.scope["path"]
        known = LINKABLE.fullmatch(path) is not None
        return known and self._signer.verify_signature(_signed(path, int(expires)), given.encode())


def _signer(secret: str) -> Signer:
    return Signer(secret, salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)


def _signed(path: str, expires: int) -> bytes:
    return f"{path}\0{expires}".encode()
