"""Locks of POSIX systems on open files; Windows has none of them.

``filelock`` serves where trying again and again is good enough. It has no queue: whoever releases a lock and wants it
again takes it before those who sleep. With ``flock`` the kernel keeps the queue (docs/decisions/0017-three-systems.md
has the figures).
"""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":
    HAS_QUEUE = False

    def lock_at_once(descriptor: int) -> bool:
        """Refuse: Windows has no ``flock``."""
        raise NotImplementedError(descriptor)

    def wait_in_queue(descriptor: int) -> None:
        """Refuse: Windows has no ``flock``."""
        raise NotImplementedError(descriptor)

    def is_written_elsewhere(file: IO[bytes]) -> bool:  # noqa: ARG001 - a file that is written can't be opened there
        """Return False: Windows opens no file that another program is writing."""
        return False

else:
    try:
        import fcntl

        HAS_QUEUE = True
    except ImportError:  # WebAssembly
        HAS_QUEUE = False

    def lock_at_once(descriptor: int) -> bool:
        """Take the ``flock`` of a file if nobody holds it; return whether it was taken."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_in_queue(descriptor: int) -> None:
        """Take the ``flock`` of a file, behind those who asked before."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def is_written_elsewhere(file: IO[bytes]) -> bool:
        """Whether another program holds the record lock (``fcntl``) of who writes a file, as DuckDB does.

        The lock that answers the question ends when any descriptor of the file is closed in this process.
        """
        if not HAS_QUEUE:
            return False
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
