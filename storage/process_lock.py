"""Locks that belong to a living process: the kernel releases them however the process ends.

A lock that is held therefore proves that its holder lives, which a file with a process id in it can't (ids are used
again). It is taken on ``<name>.mutex`` (``flock``, or ``LockFileEx`` on Windows, by way of ``filelock``); the holder's
words in ``<name>`` say who it is. They are two files since Windows lets nobody read one that is locked.

Taking a lock and writing who took it are two steps, and so are clearing and releasing it. A second lock, one for all
locks of a folder and held for microseconds, makes each pair one step for everyone who looks: nobody reads the words of
an earlier holder, or none, while the lock is held, and looking never makes another one's attempt fail.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock

from storage.atomic import storage_faults
from storage.file_locks import Timeout, file_lock

POLL_SEC = 0.2
GUARD_POLL_SEC = 0.001
GUARD = ".guard"
"""Name of the file, beside the locks, whose lock guards every step on them."""


@contextmanager
def held(path: Path, words: str, while_waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock `path` during the block, waiting for it as long as it takes.

    Parameters
    ----------
    path : Path
        The lock's file; created if missing, and left there.
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
    while isinstance(taken := _attempt(path, words), _Holder):
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
    """Remove a lock's file unless a living process holds it; return whether it was removed."""
    try:
        with _guarded(path):
            if _is_held(path):
                return False
            path.unlink()
            _mutex(path).unlink(missing_ok=True)
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


def _attempt(path: Path, words: str) -> BaseFileLock | _Holder:
    """Take the lock, or return who holds it."""
    with storage_faults(path), _guarded(path):
        lock = file_lock(_mutex(path))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return _parse(path.read_bytes())
        try:
            path.write_bytes(_line(socket.gethostname()) + _line(words))
        except BaseException:
            lock.release()
            raise
        return lock


def _release(path: Path, lock: BaseFileLock) -> None:
    """Clear the holder's words and release the lock; the name of its machine stays."""
    with _guarded(path) if path.parent.exists() else nullcontext():
        with suppress(FileNotFoundError), path.open("r+b") as file:
            file.truncate(len(_line(socket.gethostname())))  # needs no space, so a full disk can't stop it
        lock.release()


def _is_held(path: Path) -> bool:
    path.stat()  # FileNotFoundError
    try:
        with file_lock(_mutex(path)).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _read(path: Path) -> _Holder:
    try:
        with _guarded(path):
            return _parse(path.read_bytes())
    except FileNotFoundError:
        return _Holder()


def _mutex(path: Path) -> Path:
    return path.with_name(f"{path.name}.mutex")


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Be the only one who looks at, takes or releases a lock in this folder; for less than a millisecond."""
    path.parent.stat()  # FileNotFoundError: the lock would make the folder
    with file_lock(path.parent / GUARD).acquire(poll_interval=GUARD_POLL_SEC):
        yield


def _line(text: str) -> bytes:
    return f"{text}\n".encode()


def _parse(content: bytes) -> _Holder:
    lines = [*content.decode(errors="replace").splitlines(), "", ""]
    return _Holder(lines[0], lines[1])
