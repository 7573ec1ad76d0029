"""Temporary names of files under way, and the removal of those that a killed process left."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path

from autoclip.system.processes import is_alive

UNFINISHED_AGE_SEC = 24 * 3600.0
"""Age from which a temporary file of another machine belongs to no work under way: no render writes one for a day."""

_NAME = re.compile(r"\.autoclip-(?P<machine>[0-9a-f]{8})-(?P<process>[0-9]{1,10})-[0-9a-f]{32}\.partial")


def unfinished_name() -> str:
    """Return a name that nothing else has; it tells which process of which machine is at work."""
    return f".autoclip-{_machine()}-{os.getpid()}-{uuid.uuid4().hex}.partial"


def remove_unfinished(folder: Path, *, older_than_sec: float = UNFINISHED_AGE_SEC) -> tuple[Path, ...]:
    """Remove what killed processes left half-written in a folder where finished files go; return the paths.

    Parameters
    ----------
    folder : Path
        The folder; those in it are not looked into. A file that can't be removed stays, and so do all in a folder that
        can't be read.
    older_than_sec : float
        Age from which a file counts as left behind whoever wrote it. That of a process of this machine counts as soon
        as the process is gone, and not before.
    """
    removed = []
    with suppress(OSError):
        for path in list(folder.glob(".autoclip-*")):
            if _is_left(path, time.time() - older_than_sec):
                path.unlink(missing_ok=True)
                removed.append(path)
    return tuple(removed)


def _is_left(path: Path, oldest: float) -> bool:
    """Whether a file bears a temporary name of ours and nobody is at work on it."""
    name = _NAME.fullmatch(path.name)
    if name is None or path.is_symlink() or not path.is_file():
        return False
    if name["machine"] == _machine():
        return not is_alive(int(name["process"]))
    return path.stat().st_mtime < oldest


def _machine() -> str:
    """Name this machine; a container, whose processes are numbered separately, is one of its own."""
    namespace = ""
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.blake2s(f"{socket.gethostname()} {namespace}".encode(), digest_size=4).hexdigest()
