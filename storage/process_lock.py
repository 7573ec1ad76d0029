"""Locks that belong to a living process: the kernel lets go of them however the process ends.

``flock`` on a file of its own. A lock that is held therefore proves that its holder lives, which a file with a process
id in it can't (ids are used again). The holder's words in the file say who it is.

Taking a lock and writing who took it are two steps, and so are clearing and releasing it. A second lock, one for all
locks of a folder and held for microseconds, makes each pair one step for everyone who looks: nobody reads the words of
an earlier holder, or none, while the lock is held, and looking never makes another one's attempt fail.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from storage.atomic import storage_faults

POLL_SEC = 0.2
GUARD = ".guard"
"""Name of the file, beside the locks, whose lock guards every step on them."""


@contextmanager
def held(path: Path, words: str, while_waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock `path` during the block, waiting for it as long as it takes.

    Parameters
    ----------
    path : Path
        The lock's file; made when missing, and left there.
    words : str
        Who holds it, for `holder`; this machine's name goes along.
    while_waiting : callable, optional
        Called with the holder's words five times a second as long as another holds it; may raise to give up.

    Raises
    ------
    StorageError
        If the lock's file can't be made.
    """
    with storage_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    while not isinstance(taken := _attempt(path, words), int):
        if while_waiting is not None:
            while_waiting(taken.words)
        time.sleep(POLL_SEC)
    try:
        yield
    finally:
        _release(path, taken)


def is_held(path: Path) -> bool:
    """Whether a living process on this machine holds the lock."""
    try:
        with _guarded(path):
            return _is_held(path)
    except FileNotFoundError:
        return False


def remove_unheld(path: Path) -> bool:
    """Remove a lock's file unless a living process holds it; tell whether it was removed."""
    try:
        with _guarded(path):
            if _is_held(path):
                return False
            path.unlink()
    except FileNotFoundError:
        return False
    return True


def holder(path: Path) -> str:
    """Return the words of the one who holds the lock, or died with it; empty if it was given back, or never taken."""
    return _read(path).words


def machine_of(path: Path) -> str:
    """Return the name of the machine whose process took the lock last; empty if none did."""
    return _read(path).machine


@dataclass(frozen=True, slots=True)
class _Holder:
    """What a lock's file says of the one who took it."""

    machine: str = ""
    words: str = ""


def _attempt(path: Path, words: str) -> int | _Holder:
    """Take the lock and return its descriptor, or return who holds it."""
    with storage_faults(path), _guarded(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not _locked(descriptor):
                return _parse(path.read_bytes())
            _write(descriptor, words)
            taken, descriptor = descriptor, -1
            return taken
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _release(path: Path, descriptor: int) -> None:
    """Clear the holder's words and let go of the lock; the name of its machine stays."""
    guard = _guarded(path) if path.parent.exists() else nullcontext()
    with guard:
        os.ftruncate(descriptor, len(_line(socket.gethostname())))  # needs no space, so a full disk can't stop it
        os.close(descriptor)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> _Holder:
    try:
        with _guarded(path):
            return _parse(path.read_bytes())
    except FileNotFoundError:
        return _Holder()


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Be the only one who looks at, takes or releases a lock in this folder; for microseconds."""
    descriptor = os.open(path.parent / GUARD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(descriptor: int, words: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, _line(socket.gethostname()) + _line(words), 0)


def _line(text: str) -> bytes:
    return f"{text}\n".encode()


def _parse(content: bytes) -> _Holder:
    lines = [*content.decode(errors="replace").splitlines(), "", ""]
    return _Holder(lines[0], lines[1])
