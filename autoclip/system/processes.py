"""Processes by their ids, and children that end with this process."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

OWN_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Flag of Windows for a child that Ctrl-C in the terminal does not reach; elsewhere ``start_new_session`` does that."""

_KILL: int = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows, each ends a process at once
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36  # both: Linux prctl(2)


def is_alive(pid: int) -> bool:
    """Whether there is a process by that id, whoever's it is."""
    if os.name == "nt":  # there, signal 0 ends a process
        import psutil  # noqa: PLC0415 - the other systems need no package for this

        return psutil.pid_exists(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def kill(pid: int) -> None:
    """End a process at once, without a chance to clear up; nothing happens when it is gone.

    Raises
    ------
    PermissionError
        If it is another user's.
    """
    if pid > 0:  # 0 means the group of this process
        with suppress(ProcessLookupError):
            os.kill(pid, _KILL)


def adopt_orphans() -> None:
    """On Linux, become the parent of descendants whose own parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(*, at_once: bool) -> Callable[[], None] | None:
    """Return what a child runs first, so that it ends with the thread that started it; None where nothing does that.

    Only Linux does (``PR_SET_PDEATHSIG``). Elsewhere a child that writes to a pipe of ours ends when it next writes.

    Parameters
    ----------
    at_once : bool
        Kill it (SIGKILL); otherwise ask it to end (SIGTERM).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: in the child it would take locks that may be held
    parent, wanted = os.getpid(), _KILL if at_once else signal.SIGTERM

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, wanted)
        if os.getppid() != parent:  # the parent died before the request
            os.kill(os.getpid(), wanted)

    return ask_for_signal


def exit_with_parent() -> None:
    """Have a process of Python's multiprocessing end when the one that started it does, however that ends.

    Without this, a process of a pool waits forever for work of a parent that was killed.
    """
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def after_fork_in_child(do: Callable[[], None]) -> None:
    """Have every forked child call `do` first; nothing to be done where no process forks."""
    if sys.platform != "win32" and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=do)
