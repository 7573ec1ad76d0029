"""Locks that belong to a living process: the kernel releases them however the process ends.

A held lock therefore proves that its holder lives, which a file with a process id can't (ids are reused). The lock is
taken on ``<name>.mutex`` (``flock``, or ``LockFileEx`` on Windows, through ``filelock``); ``<name>`` contains the
holder's text. They are two files because Windows does not let others read a locked file.

Taking a lock and writing its holder are two steps, and so are clearing and releasing it. A second lock, one for all
locks of a folder and held for microseconds, makes each pair atomic for all readers: nobody reads the text of an earlier
holder, or none, while the lock is held, and reading never makes another process's attempt fail.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock

from storage.atomic import storage_faults
from storage.file_locks import Timeout, file_lock

POLL_SEC = 0.2
GUARD_POLL_SEC = 0.001
GUARD = ".guard"
"""Name of the file, beside the locks, whose lock protects every step on them."""


@contextmanager
def held(path: Path, words: str, while_waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock `path` during the block, waiting for it as long as needed.

    Parameters
    ----------
    path : Path
        The lock's file; created if missing, and never removed.
    words : str
        Text for `holder`; this machine's name is added.
    while_waiting : callable, optional
        Called with the holder's text five times a second while another process holds the lock; may raise to give up.

    Raises
    ------
    StorageError
        If the lock's file can't be created.
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
    """Return the text of the holder, or of one that died with the lock; empty if it was released or never taken."""
    return _read(path).words


def machine_of(path: Path) -> str:
    """Return the machine whose process took the lock last; empty if none did."""
    return _read(path).machine


@dataclass(frozen=True, slots=True)
class _Holder:
    """The holder according to a lock's file."""

    machine: str = ""
    words: str = ""


def _attempt(path: Path, words: str) -> BaseFileLock | _Holder:
    """Take the lock, or return its holder."""
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
    """Clear the holder's text and release the lock; the name of its machine stays."""
    try:
        with suppress(FileNotFoundError), _guarded(path):  # its folder may be gone
            with suppress(FileNotFoundError), path.open("r+b") as file:
                file.truncate(len(_line(socket.gethostname())))  # needs no space, so a full disk can't stop it
            lock.release()
    finally:
        lock.release()  # does nothing if that is done


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
    """Hold the exclusive right to read, take or release locks in this folder, for less than a millisecond."""
    path.parent.stat()  # FileNotFoundError: the lock would create the folder
    with file_lock(path.parent / GUARD).acquire(poll_interval=GUARD_POLL_SEC):
        yield


def _line(text: str) -> bytes:
    return f"{text}\n".encode()


def _parse(content: bytes) -> _Holder:
    lines = [*content.decode(errors="replace").splitlines(), "", ""]
    return _Holder(lines[0], lines[1])
