"""A table of errors: what each means as an exit code and as an HTTP status."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.errors import (
    AutoclipError,
    CatalogBusyError,
    ConflictError,
    DownloadError,
    ExportError,
    KeyReusedError,
    MediaError,
    NoRoomError,
    NotFoundError,
    ParameterError,
    RevisionError,
    ServiceError,
    StorageError,
)

DONE = 0
INTERRUPTED = 130
"""128 + SIGINT, as shells report an interrupted command."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one class of error is reported.

    Attributes
    ----------
    error : type
        The class; it includes subclasses without a row of their own.
    code : str
        Stable name for programs.
    exit_code : int
        Exit code of the command line.
    http_status : int
        Status of the HTTP API.
    """

    error: type[AutoclipError]
    code: str
    exit_code: int
    http_status: int


OUTCOMES: tuple[Outcome, ...] = (
    Outcome(KeyReusedError, "key-reused", 2, 422),
    Outcome(ParameterError, "bad-parameter", 2, 422),
    Outcome(MediaError, "unreadable-media", 3, 415),
    Outcome(NotFoundError, "not-found", 4, 404),
    Outcome(CatalogBusyError, "catalog-busy", 5, 503),
    Outcome(RevisionError, "changed-meanwhile", 1, 412),
    Outcome(ConflictError, "conflict", 1, 409),
    Outcome(DownloadError, "download-failed", 1, 502),
    Outcome(ExportError, "export-failed", 1, 500),
    Outcome(ServiceError, "service-unavailable", 1, 503),
    Outcome(NoRoomError, "storage-failed", 1, 507),
    Outcome(StorageError, "storage-failed", 1, 500),
    Outcome(AutoclipError, "failed", 1, 500),
)
"""Ordered from the narrowest class to the widest; the first match applies."""


def outcome_of(error: AutoclipError) -> Outcome:
    """Return the row of an error."""
    return next(outcome for outcome in OUTCOMES if isinstance(error, outcome.error))
