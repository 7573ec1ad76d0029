"""Temporary names of files in progress, and the removal of those that a killed process left."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import uuid
from contextlib import suppress
from pathlib import Path

from autoclip.system.files import facts_of, is_older
from autoclip.system.processes import is_alive

UNFINISHED_AGE_SEC = 24 * 3600.0
"""Age in seconds from which a temporary file of another machine is abandoned: no render writes one for a day."""

_NAME = re.compile(r"\.autoclip-(?P<machine>[0-9a-f]{8})-(?P<process>[0-9]{1,10})-[0-9a-f]{32}\.partial")


def unfinished_name() -> str:
    """Return a unique name that contains the process and the machine that write the file."""
    return f".autoclip-{_machine()}-{os.getpid()}-{uuid.uuid4().hex}.partial"


def remove_unfinished(folder: Path, *, older_than_sec: float = UNFINISHED_AGE_SEC) -> tuple[Path, ...]:
    """Remove half-written files of killed processes from an output folder; return their paths.

    Parameters
    ----------
    folder : Path
        The folder; its subfolders are not searched. Files that can't be removed are skipped, and so is a folder that
        can't be read.
    older_than_sec : float
        Age from which a file of another machine counts as abandoned. A file of this machine counts as soon as its
        process has ended, and not before.
    """
    removed = []
    with suppress(OSError):
        for path in list(folder.glob(".autoclip-*")):
            if _is_left(path, older_than_sec):
                path.unlink(missing_ok=True)
                removed.append(path)
    return tuple(removed)


def _is_left(path: Path, age_sec: float) -> bool:
    """Whether a file has one of our temporary names and its process has ended."""
    name = _NAME.fullmatch(path.name)
    if name is None or path.is_symlink() or not path.is_file():
        return False
    if name["machine"] == _machine():
        facts = facts_of(path)
        return facts is not None and not is_alive(int(name["process"]), facts.st_ctime)
    return is_older(path, age_sec)


def _machine() -> str:
    """Return a name of this machine. A container counts as its own machine, because its process ids are separate."""
    namespace = ""
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.blake2s(f"{socket.gethostname()} {namespace}".encode(), digest_size=4).hexdigest()
