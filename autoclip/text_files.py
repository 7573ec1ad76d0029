"""Read small files that people name: settings, truths, chats, cookies. A device or pipe is never read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MAX_BYTES = 1 << 30
"""Largest file that is read whole, in bytes: a day of chat has some tens of megabytes."""


def read_text(path: Path, encoding: str = "utf-8", errors: str = "strict") -> str:
    """Read a text file whole.

    Parameters
    ----------
    path : Path
        The file.
    encoding, errors : str
        As in `open`.

    Raises
    ------
    OSError
        If it can't be read, is not a regular file, or is larger than `MAX_BYTES`; the error holds the name and the
        reason.
    UnicodeDecodeError
        If it is not text of that encoding.
    """
    # Non-blocking: opening a pipe would wait for its other end.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), encoding=encoding, errors=errors) as file:
        facts = os.fstat(file.fileno())
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "is a device or a pipe, not a file", str(path))
        if facts.st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, f"is larger than {MAX_BYTES:,} bytes", str(path))
        return file.read()
