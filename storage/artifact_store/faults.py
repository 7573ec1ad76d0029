"""Errors of a store: retried if that may help, otherwise translated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from autoclip.errors import NO_ROOM, NotFoundError, StorageError, from_system

ATTEMPTS = 4
WAIT = wait_random_exponential(multiplier=0.2, max=5.0)
"""Number of attempts, with waits of at most 0.2, 0.4 and 0.8 s; the back end itself also retries for some seconds."""

_LIBRARIES = frozenset({"adlfs", "aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google", "s3fs"})
"""Packages below fsspec whose errors are not `OSError`."""

_WITHOUT_KEY = ("Credential", "TokenRetrieval", "ProfileNotFound", "Unauthorized")
"""Parts of the names of errors that mean missing or wrong credentials."""

_CLOCK = "RequestTimeTooSkewed"
_REFUSALS = frozenset({_CLOCK, "InvalidToken"})
"""Codes of S3's errors that mean the same, whatever kind of error s3fs makes of them."""

_TRY_AGAIN = "try again when it answers; 'autoclip retry' continues a job behind its last finished stage"

Answer = TypeVar("Answer")


def attempted(name: str, work: Callable[[], Answer], attempts: int = ATTEMPTS) -> Answer:
    """Perform an operation on an object, with retries if those may help.

    Parameters
    ----------
    name : str
        The object, for messages.
    work : callable
        The operation, which may be repeated.
    attempts : int
        How often it is performed at most.

    Raises
    ------
    NotFoundError
        If there is no such object, bucket or folder.
    StorageError
        If the store refuses, or every attempt failed.
    """
    try:
        retrying = Retrying(
            retry=retry_if_exception(_may_pass), stop=stop_after_attempt(attempts), wait=WAIT, reraise=True
        )
        return retrying(work)
    except Exception as error:
        if not _is_foreign(error):
            raise
        raise _translated(name, error, attempts) from error


def _is_foreign(error: BaseException) -> bool:
    """Whether an error comes from a store or the system, not from a bug of ours."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _LIBRARIES


def _may_pass(error: BaseException) -> bool:
    """Whether a retry may succeed: not if something is missing or forbidden, or this machine's disk is full."""
    if not _is_foreign(error) or _lacks_right(error) or isinstance(error, FileNotFoundError):
        return False
    return not (isinstance(error, OSError) and error.errno in NO_ROOM)


def _lacks_right(error: BaseException) -> bool:
    named = any(part in type(error).__name__ for part in _WITHOUT_KEY)
    return named or isinstance(error, PermissionError) or _s3_code(error) in _REFUSALS


def _s3_code(error: BaseException) -> str:
    """Return the code of an error of S3, which s3fs keeps as its cause; empty for others."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _translated(name: str, error: Exception, attempts: int) -> StorageError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"{name}: is not in the store ({reason}); check AUTOCLIP_STORE_URL, or create it again")
    if _lacks_right(error):
        way_out = (
            "set the clock of this machine" if _s3_code(error) == _CLOCK else "check the keys, and what they allow"
        )
        return StorageError(f"{name}: the store refuses ({reason}); {way_out}")
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return from_system(error)
    times = f"failed {attempts} times" if attempts > 1 else "does not answer"
    return StorageError(f"{name}: the store {times} ({reason}); {_TRY_AGAIN}")
