"""Locks that belong to a living process: the kernel lets go of them however the process ends.

``flock`` on a file of its own. A lock that is held therefore proves that its holder lives, which a file with a process
id in it can't (ids are used again). The holder's words in the file say who it is.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.atomic import storage_faults

POLL_SEC = 0.2


@contextmanager
def held(path: Path, words: str, while_waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock `path` during the block, waiting for it as long as it takes.

    Parameters
    ----------
    path : Path
        The lock's file; made when missing, and left there: removing a lock file lets two hold it.
    words : str
        Who holds it, for `holder`; this machine's name goes along.
    while_waiting : callable, optional
        Called with the holder's words five times a second as long as another holds it; may raise to give up.
    """
    with storage_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        while not _taken(descriptor):
            if while_waiting is not None:
                while_waiting(holder(path))
            time.sleep(POLL_SEC)
        _write(descriptor, words)
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process on this machine holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def holder(path: Path) -> str:
    """Return the words of the one who holds the lock, or died with it; empty if it was given back, or never taken."""
    lines = _lines(path)
    return lines[1] if len(lines) > 1 else ""


def machine_of(path: Path) -> str:
    """Return the name of the machine whose process took the lock last; empty if none did."""
    lines = _lines(path)
    return lines[0] if lines else ""


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(descriptor: int, words: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{socket.gethostname()}\n{words}\n".encode(), 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []
