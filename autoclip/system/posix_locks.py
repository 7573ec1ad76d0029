"""POSIX locks on open files. Windows has none of them.

``filelock`` is used where polling is good enough. It has no queue: a process that releases a lock and wants it again
gets it before those that wait. With ``flock`` the kernel keeps a queue (docs/decisions/0017-three-systems.md has the
figures).
"""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":
    HAS_QUEUE = False

    def lock_at_once(descriptor: int) -> bool:
        """Raise an error: Windows has no ``flock``."""
        raise NotImplementedError(descriptor)

    def wait_in_queue(descriptor: int) -> None:
        """Raise an error: Windows has no ``flock``."""
        raise NotImplementedError(descriptor)

    def is_written_elsewhere(file: IO[bytes]) -> bool:  # noqa: ARG001 - a file that is written can't be opened there
        """Return False: Windows can't open a file that another program is writing."""
        return False

else:
    try:
        import fcntl

        HAS_QUEUE = True
    except ImportError:  # WebAssembly
        HAS_QUEUE = False

    def lock_at_once(descriptor: int) -> bool:
        """Take the ``flock`` of a file if it is free; return whether it was taken."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_in_queue(descriptor: int) -> None:
        """Wait for the ``flock`` of a file, after those who asked before."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def is_written_elsewhere(file: IO[bytes]) -> bool:
        """Whether another program holds a record lock (``fcntl``) for writing a file, as DuckDB does.

        The lock used for this test ends when any descriptor of the file is closed in this process.
        """
        if not HAS_QUEUE:
            return False
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
