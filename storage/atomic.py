"""Writing files so that a final name only ever holds a whole file: under a temporary name, flushed, then renamed.

A crash leaves at worst a file named ``.<hex>.partial<suffix>``, which no glob for results matches and
`remove_leftovers` clears away.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import NO_ROOM, system_errors
from autoclip.output_files import require_replaceable
from autoclip.system.files import flush, replace

PARTIAL = ".partial"
LEFTOVER_AGE_SEC = 24 * 3600.0
"""Age from which a temporary file can't belong to work under way: no stage writes one file for a day."""


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file; text becomes UTF-8. Its folder is created if missing.

    Raises
    ------
    StorageError
        If the disk is full or the place can't be written; `path` is then as it was before.
    """
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextmanager
def replacing(path: Path, *, suffix: str = "") -> Iterator[Path]:
    """Give a temporary path to write; when the block ends well it becomes `path`, otherwise it is removed.

    Parameters
    ----------
    path : Path
        The final name; what it held stays until the new file is whole.
    suffix : str
        Ending of the temporary name, for writers that choose a format by it (``".mp4"``).

    Raises
    ------
    ParameterError
        If something else than a regular file has the final name.
    StorageError
        As `write_atomically`.
    """
    with replacing_together([path], suffix=suffix) as (partial,):
        yield partial


@contextmanager
def replacing_together(paths: Sequence[Path], *, suffix: str = "") -> Iterator[tuple[Path, ...]]:
    """Like `replacing` for several files: all are flushed before the first gets its name.

    A crash between two renames can leave old files beside new ones; readers of a set must be able to tell.
    """
    for path in paths:
        require_replaceable(path)
    partials = tuple(path.parent / f".{secrets.token_hex(8)}{PARTIAL}{suffix}" for path in paths)
    with storage_faults(paths[0]):
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _writer_faults(paths[0], partials):
            yield partials
        with storage_faults(paths[0]):
            for partial in partials:
                flush(partial)
            for partial, path in zip(partials, paths, strict=True):
                replace(partial, path)
            for folder in {path.parent for path in paths}:
                flush(folder)
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def install(partial: Path, path: Path) -> None:
    """Give a file that is whole its final name, on the disk itself.

    Raises
    ------
    ParameterError
        If something else than a regular file has that name.
    StorageError
        If it can't be; `path` is then as it was before.
    """
    require_replaceable(path)
    with storage_faults(path):
        flush(partial)
        replace(partial, path)
        flush(path.parent)


storage_faults = system_errors
"""Translates the system's refusals around a path into `StorageError`."""


@contextmanager
def _writer_faults(path: Path, partials: Sequence[Path]) -> Iterator[None]:
    """Translate what the writer of the temporary files meets, but not its troubles with other files."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM and error.filename not in {str(partial) for partial in partials}:
            raise
        with storage_faults(path):
            raise


def remove_leftovers(folder: Path, *, older_than_sec: float = LEFTOVER_AGE_SEC) -> tuple[Path, ...]:
    """Remove the temporary files that crashed writers left anywhere below `folder`; return their paths."""
    oldest = time.time() - older_than_sec
    removed = []
    with storage_faults(folder):
        for path in folder.rglob(f".*{PARTIAL}*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
                removed.append(path)
    return tuple(removed)
