"""Files as the three systems know them: what is flushed, and what may take the place of an open file."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import IO

IS_WINDOWS = os.name == "nt"
REPLACES_OPEN_FILES = not IS_WINDOWS
"""Whether a file that somebody reads can be replaced; its readers then go on with the old one."""

PATIENCE_SEC = 10.0
"""So long a file that somebody has open is tried to be replaced: readers of ours, virus scanners and indexers of
Windows release one within milliseconds to seconds."""
_PAUSE_SEC = 0.02


def flush(path: Path) -> None:
    """Have the system write a file to the disk itself, or a folder's list of names, where it has such a call.

    Raises
    ------
    OSError
        If it can't be opened or written.
    """
    if IS_WINDOWS and path.is_dir():
        return  # NTFS keeps names in its journal, and opens no folder
    # Windows flushes only what is open for writing.
    descriptor = os.open(path, os.O_RDWR if IS_WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, in one step; where an open file can't be replaced, wait until it is closed.

    Raises
    ------
    OSError
        If it can't, or somebody had the target open for longer than `PATIENCE_SEC`.
    """
    deadline = time.monotonic() + (0.0 if REPLACES_OPEN_FILES else PATIENCE_SEC)
    while True:
        try:
            source.replace(target)
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SEC)
        else:
            return


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def read_ahead(file: IO[bytes]) -> None:
    """Tell the system that a file will be read from start to end, where it wants to know."""
    if sys.platform == "linux" and hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
