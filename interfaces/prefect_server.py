"""Access to Prefect's server, and the translation of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY, PREFECT_API_URL

from autoclip.errors import NotFoundError, ParameterError, ServiceError
from storage.environment import Environment


def api_address(environment: Environment) -> str:
    """Return the address of Prefect's API: the configured one, else that of ``autoclip up``."""
    return PREFECT_API_URL.value() or environment.prefect_url


def open_client(address: str) -> SyncPrefectClient:
    """Return a client with Prefect's configured credentials."""
    key = PREFECT_API_KEY.value()
    secret = PREFECT_API_AUTH_STRING.value()
    return SyncPrefectClient(
        address,
        api_key=key.get_secret_value() if hasattr(key, "get_secret_value") else key,
        auth_string=secret.get_secret_value() if hasattr(secret, "get_secret_value") else secret,
    )


@contextmanager
def server_faults(address: str, what: str = "job") -> Iterator[None]:
    """Translate the client's errors."""
    missing = NotFoundError(f"there is no such {what}; 'autoclip jobs' lists them")
    try:
        yield
    except ObjectNotFound as error:
        raise missing from error
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status == httpx.codes.NOT_FOUND:
            raise missing from error
        if status in {httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}:
            raise ParameterError(f"Prefect refuses this: {_detail(error.response)}") from error
        raise ServiceError(f"{address}: Prefect's server answers {status}: {_detail(error.response)}") from error
    except ValueError as error:  # neither JSON nor what Prefect's client expects
        reason = f"what answers is no Prefect server ({type(error).__name__})"
        raise ServiceError(f"{address}: {reason}; set PREFECT_API_URL to where one runs") from error
    except httpx.HTTPError as error:
        raise ServiceError(
            f"{address}: no Prefect server answers ({type(error).__name__}); start one with 'autoclip up', "
            "or set PREFECT_API_URL to where it runs"
        ) from error


def _detail(response: httpx.Response) -> str:
    try:
        content = response.json()
    except ValueError:
        return response.text[:500]
    detail = content.get("detail", content) if isinstance(content, dict) else content
    return str(detail)[:500]
