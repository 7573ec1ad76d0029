"""Processes by their ids, and children that end with this process."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

OWN_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows flag for a child that Ctrl-C in the terminal does not reach. Elsewhere ``start_new_session`` does that."""

START_TIME_SEC = 2.0
"""How exactly the system tells when a process was started, in seconds: Linux rounds the time of its own start."""

_KILL: int = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows, each of them ends a process at once
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36  # all three: Linux prctl(2)
_CAP_SYS_NICE = 23  # capabilities(7)
_NO_PRIORITY = ("--bounding-set", "-sys_nice")


def is_alive(pid: int, since: float | None = None) -> bool:
    """Whether a process with that id exists, regardless of its owner.

    With `since`, in seconds since 1970, one that was started later does not count: ids are used again, in a container
    after each start.
    """
    if since is not None:
        import psutil  # noqa: PLC0415 - as below

        with suppress(psutil.AccessDenied):
            try:
                return psutil.Process(pid).create_time() < since + START_TIME_SEC
            except (psutil.NoSuchProcess, OverflowError):
                return False
    if os.name == "nt":  # on Windows, signal 0 ends a process
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
    """Kill a process without a chance to clean up. Do nothing if it is gone.

    Raises
    ------
    PermissionError
        If the process belongs to another user.
    """
    if pid > 0:  # 0 means the group of this process
        with suppress(ProcessLookupError):
            os.kill(pid, _KILL)


def adopt_orphans() -> None:
    """Make this process the parent of orphaned descendants. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(*, at_once: bool) -> Callable[[], None] | None:
    """Return the function that a child runs first so that it ends with the thread that started it; None if unsupported.

    Only Linux supports it (``PR_SET_PDEATHSIG``). Elsewhere a child that writes to a pipe of ours ends at its next
    write. A child of root also loses the right to real-time priority, which SVT-AV1 takes wherever it may: its threads
    would keep all cores from everything else, such as the page and Prefect's server, until the clip is encoded.

    Parameters
    ----------
    at_once : bool
        Kill it (SIGKILL); otherwise terminate it (SIGTERM).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded here: in the child, loading would take locks that may be held
    parent, wanted = os.getpid(), _KILL if at_once else signal.SIGTERM

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, wanted)
        prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE)  # refused to everybody but root, who alone has that right
        if os.getppid() != parent:  # the parent died before the request
            os.kill(os.getpid(), wanted)

    return ask_for_signal


def start_ending_with_parent(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
    """Start a command that is killed when the thread that starts it ends, where the system supports that.

    On Linux, ``setpriv`` asks the kernel for it, where it is installed. Python would have to fork in order to ask in
    the child, which takes 36 ms of a core more in a process of 400 MB (measured). If this process dies before setpriv
    has asked, a child that writes to a pipe of ours ends at its next write. As in `end_with_parent`, a child of root
    takes no real-time priority.

    Takes the options of `subprocess.Popen`, and raises its errors.
    """
    words = _setpriv() if shutil.which(command[0]) else ()
    ask = None if words else end_with_parent(at_once=True)
    return subprocess.Popen([*words, *command], preexec_fn=ask, **options)  # noqa: PLW1509, S603


@cache
def _setpriv() -> tuple[str, ...]:
    """Return the words before a command that do what `end_with_parent` does; none if no such program can."""
    program = shutil.which("setpriv") if sys.platform == "linux" else None
    if program is None:
        return ()
    ways = [(program, "--pdeathsig", "KILL", *rights, "--") for rights in (_NO_PRIORITY, ())]
    return next((words for words in ways if _answers([*words, program, "--version"])), ())


def _answers(command: Sequence[str]) -> bool:
    """Whether a command succeeds: some setpriv lack an option, and only root may give up a right."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def exit_with_parent() -> None:
    """Make a multiprocessing process end when its parent ends for any reason.

    Otherwise, a pool's process waits forever for work from a killed parent.
    """
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def after_fork_in_child(do: Callable[[], None]) -> None:
    """Make every forked child call `do` first. Does nothing where processes don't fork."""
    if sys.platform != "win32" and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=do)
