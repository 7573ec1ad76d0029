"""Child processes that never outlive this process.

A child ends in one of three ways: by itself; when an exception leaves the block that started it; or, on Linux, by the
kernel when this process dies for any reason, including kill -9. It shares this process's group, so a worker that kills
the group also reaches it.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from autoclip.system.processes import start_ending_with_parent

_GRACE_SEC = 5.0

_running: dict[subprocess.Popen[bytes], int] = {}
"""Each running child, with the thread that waits for it."""
_lock = threading.Lock()


@contextmanager
def child_process(command: Sequence[str], stderr: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, without a shell, and make sure that it has ended at the end of the block.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    stderr : file
        Receives its standard error; a file, so that a child with much output never blocks.

    Yields
    ------
    subprocess.Popen
        The child; its standard input is empty and its standard output is a pipe.
    """
    child = start_ending_with_parent(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr)
    with _lock:
        _running[child] = threading.get_ident()
    try:
        yield child
    finally:
        _end(child)
        with _lock:
            _running.pop(child, None)


def kill_children(threads: Collection[int] | None = None) -> int:
    """Kill running children, for work that is about to stop.

    Parameters
    ----------
    threads : collection of int, optional
        Identifiers of the threads whose children are killed; None kills all children.

    Returns
    -------
    int
        Number of children killed.
    """
    with _lock:
        children = [child for child, thread in _running.items() if threads is None or thread in threads]
    for child in children:
        child.kill()
    return len(children)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()
    child.wait(_GRACE_SEC)
    if child.stdout is not None:
        child.stdout.close()
