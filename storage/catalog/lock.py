"""One writer or several readers at a time, over processes and threads, in the order they came.

DuckDB's own lock can't serve: it refuses instead of waiting, and it vanishes when its file is opened and closed
elsewhere in the process. So two empty files beside the catalog are locked with ``flock``, which the system releases
when a process dies. Everyone passes the queue file first and waits at the lock file while holding the queue: whoever
came first goes first, and a stream of readers can't keep a writer waiting.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import CatalogBusyError
from storage.atomic import storage_faults

_descriptors: set[int] = set()
"""Every lock file open in this process, for a forked child to close: its copies would keep the locks."""


class CatalogLock:
    """The lock of one catalog.

    Parameters
    ----------
    catalog : Path
        The file it guards; ``<name>.lock`` and ``<name>.queue`` beside it are made when missing and never removed.
    """

    def __init__(self, catalog: Path) -> None:
        self._catalog = catalog
        self._lock = catalog.with_name(f"{catalog.name}.lock")
        self._queue = catalog.with_name(f"{catalog.name}.queue")

    @contextmanager
    def held(self, *, shared: bool, deadline: float) -> Iterator[None]:
        """Hold the lock while the block runs.

        Parameters
        ----------
        shared : bool
            Together with other readers, or alone.
        deadline : float
            When to give up, on ``time.monotonic``'s clock.

        Raises
        ------
        CatalogBusyError
            If others hold it past the deadline.
        """
        descriptor = self._take(fcntl.LOCK_SH if shared else fcntl.LOCK_EX, deadline)
        try:
            yield
        finally:
            _close(descriptor)

    def _take(self, operation: int, deadline: float) -> int:
        """Return a descriptor that holds the lock."""
        with storage_faults(self._lock):
            turn = _Turn(_open(self._queue), _open(self._lock), operation)
        if turn.take_at_once():
            return turn.lock
        # flock has no time limit of its own, and an alarm signal would be the main thread's alone.
        threading.Thread(target=turn.take, name="catalog-lock", daemon=True).start()
        if not turn.taken_by(deadline):
            raise CatalogBusyError(
                f"{self._catalog}: other processes kept it busy past the deadline; try again later, "
                "or look for a process that hangs while it holds the catalog"
            )
        return turn.lock


class _Turn:
    """One wait in the queue; it may be given up while a thread still stands in it."""

    def __init__(self, queue: int, lock: int, operation: int) -> None:
        self.lock = lock
        self._queue = queue
        self._operation = operation
        self._decided = threading.Lock()
        self._taken = threading.Event()
        self._given_up = False

    def take_at_once(self) -> bool:
        """Take the lock if nobody holds it or waits for it."""
        try:
            fcntl.flock(self._queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(self.lock, self._operation | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
            return False
        _close(self._queue)
        return True

    def take(self) -> None:
        """Wait for the lock; let go of it at once if nobody wants it any more."""
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        if not self._given_up:
            fcntl.flock(self.lock, self._operation)
        _close(self._queue)
        with self._decided:
            self._taken.set()
            if self._given_up:
                _close(self.lock)

    def taken_by(self, deadline: float) -> bool:
        """Wait until the lock is taken; False, and given up, when the deadline passes first."""
        try:
            self._taken.wait(max(0.0, deadline - time.monotonic()))
        except BaseException:
            with self._decided:
                self._given_up = True
                if self._taken.is_set():
                    _close(self.lock)
            raise
        with self._decided:
            self._given_up = not self._taken.is_set()
        return not self._given_up


def forget_locks_after_fork() -> None:
    """Close a forked child's copies of its parent's lock files."""
    for descriptor in tuple(_descriptors):
        _close(descriptor)


def _open(path: Path) -> int:
    """Open a lock file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    _descriptors.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    """Close a lock file, which releases its lock."""
    if descriptor in _descriptors:  # a forked child has closed it already
        _descriptors.discard(descriptor)
        os.close(descriptor)
