"""Find the video files of a folder, and which of them are still being written."""

from __future__ import annotations

import fnmatch
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import NotFoundError

VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .m2ts .mts .flv .wmv .3gp .ogv .mxf .vob".split()  # noqa: SIM905
)
"""Suffixes of files that count as videos without a pattern; the probe decides in the end."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that looks like a video; `settled` is False while it may still be written."""

    path: Path
    settled: bool


def find_videos(root: Path, pattern: str, *, recursive: bool, min_age_sec: float) -> tuple[Candidate, ...]:
    """List the video files of a folder by name. Hidden files are skipped, and links to folders are not followed.

    Parameters
    ----------
    root : Path
        The folder.
    pattern : str
        Pattern of file names, as in a shell; ``*`` selects the files with a video suffix.
    recursive : bool
        Whether to include subfolders.
    min_age_sec : float
        A file changed less than this many seconds ago is not settled.

    Raises
    ------
    NotFoundError
        If the folder does not exist, or is not a folder.
    """
    if not root.is_dir():
        raise NotFoundError(f"{root}: is not a folder; check the spelling, or mount it on the worker's machine")
    now = time.time()
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            changed = _changed_at(path) if _wanted(name, pattern) else None
            if changed is not None:
                # A time far in the future comes from a camera whose clock is wrong, not from a file that is being
                # written.
                found.append(Candidate(path, abs(now - changed) >= min_age_sec))
    return tuple(found)


def _changed_at(path: Path) -> float | None:
    """Return when a file was last changed; None if it is not a file, or was removed since its folder was read."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime if stat.S_ISREG(facts.st_mode) else None


def _wanted(name: str, pattern: str) -> bool:
    if name.startswith("."):
        return False
    if pattern == "*":
        return Path(name).suffix.lower() in VIDEO_SUFFIXES
    return fnmatch.fnmatch(name, pattern)
