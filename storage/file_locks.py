"""File locks that the system releases when their process dies, on every system: ``filelock``."""

from __future__ import annotations

from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

__all__ = ["Timeout", "file_lock"]


def file_lock(path: Path) -> BaseFileLock:
    """Return a lock on a separate file: ``flock``, or ``LockFileEx`` on Windows.

    A system without either (WebAssembly) gets a file that exists while the lock is held, under another name, because
    ``flock`` leaves its files behind.

    A failed attempt raises `Timeout`, which is an `OSError`: catch it before those are translated.
    """
    return FileLock(path.with_name(f"{path.name}.soft") if FileLock is SoftFileLock else path)
