"""Write files where people name them: only a regular file is ever replaced."""

from __future__ import annotations

import stat
from pathlib import Path

from autoclip.errors import ParameterError


def require_replaceable(path: Path) -> None:
    """Refuse a name that is taken by something other than a regular file, which renaming a file to it would remove.

    Raises
    ------
    ParameterError
        If a folder, a device, a pipe or a socket has the name, or a link leads to one.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # nothing is there, or the writer reports why it can't be written
        return
    if stat.S_ISREG(mode):
        return
    kind = "a folder" if stat.S_ISDIR(mode) else "a device, a pipe or a socket"
    raise ParameterError(f"{path}: is {kind} and is not replaced; give the name of a file")
