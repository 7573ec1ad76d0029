"""What the guards share: each looks at a request and refuses it, or lets it pass to the next application."""

from __future__ import annotations

from abc import ABC, abstractmethod

from starlette.types import ASGIApp, Receive, Scope, Send

from interfaces.api.problems import ApiError, answer


class Guard(ABC):
    """A plain ASGI application around the next one, so that streams pass through unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http":
            try:
                self.check(scope)
            except ApiError as refusal:
                await answer(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    @abstractmethod
    def check(self, scope: Scope) -> None:
        """Raise `ApiError` to refuse a request."""
