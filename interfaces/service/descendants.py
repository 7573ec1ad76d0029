"""Child processes and all their descendants.

On Linux this process adopts orphaned descendants (`autoclip.system.processes.adopt_orphans`), so it finds and ends
every one of them, even in other sessions and process groups. Elsewhere a process whose parent has ended is found only
by a caller that recorded it before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress

import psutil

REAP_SEC = 0.1
"""Seconds between checks for remaining processes."""


def family(pid: int | None = None, spared: Collection[int] = ()) -> list[psutil.Process]:
    """Return all descendants of a process (this one by default); empty if it no longer exists.

    Processes in `spared`, and their descendants, are left out.
    """
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
    """Terminate every descendant, and kill those that remain after a while; return how many were killed.

    Parameters
    ----------
    patience_sec : float
        How long they have to end, and how long to wait for killed ones.
    spared : collection of int
        Ids of processes to leave alone, with their descendants.
    noted : collection of Process
        Earlier descendants to include, because their parents may have ended.
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
    """Reap dead children, including adopted ones, so that they don't remain as zombies."""
    for child in psutil.Process().children():
        if child.pid not in spared:
            with suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                child.wait(0)


def _tell(processes: Collection[psutil.Process], what: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            what(process)
