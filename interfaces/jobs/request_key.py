"""Idempotency keys of clients: the same key returns the same job, and never stands for two requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from prefect.client.schemas.objects import FlowRun

from autoclip.errors import KeyReusedError

DIGEST_LENGTH = 32
"""Number of hexadecimal digits kept of a SHA-256: 128 bits, so that collisions are negligible."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key, and its request (draft-ietf-httpapi-idempotency-key-header-07).

    Attributes
    ----------
    key : str
        The client's key.
    content : str
        The request, in a form that is equal for equal requests.
    """

    key: str
    content: str

    @property
    def label(self) -> str:
        """Return the name of the label of a run with this key; its value is `fingerprint`."""
        return f"autoclip.key.{_digest(self.key)}"

    @property
    def fingerprint(self) -> str:
        """Return a digest that identifies the request."""
        return _digest(self.content)

    def stands_for(self, run: FlowRun) -> bool:
        """Whether a run was started, or joined, with this key.

        Raises
        ------
        KeyReusedError
            If it was used for another request.
        """
        noted = run.labels.get(self.label)
        if noted is not None and noted != self.fingerprint:
            raise KeyReusedError(
                f"the idempotency key {self.key[:80]!r} was used before for another request, which became the job "
                f"{run.id}; repeat that very request, or choose a new key"
            )
        return noted is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
