"""Files and folders below a root: opened once without following a link, then used through their descriptors.

A check of a path says nothing of what the path means a moment later: somebody who can write below the root can swap a
file or a folder for a link ("time of check to time of use"). So each component is opened relative to the one before
with ``O_NOFOLLOW`` (POSIX.1-2017, ``openat``), and what was opened is read, sent or written by way of its descriptor:
as ``/proc/<pid>/fd/<n>``, which other libraries and child processes take for a path. Where the system has no ``openat``
(Windows) or no ``/proc`` (macOS), the path is compared with the descriptor whenever it is used.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from autoclip.errors import NotFoundError, ParameterError

_WALKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_DESCRIPTORS = Path("/proc/self/fd")
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
# Opening a pipe would wait for its other end, and a terminal could become ours.
_FILE = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

_lock = threading.Lock()
_pins: defaultdict[Path, list[tuple[int, OpenedFile]]] = defaultdict(list)
"""Paths that are read through a descriptor for now, the latest last, each with the thread that pinned it."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A regular file that was opened without following a link.

    Attributes
    ----------
    path : Path
        The name it was opened by.
    file : BinaryIO
        Its descriptor, which is closed with this object.
    facts : os.stat_result
        What the descriptor says of it.
    """

    path: Path
    file: BinaryIO
    facts: os.stat_result

    @property
    def location(self) -> Path:
        """A path that leads to this very file.

        Raises
        ------
        ParameterError
            Where only the name leads there, and now leads elsewhere.
        """
        return _location(self.file.fileno(), self.path, self.facts)

    def close(self) -> None:
        """Give the descriptor back."""
        self.file.close()

    @contextmanager
    def pinned(self) -> Iterator[Path]:
        """Have `location_of` lead from the path to this very file while the block runs."""
        pin = (threading.get_ident(), self)
        with _lock:
            _pins[self.path].append(pin)
        try:
            yield self.path
        finally:
            with _lock:
                _pins[self.path].remove(pin)
                if not _pins[self.path]:
                    del _pins[self.path]


@dataclass(frozen=True, slots=True)
class OpenedFolder:
    """A folder that was opened without following a link.

    Attributes
    ----------
    path : Path
        The name it was opened by.
    descriptor : int or None
        Its descriptor; None on Windows, which gives folders none.
    facts : os.stat_result
        What it was when it was opened.
    """

    path: Path
    descriptor: int | None
    facts: os.stat_result

    @property
    def location(self) -> Path:
        """A path that leads to this very folder; raises as `OpenedFile.location`."""
        return _location(self.descriptor, self.path, self.facts)

    def named(self, path: Path) -> Path:
        """Return a path below `location` by the name the folder was opened by."""
        return self.path / path.relative_to(self.location) if path.is_relative_to(self.location) else path

    def told(self, text: str) -> str:
        """Return a text that speaks of `location` with the name the folder was opened by."""
        return text.replace(str(self.location), str(self.path))

    def unlink(self, name: str) -> None:
        """Remove a file of the folder; nothing happens where there is none."""
        with suppress(FileNotFoundError):
            if self.descriptor is None or not _WALKS:
                (self.location / name).unlink()
            else:
                os.unlink(name, dir_fd=self.descriptor)


def open_beneath(root: Path, path: Path) -> OpenedFile:
    """Open a file below a root for reading.

    Parameters
    ----------
    root : Path
        The folder that must not be left; links in its own path are its owner's.
    path : Path
        The file, below `root` by its name, or relative to it.

    Raises
    ------
    NotFoundError
        If it does not exist, or is not a regular file.
    ParameterError
        If its name leads out of the root, or a link does.
    PermissionError
        If it may not be read.
    """
    full = root / path
    with _refusals(root, full):
        descriptor = _opened_file(_spelled_as(full, root), full)
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise NotFoundError(f"{full.name!r} is not a file")
    return OpenedFile(full, os.fdopen(descriptor, "rb", buffering=0), facts)


@contextmanager
def folder_beneath(root: Path, path: Path, *, make: bool = False) -> Iterator[OpenedFolder]:
    """Open a folder below a root, and close it at the end of the block.

    Parameters
    ----------
    root : Path
        The folder that must not be left.
    path : Path
        The folder, below `root` by its name, or relative to it, or `root` itself.
    make : bool
        Make it and the folders above it, up to the root, if missing.

    Raises
    ------
    NotFoundError
        If it does not exist.
    ParameterError
        If its name leads out of the root, or a link does, or it can't be made.
    """
    full = root / path
    with _refusals(root, full):
        descriptor = _opened_folder(_spelled_as(full, root), full, make=make)
        facts = full.lstat() if descriptor is None else os.fstat(descriptor)
    try:
        yield OpenedFolder(full, descriptor, facts)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def location_of(path: Path) -> Path:
    """Return the path to open for `path`: that of the descriptor while the file is pinned, else `path` itself.

    A thread gets its own pin: another's descriptor may be closed, and its number given to another file, before the path
    is opened. A thread without one works for whoever pinned the file first.
    """
    with _lock:
        pins = _pins.get(path)
        if not pins:
            return path
        own = [opened for thread, opened in pins if thread == threading.get_ident()]
        return own[-1].location if own else pins[0][1].location


def _spelled_as(path: Path, root: Path) -> Path:
    """Return the root as the path spells it: its owner may have named it through a link."""
    return root if path.is_relative_to(root) else root.resolve()


def _location(descriptor: int | None, path: Path, facts: os.stat_result) -> Path:
    """Return a path to what was opened: of its descriptor, or its name while that leads there."""
    if descriptor is not None and _DESCRIPTORS.is_dir():
        return Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    with _refusals(path, path):
        if not os.path.samestat(path.lstat(), facts):
            raise ParameterError(f"{path}: was swapped for something else while it was used; try again")
    return path


def _opened_file(root: Path, path: Path) -> int:
    if not _WALKS:
        return _opened_and_verified(root, path)
    folder = _walked(root, path.parent)
    try:
        return os.open(path.name, _FILE | _NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _opened_folder(root: Path, path: Path, *, make: bool) -> int | None:
    if _WALKS:
        return _walked(root, path, make=make)
    _require_no_link(root, path, make=make)
    return None


def _walked(root: Path, path: Path, *, make: bool = False) -> int:
    """Walk from the root to a folder, one component at a time."""
    folder = os.open(root, _FOLDER)
    for name in _components(root, path):
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=folder)
            inner = os.open(name, _FOLDER | _NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _opened_and_verified(root: Path, path: Path) -> int:
    """Open by name, then make sure that the name leads there without a link."""
    _require_no_link(root, path)
    descriptor = os.open(path, _FILE)
    if not os.path.samestat(path.lstat(), os.fstat(descriptor)):
        os.close(descriptor)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    _require_no_link(root, path)
    return descriptor


def _require_no_link(root: Path, path: Path, *, make: bool = False) -> None:
    """Refuse a link between the root and a path; make the folders on the way if asked to."""
    place = root
    for name in _components(root, path):
        place /= name
        if make:
            place.mkdir(exist_ok=True)
        if place.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(place))


def _components(root: Path, path: Path) -> tuple[str, ...]:
    parts = path.relative_to(root).parts
    if ".." in parts:
        raise ValueError(path)
    return parts


@contextmanager
def _refusals(root: Path, path: Path) -> Iterator[None]:
    """Translate what the system says of a path."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"{path.name!r} is gone; put it back where it was, or make it again") from error
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        # ELOOP or ENOTDIR: a link where a file or folder was.
        raise ParameterError(
            f"{path.name!r} leads out of {root}, or through a link; give a path without links"
        ) from error
