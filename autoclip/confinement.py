"""Open files and folders below a root without following links, and use them through their descriptors.

Checking a path is not enough: after the check, anyone who can write below the root can replace a file or folder with a
link ("time of check to time of use"). Each component is therefore opened relative to the one before with ``O_NOFOLLOW``
(POSIX.1-2017, ``openat``), and the opened file is read, sent or written through its descriptor: as
``/proc/<pid>/fd/<n>``, which other libraries and child processes accept as a path. Where the system has no ``openat``
(Windows) or no ``/proc`` (macOS), the path is compared with the descriptor each time it is used.
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
# Without O_NONBLOCK, opening a pipe waits for its other end. Without O_NOCTTY, a terminal could become ours.
_FILE = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

_lock = threading.Lock()
_pins: defaultdict[Path, list[tuple[int, OpenedFile]]] = defaultdict(list)
"""Paths that are currently read through a descriptor, each with the thread that pinned it; the latest is last."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A regular file that was opened without following a link.

    Attributes
    ----------
    path : Path
        The path it was opened with.
    file : BinaryIO
        The open file; `close` closes it.
    facts : os.stat_result
        Result of ``fstat`` on the descriptor.
    """

    path: Path
    file: BinaryIO
    facts: os.stat_result

    @property
    def location(self) -> Path:
        """Return a path that leads to exactly this file.

        Raises
        ------
        ParameterError
            If the system has no path for descriptors and the name now leads elsewhere.
        """
        return _location(self.file.fileno(), self.path, self.facts)

    def close(self) -> None:
        """Close the descriptor."""
        self.file.close()

    @contextmanager
    def pinned(self) -> Iterator[Path]:
        """Make `location_of` return the location of this file for its path while the block runs."""
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
        The path it was opened with.
    descriptor : int or None
        Its descriptor; None on Windows, which has none for folders.
    facts : os.stat_result
        Result of ``stat`` when it was opened.
    """

    path: Path
    descriptor: int | None
    facts: os.stat_result

    @property
    def location(self) -> Path:
        """Return a path that leads to exactly this folder. Raises the same errors as `OpenedFile.location`."""
        return _location(self.descriptor, self.path, self.facts)

    def named(self, path: Path) -> Path:
        """Replace `location` at the start of a path with the name the folder was opened with."""
        return self.path / path.relative_to(self.location) if path.is_relative_to(self.location) else path

    def with_opened_name(self, text: str) -> str:
        """Replace `location` in a text, such as an error message, with the name the folder was opened with."""
        return text.replace(str(self.location), str(self.path))

    def unlink(self, name: str) -> None:
        """Remove a file of the folder. Do nothing if there is none."""
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
        The folder that the path must not leave. Links in the path of the root itself are allowed.
    path : Path
        The file: an absolute path below `root`, or a path relative to it.

    Raises
    ------
    NotFoundError
        If it does not exist, or is not a regular file.
    ParameterError
        If its path or a link leads out of the root.
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
        The folder that the path must not leave.
    path : Path
        The folder: an absolute path below `root`, a path relative to it, or `root` itself.
    make : bool
        Create it and its missing parents below the root.

    Raises
    ------
    NotFoundError
        If it does not exist.
    ParameterError
        If its path or a link leads out of the root, or it can't be created.
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
    """Return the path to open for `path`: the location of its descriptor while the file is pinned, else `path` itself.

    Each thread uses its own pin: another thread may close its descriptor, and the number may be reused for another
    file, before the path is opened. A thread without a pin works for the thread that pinned the file first.
    """
    with _lock:
        pins = _pins.get(path)
        if not pins:
            return path
        own = [opened for thread, opened in pins if thread == threading.get_ident()]
        return own[-1].location if own else pins[0][1].location


def _spelled_as(path: Path, root: Path) -> Path:
    """Return the root as it is spelled in the path, since its owner may have named it through a link."""
    return root if path.is_relative_to(root) else root.resolve()


def _location(descriptor: int | None, path: Path, facts: os.stat_result) -> Path:
    """Return a path to the opened file or folder: its descriptor's path, or its name if that still leads there."""
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
    """Open by name, then verify that the name leads there without a link."""
    _require_no_link(root, path)
    descriptor = os.open(path, _FILE)
    if not os.path.samestat(path.lstat(), os.fstat(descriptor)):
        os.close(descriptor)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    _require_no_link(root, path)
    return descriptor


def _require_no_link(root: Path, path: Path, *, make: bool = False) -> None:
    """Refuse links between the root and a path. Create the missing folders if `make` is set."""
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
    """Translate the system's errors about a path."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"{path.name!r} is gone; put it back where it was, or make it again") from error
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        # ELOOP or ENOTDIR: a file or folder was replaced with a link.
        raise ParameterError(
            f"{path.name!r} leads out of {root}, or through a link; give a path without links"
        ) from error
