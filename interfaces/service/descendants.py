"""Children, and all that came of them.

On Linux this process adopts the orphans among its descendants (`autoclip.system.processes.adopt_orphans`), so it finds
and ends every one of them, whatever they did with sessions and process groups. Elsewhere a process whose parent has
ended is found only by who noted it before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress

import psutil

REAP_SEC = 0.1
"""Pause between looks at who is left."""


def descendants(pid: int | None = None, spared: Collection[int] = ()) -> list[int]:
    """Return the ids of all descendants of a process (this one by default); none when it is gone.

    Processes in `spared`, and what came of them, are left out.
    """
    return [process.pid for process in family(pid, spared)]


def family(pid: int | None = None, spared: Collection[int] = ()) -> list[psutil.Process]:
    """Return all `descendants` so that they are recognized later, when their ids may be used again."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    left_out: set[psutil.Process] = set()
    for process in found:
        if process.pid in spared:
            with suppress(psutil.NoSuchProcess):
                left_out |= {process, *process.children(recursive=True)}
    return [process for process in found if process not in left_out]


def end_descendants(patience_sec: float, spared: Collection[int] = (), noted: Collection[psutil.Process] = ()) -> int:
    """Ask every descendant to end, and kill those that have not after a while; return how many were killed.

    Parameters
    ----------
    patience_sec : float
        How long they have; and how long the killed ones have to be gone.
    spared : collection of int
        Ids of those who are left alone, with what came of them.
    noted : collection of Process
        Descendants of before that count as well: their parents may be gone.
    """

    def left() -> set[psutil.Process]:
        return {*family(spared=spared), *(process for process in noted if process.is_running())}

    _tell(left(), psutil.Process.terminate)
    psutil.wait_procs(left(), patience_sec)
    rest = left()
    deadline = time.monotonic() + patience_sec
    while (remaining := left()) and time.monotonic() < deadline:
        _tell(remaining, psutil.Process.kill)
        psutil.wait_procs(remaining, REAP_SEC)
    return len(rest)


def reap_children(spared: Collection[int] = ()) -> None:
    """Take note of dead children, adopted ones among them, so that they are not left as zombies."""
    for child in psutil.Process().children():
        if child.pid not in spared:
            with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                child.wait(0)


def _tell(processes: Collection[psutil.Process], what: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            what(process)
