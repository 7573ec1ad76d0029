"""Every error autoclip raises, on one page.

::

    AutoclipError
    ├── ParameterError      a setting or argument is unknown, out of bounds or contradicts another
    │   └── KeyReusedError      an idempotency key is already used by another request
    ├── MediaError          a file is not a video we can read, or became unreadable while it was read
    ├── DownloadError       a source could not be fetched
    ├── ExportError         a rendering failed or its result did not pass its check
    ├── ServiceError        the Prefect server that runs jobs can't be reached, or refuses
    └── StorageError        the catalog or a stored file can't be used
        ├── CatalogBusyError    another process held the catalog past the deadline
        ├── ConflictError       the change contradicts what the catalog holds, such as a clip that is still in use
        │   └── RevisionError       someone else changed the record since it was read
        ├── NoRoomError         the disk is full
        └── NotFoundError       no project, clip or file by that name

Foreign errors (PyAV, ffmpeg, yt-dlp, DuckDB) are translated once, at the border that calls the library. A message names
the thing, the reason and the way out.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AutoclipError(Exception):
    """Base class of every error that autoclip raises."""


class ParameterError(AutoclipError):
    """A setting or argument is unknown, out of its bounds, or contradicts another one."""


class KeyReusedError(ParameterError):
    """An idempotency key is already used by another request. A new request needs a new key."""


class MediaError(AutoclipError):
    """A file is not a readable video.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What is wrong with it and, if possible, what to do about it; one line.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason


class DownloadError(AutoclipError):
    """A source could not be fetched.

    Parameters
    ----------
    url : str
        The address that was requested.
    reason : str
        The real reason the site gave, and what to do about it.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class ExportError(AutoclipError):
    """A rendering failed, or its result did not pass its check.

    Parameters
    ----------
    reason : str
        What went wrong and what to do about it.
    command : tuple of str
        The command line that was run; empty when none was.
    stderr_tail : str
        The last lines the command wrote to standard error.
    """

    def __init__(self, reason: str, *, command: tuple[str, ...] = (), stderr_tail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.command = command
        self.stderr_tail = stderr_tail


class ServiceError(AutoclipError):
    """The Prefect server that runs jobs can't be reached, or refuses a request."""


class StorageError(AutoclipError):
    """The catalog or a stored file can't be read or written."""


class CatalogBusyError(StorageError):
    """Another process held the catalog's lock past the deadline; trying again later is safe."""


class ConflictError(StorageError):
    """The change contradicts what the catalog holds: the record exists already, or something still uses it."""


class RevisionError(ConflictError):
    """Someone else changed the record since it was read; read it again and repeat the change."""


class NoRoomError(StorageError):
    """The disk is full. The operation works once space is freed."""


class NotFoundError(StorageError):
    """There is no project, clip, compound clip, export or analysis by that name."""


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers that freeing disk space resolves."""

_WAYS_OUT = {
    errno.EACCES: "check who may read and write there, or choose another place",
    errno.EPERM: "check who may read and write there, or choose another place",
    errno.EROFS: "it can't be written to; choose another folder",
    errno.ENOENT: "check the name; it may have been moved or deleted",
    errno.ENOTDIR: "a part of the path is a file; choose another path",
    errno.EEXIST: "a file, or a link that leads nowhere, has that name; choose another",
    errno.EISDIR: "give a file instead",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "a link in it leads to itself; remove that link",
    errno.EIO: "check the disk and the connection to it",
    errno.ESTALE: "connect the network drive again",
    errno.EMFILE: "close other programs, or allow more open files (ulimit -n)",
    errno.ENFILE: "close other programs, or allow more open files",
}


_RUNTIME_ERRORS = {
    "Symlink loop": "remove that link",  # an OSError from Python 3.13 on
    "Could not determine home directory": "no user here has the name behind ~; give the full path",
}
"""What Python's `pathlib` raises as `RuntimeError`, and the way out."""


def system_reason(error: OSError | ValueError | RuntimeError) -> str:
    """Return why a file could not be read or written, without the error number."""
    return str(getattr(error, "strerror", None) or error).partition("\n")[0] or type(error).__name__


OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys (ECMA-48, section 5), ends of lines left out, or what turns the order of text around (Unicode
Standard Annex 9, section 2)."""


def printable(name: str) -> str:
    """Return a file's name with every byte that is not valid UTF-8 replaced by U+FFFD."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def visible(text: str) -> str:
    """Return text with what a terminal would obey written as Python escapes it: names come from files and strangers."""
    return OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def from_system(error: OSError | MemoryError, place: Path | str = "") -> StorageError:
    """Translate an operating system error into one of ours: the name, the reason, the way out.

    Parameters
    ----------
    error : OSError or MemoryError
        What the system, or a library that works with files or arrays, raised.
    place : Path or str
        What was read or written; if empty, the file that the error names.
    """
    if isinstance(error, MemoryError):
        return StorageError(
            f"memory is short ({error or 'none left'}); close other programs, or raise its limit (ulimit -v)"
        )
    name = str(place or error.filename or "a file")
    reason = system_reason(error)
    if error.errno in NO_ROOM:
        return NoRoomError(f"{name}: no room is left to write it ({reason}); free space there or choose another folder")
    way_out = _WAYS_OUT.get(error.errno or 0, "check that it exists and can be read and written")
    return StorageError(f"{name}: {reason[:1].lower()}{reason[1:]}; {way_out}")


def of_system(error: Exception, place: Path | str = "") -> StorageError | None:
    """Return our error for one of the operating system about `place`, whatever its class; None for one of a program."""
    if isinstance(error, ImportError) and "failed to map" in str(error):
        return from_system(MemoryError(str(error)))  # a library found no memory
    for words, way_out in _RUNTIME_ERRORS.items():
        if isinstance(error, RuntimeError) and str(error).startswith(words):
            return StorageError(f"{str(error).rstrip('.')}; {way_out}")
    return from_system(error, place) if isinstance(error, OSError | MemoryError) else None


@contextmanager
def system_errors(place: Path | str = "") -> Iterator[None]:
    """Translate operating system errors about `place` into `StorageError`. Errors of autoclip pass through."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if (refused := of_system(error, place)) is None:
            raise
        raise refused from error
