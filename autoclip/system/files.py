"""File operations that differ between systems: flushing, and replacing open files."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import IO

IS_WINDOWS = os.name == "nt"
REPLACES_OPEN_FILES = not IS_WINDOWS
"""Whether a file that is open for reading can be replaced; its readers then keep the old one."""

PATIENCE_SEC = 10.0
"""How long to retry replacing an open file: our readers, virus scanners and indexers on Windows release a file within
milliseconds to seconds.
"""
_PAUSE_SEC = 0.02


def flush(path: Path) -> None:
    """Flush a file, or a folder's list of names, to the disk if the system can.

    Raises
    ------
    OSError
        If the file can't be opened or written.
    """
    if IS_WINDOWS and path.is_dir():
        return  # NTFS keeps names in its journal, and can't open a folder
    # Windows flushes only files that are open for writing.
    descriptor = os.open(path, os.O_RDWR if IS_WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Rename a file over another atomically. If an open file can't be replaced, wait until it is closed.

    Raises
    ------
    OSError
        If it can't be renamed, or the target stays open for longer than `PATIENCE_SEC`.
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


def facts_of(path: Path) -> os.stat_result | None:
    """Return what the system knows about a file or folder; None if there is none.

    To ask whether a path exists, and then for its facts, fails now and then: another process may remove it in between.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_file_of(path: Path, size_bytes: int) -> bool:
    """Whether there is a regular file of this size."""
    facts = facts_of(path)
    return facts is not None and stat.S_ISREG(facts.st_mode) and facts.st_size == size_bytes


def is_older(path: Path, age_sec: float) -> bool:
    """Whether a file was last changed more than `age_sec` seconds ago; False if it no longer exists."""
    facts = facts_of(path)
    return facts is not None and time.time() - facts.st_mtime > age_sec


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file, or copy it if the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def read_ahead(file: IO[bytes]) -> None:
    """Tell the system that a file will be read sequentially, if it has such a call."""
    if sys.platform == "linux" and hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
