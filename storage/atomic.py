"""Write files atomically: under a temporary name, flushed, then renamed.

A crash leaves at most a file or folder named ``.<hex>.partial<suffix>``, which no glob for results matches and
`remove_leftovers` removes.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import NO_ROOM, system_errors
from autoclip.output_files import require_replaceable
from autoclip.system.files import flush, is_older, replace

PARTIAL = ".partial"
LEFTOVER_AGE_SEC = 24 * 3600.0
"""Age in seconds from which a temporary file is abandoned: no stage writes one file for a day."""


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file; text is encoded as UTF-8. Its folder is created if missing.

    Raises
    ------
    StorageError
        If the disk is full or the folder is not writable; `path` is then unchanged.
    """
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextmanager
def replacing(path: Path, *, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path to write. At the end of the block it becomes `path`; after an error it is removed.

    Parameters
    ----------
    path : Path
        The final path; an existing file stays until the new one is complete.
    suffix : str
        Suffix of the temporary name, for writers that choose the format by it (``".mp4"``).

    Raises
    ------
    ParameterError
        If the final name belongs to something other than a regular file.
    StorageError
        As in `write_atomically`.
    """
    with replacing_together([path], suffix=suffix) as (partial,):
        yield partial


@contextmanager
def replacing_together(paths: Sequence[Path], *, suffix: str = "") -> Iterator[tuple[Path, ...]]:
    """Do the same as `replacing` for several files: all are flushed before the first is renamed.

    A crash between two renames can leave old files beside new ones; readers of a set must detect that.
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
    """Rename a complete file to its final path, flushed to disk.

    Raises
    ------
    ParameterError
        If the name belongs to something other than a regular file.
    StorageError
        If that fails; `path` is then unchanged.
    """
    require_replaceable(path)
    with storage_faults(path):
        flush(partial)
        replace(partial, path)
        flush(path.parent)


def move(source: Path, target: Path) -> None:
    """Move a file or folder, also to another file system. Half of it never appears under the new name.

    Raises
    ------
    StorageError
        If that fails; the source is then unchanged.
    """
    with storage_faults(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _move_by_copying(source, target)


def _move_by_copying(source: Path, target: Path) -> None:
    partial = target.with_name(f".{secrets.token_hex(8)}{PARTIAL}")
    try:
        if source.is_dir():
            shutil.copytree(source, partial, symlinks=True, copy_function=_copy_flushed)
            for folder, _, _ in os.walk(partial):
                flush(Path(folder))
        else:
            _copy_flushed(source, partial)
        partial.rename(target)
        flush(target.parent)
    except BaseException:
        _remove(partial)
        raise
    _remove(source)


def _copy_flushed(source: Path | str, target: Path | str) -> None:
    """Copy a file to the disk, not only to the system's memory: its source is about to be removed."""
    shutil.copy2(source, target)
    flush(Path(target))


def _remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


storage_faults = system_errors
"""Translates operating system errors about a path into `StorageError`."""


@contextmanager
def _writer_faults(path: Path, partials: Sequence[Path]) -> Iterator[None]:
    """Translate errors of writing the temporary files, but not of other files."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM and error.filename not in {str(partial) for partial in partials}:
            raise
        with storage_faults(path):
            raise


def remove_leftovers(folder: Path, *, older_than_sec: float = LEFTOVER_AGE_SEC, below: bool = True) -> tuple[Path, ...]:
    """Remove the temporary files and folders of crashed writers in `folder`, and below; return their paths."""
    removed = []
    with storage_faults(folder):
        for parent, folders, files in os.walk(folder):  # unlike `rglob`, passes over folders that others remove
            for name in fnmatch.filter((*folders, *files), f".*{PARTIAL}*"):
                path = Path(parent, name)
                if not path.is_symlink() and is_older(path, older_than_sec):
                    _remove(path)
                    removed.append(path)
            if not below:
                break
    return tuple(removed)
