"""Every error autoclip raises, on one page.

::

    AutoclipError
    ├── ParameterError      a setting or argument is unknown, out of bounds or contradicts another
    │   └── KeyReusedError      an idempotency key stands for another request already
    ├── MediaError          a file is no video we can read, or became unreadable on the way
    ├── DownloadError       a source could not be fetched
    ├── ExportError         a rendering failed or its result did not pass its check
    ├── ServiceError        the Prefect server that runs jobs can't be reached, or refuses
    └── StorageError        the catalog or a stored file can't be used
        ├── CatalogBusyError    another process held the catalog past the deadline
        ├── ConflictError       the change contradicts what the catalog holds, such as a clip that is still in use
        │   └── RevisionError       someone else changed the record since it was read
        └── NotFoundError       no project, clip or file by that name

Foreign errors (PyAV, ffmpeg, yt-dlp, DuckDB) are translated once, at the border that calls the library. A message names
the thing, the reason and the way out.
"""

from pathlib import Path


class AutoclipError(Exception):
    """Base of every error of ours."""


class ParameterError(AutoclipError):
    """A setting or argument is unknown, out of its bounds, or contradicts another one."""


class KeyReusedError(ParameterError):
    """An idempotency key stands for another request already; a new request needs a new key."""


class MediaError(AutoclipError):
    """A file is not a video that can be read.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What is wrong with it and, where there is one, the way out; one line.
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
        The address that was asked for.
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
        What went wrong and the way out.
    command : tuple of str
        The command line that was run; empty when none was.
    stderr_tail : str
        The last lines the command wrote to standard error.
    """

    def __init__(self, reason: str, *, command: tuple[str, ...] = (), stderr_tail: str = "") -> None:
        super().__init__(f"{reason}\n{stderr_tail}" if stderr_tail else reason)
        self.reason = reason
        self.command = command
        self.stderr_tail = stderr_tail


class ServiceError(AutoclipError):
    """The Prefect server that runs jobs can't be reached, or refuses what it is asked for."""


class StorageError(AutoclipError):
    """The catalog or a stored file can't be read or written."""


class CatalogBusyError(StorageError):
    """Another process held the catalog's lock past the deadline; trying again later is safe."""


class ConflictError(StorageError):
    """The change contradicts what the catalog holds: the record exists already, or something still uses it."""


class RevisionError(ConflictError):
    """Someone else changed the record since it was read; read it again and repeat the change."""


class NotFoundError(StorageError):
    """There is no project, clip, compound clip, export or analysis by that name."""
