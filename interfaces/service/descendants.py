"""Children that end with us, and all that came of them.

On Linux this process can adopt the orphans among its descendants (prctl ``PR_SET_CHILD_SUBREAPER``), so it finds and
ends every one of them, whatever they did with sessions and process groups. Elsewhere only children are ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36  # both: Linux prctl(2)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def signal_at_our_death(wanted: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs first, so that the kernel sends it `wanted` when this process is gone; else None."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, wanted)

    return ask


def descendants(pid: int | None = None, spared: Collection[int] = ()) -> list[int]:
    """Return the ids of all descendants of a process (this one by default); empty where /proc has none.

    Processes in `spared`, and what came of them, are left out.
    """
    found: list[int] = []
    for listing in Path(f"/proc/{pid or os.getpid()}/task").glob("*/children"):
        try:
            children = [int(word) for word in listing.read_text().split()]
        except OSError:  # the process ended while it was looked at
            continue
        for child in children:
            if child not in spared:
                found += [child, *descendants(child, spared)]
    return found


def end_descendants(patience_sec: float, spared: Collection[int] = ()) -> int:
    """Ask every descendant to end, and kill those that have not after a while; return how many were killed."""
    _tell(descendants(spared=spared), signal.SIGTERM)
    deadline = time.monotonic() + patience_sec
    while descendants(spared=spared) and time.monotonic() < deadline:
        reap_children(spared)
        time.sleep(0.1)
    rest = descendants(spared=spared)
    while left := descendants(spared=spared):
        _tell(left, signal.SIGKILL)
        reap_children(spared)
        time.sleep(0.05)
    return len(rest)


def reap_children(spared: Collection[int] = ()) -> None:
    """Take note of dead children, adopted ones among them, so that they are not left as zombies."""
    for listing in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for child in map(int, listing.read_text().split()):
            if child not in spared:
                with suppress(ChildProcessError):
                    os.waitpid(child, os.WNOHANG)


def _tell(pids: list[int], message: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, message)
        except ProcessLookupError:
            continue
