"""The video of a project, opened once: below the roots, or where the owner of this machine registered it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autoclip.confinement import OpenedFile, open_beneath
from autoclip.errors import NotFoundError, ParameterError
from storage.keys import FingerprintMemory, fingerprint


def open_source(
    path: Path, roots: Sequence[Path], content: str | None = None, memory: FingerprintMemory | None = None
) -> OpenedFile:
    """Open a video without following a link that did not exist when it was registered.

    Parameters
    ----------
    path : Path
        Absolute path in the project.
    roots : sequence of Path
        The source roots, and the data folder.
    content : str, optional
        Fingerprint of the project's video: a path through a link is accepted only with this content. None: no link is
        followed.
    memory : FingerprintMemory, optional
        Avoids reading a known file again to fingerprint it.

    Raises
    ------
    NotFoundError
        If it no longer exists.
    ParameterError
        If it leads out of the root that its path lies below, or through a link to another content.
    PermissionError
        If it is not readable.
    """
    place = _resolved(path)
    opened = replace(open_beneath(_root_of(path, place, roots), place), path=path)
    if place != path and (content is None or _content(opened, memory) != content):
        opened.close()
        raise ParameterError(f"{path.name!r} leads through a link to another file; put the video back in its place")
    return opened


def open_new_source(path: Path, roots: Sequence[Path]) -> OpenedFile:
    """Open a video that is being registered. A link is accepted unless it leads out of the roots of its path.

    Raises the same errors as `open_source`.
    """
    place = _resolved(path)
    return replace(open_beneath(_root_of(path, place, roots), place), path=path)


@contextmanager
def pinned(opened: OpenedFile) -> Iterator[Path]:
    """Read a path through the opened file while the block runs, and close it at the end."""
    try:
        with opened.pinned() as path:
            yield path
    finally:
        opened.close()


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: is gone; put it back, or add the file at its new place as a project") from error
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a file that replaced a folder
        raise NotFoundError(f"{path}: no longer has a usable path; put the video back") from error


def _root_of(path: Path, place: Path, roots: Sequence[Path]) -> Path:
    """Return the root that a file really lies below; that of the file system if its owner named it outside all."""
    inner = [root.resolve() for root in roots]
    for root in inner:
        if place.is_relative_to(root):
            return root
    if any(path.is_relative_to(root) for root in (*roots, *inner)):
        raise ParameterError(f"{path.name!r} leads out of its folder through a link; open where it leads to, too")
    return Path(place.anchor)


def _content(opened: OpenedFile, memory: FingerprintMemory | None) -> str:
    with opened.pinned() as path:
        return fingerprint(path, memory)
