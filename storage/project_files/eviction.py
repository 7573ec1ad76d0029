"""Limit the size of this machine's copies of files in the store: the least recently used are removed first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import StorageError
from storage.file_locks import Timeout, file_lock
from storage.project_files.copies import CopyPlace
from storage.project_files.local_index import INDEX, LocalIndex

IN_USE_SEC = 60.0
"""Seconds within which a requested file may be about to be opened; it is kept."""


@dataclass(frozen=True, slots=True)
class _Cached:
    """A file that is also in the store."""

    root: Path
    name: str
    size: int
    used_at: float


def make_room(projects: Path, locks: Path, limit_bytes: int) -> int:
    """Remove the least recently used copies until the others take at most `limit_bytes`.

    Files that a stage uses, and files that are not in the store, are kept, so the total may be larger.

    Parameters
    ----------
    projects : Path
        Folder of the projects' folders.
    locks : Path
        Folder of their locks; see `storage.project_files.copies.CopyPlace`.
    limit_bytes : int
        Maximum total size of copies, in bytes.

    Returns
    -------
    int
        Number of bytes freed.
    """
    cached = sorted(_cached_files(projects, locks), key=lambda each: each.used_at)
    excess = sum(each.size for each in cached) - limit_bytes
    freed = 0
    for each in cached:
        if freed >= excess or time.time() - each.used_at < IN_USE_SEC:
            break
        if _removed(each, locks):
            freed += each.size
    return freed


def _cached_files(projects: Path, locks: Path) -> Iterator[_Cached]:
    for index in projects.glob(f"*/{INDEX}"):
        root = index.parent
        try:
            copies = LocalIndex.of(root).copies
        except StorageError:  # a damaged index, which its own project's jobs report
            continue
        for name, copy in copies.items():
            with suppress(FileNotFoundError):
                if copy.is_at(root / name):
                    used_at = max(CopyPlace(root.name, root, locks).used_at(name), changed_at(root / name))
                    yield _Cached(root, name, copy.size, used_at)


def changed_at(path: Path) -> float:
    """Return when a file was created here or last changed."""
    return path.stat().st_ctime


def _removed(cached: _Cached, locks: Path) -> bool:
    """Remove a file unless somebody uses its project; return whether it was removed."""
    try:
        with file_lock(locks / f"{cached.root.name}.lock").acquire(timeout=0):
            if CopyPlace(cached.root.name, cached.root, locks).is_pinned():
                return False
            index = LocalIndex.of(cached.root)
            copy = index.copies.get(cached.name)
            if copy is None or not copy.is_at(cached.root / cached.name):
                return False
            with suppress(OSError):  # on Windows, a file that is being sent
                (cached.root / cached.name).unlink()
                index.changed({}, frozenset({cached.name})).write(cached.root)
                return True
            return False
    except Timeout:
        return False
