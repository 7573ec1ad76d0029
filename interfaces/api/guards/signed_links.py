"""Signatures on links: who holds one may read one path for a while without the token."""

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
"""What a link may lead to: files and streams of events, which are read only."""


_SALT = b"autoclip signed links"


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A link and when it expires, in seconds since 1970; None where nothing needs a signature."""

    url: str
    expires_at: int | None


class Links:
    """Signs and checks links.

    The signature is HMAC-SHA256 over path and expiry, under a key of its own that is made from the token: without a
    token nothing needs a signature, and with a new token all old links are void.

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
        """Whether a request came by a link of ours that has not expired."""
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
