"""A lock for one writer at a time, across processes and threads.

DuckDB's own lock is unsuitable: it refuses instead of waiting, and it is lost when its file is opened and closed
elsewhere in the process. Instead, an empty file beside the catalog is locked with a lock that the system releases when
a process dies: ``flock``, whose queue the kernel keeps, or, where there is none (Windows), that of ``filelock``, which
polls.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import CatalogBusyError
from autoclip.system.posix_locks import HAS_QUEUE, lock_at_once, wait_in_queue
from autoclip.system.processes import after_fork_in_child
from storage.atomic import storage_faults
from storage.file_locks import Timeout, file_lock

POLL_SEC = 0.005
"""Seconds between attempts where there is no queue."""

_descriptors: set[int] = set()
"""Every open lock file of this process, for a forked child to close, since its copies would keep the locks."""


class CatalogLock:
    """The lock of one catalog.

    Parameters
    ----------
    catalog : Path
        The file it protects; ``<name>.lock`` beside it is created if missing.
    """

    def __init__(self, catalog: Path) -> None:
        self._catalog = catalog
        self._path = catalog.with_name(f"{catalog.name}.lock")

    @contextmanager
    def held(self, deadline: float) -> Iterator[None]:
        """Hold the lock while the block runs.

        Parameters
        ----------
        deadline : float
            When to give up, on the clock of ``time.monotonic``.

        Raises
        ------
        CatalogBusyError
            If others hold it past the deadline.
        """
        release = (_queue_for if HAS_QUEUE else _try_for)(self._path, deadline)
        if release is None:
            raise CatalogBusyError(
                f"{self._catalog}: other processes kept it busy past the deadline; try again later, "
                "or look for a process that hangs while it changes the catalog"
            )
        try:
            yield
        finally:
            release()


def _try_for(path: Path, deadline: float) -> Callable[[], None] | None:
    """Take the lock by polling; return its release function, or None if the deadline passes first."""
    lock = file_lock(path)
    with storage_faults(path):
        try:
            lock.acquire(timeout=max(0.0, deadline - time.monotonic()), poll_interval=POLL_SEC)
        except Timeout:
            return None
    return lock.release


def _queue_for(path: Path, deadline: float) -> Callable[[], None] | None:
    """Take the lock in turn; return its release function, or None if the deadline passes first."""
    with storage_faults(path):
        wait = _Wait(_open(path))
    if not wait.over_at_once():
        # flock has no time limit, and an alarm signal would only reach the main thread.
        threading.Thread(target=wait.wait, name="catalog-lock", daemon=True).start()
        if not wait.over_by(deadline):
            return None
    return lambda: _close(wait.descriptor)


class _Wait:
    """One wait for the lock; it may be abandoned while a thread still waits."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._decided = threading.Lock()
        self._over = threading.Event()
        self._given_up = False

    def over_at_once(self) -> bool:
        """Take the lock if it is free."""
        return lock_at_once(self.descriptor)

    def wait(self) -> None:
        """Wait for the lock; release it at once if the wait was abandoned."""
        wait_in_queue(self.descriptor)
        with self._decided:
            self._over.set()
            if self._given_up:
                _close(self.descriptor)

    def over_by(self, deadline: float) -> bool:
        """Wait until the lock is taken; return False, and abandon the wait, if the deadline passes first."""
        try:
            self._over.wait(max(0.0, deadline - time.monotonic()))
        except BaseException:
            with self._decided:
                self._given_up = True
                if self._over.is_set():
                    _close(self.descriptor)
            raise
        with self._decided:
            self._given_up = not self._over.is_set()
        return not self._given_up


def _forget_locks_after_fork() -> None:
    """Close a forked child's copies of its parent's lock files."""
    for descriptor in tuple(_descriptors):
        _close(descriptor)


def _open(path: Path) -> int:
    """Open a lock file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    _descriptors.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    """Close a lock file, which releases its lock."""
    if descriptor in _descriptors:  # already closed by a forked child
        _descriptors.discard(descriptor)
        os.close(descriptor)


after_fork_in_child(_forget_locks_after_fork)
