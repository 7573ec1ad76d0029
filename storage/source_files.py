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
    """Open a video without following a link that was not there when it was registered.

    Parameters
    ----------
    path : Path
        Absolute path, as the project has it.
    roots : sequence of Path
        The source roots, and the data folder.
    content : str, optional
        Fingerprint the project knows its video by: a path through a link counts with this content alone. None: no link
        is followed.
    memory : FingerprintMemory, optional
        Spares reading a known file again to fingerprint it.

    Raises
    ------
    NotFoundError
        If it is gone.
    ParameterError
        If it leads out of the root that its name lies below, or through a link to another content.
    PermissionError
        If it may not be read.
    """
    place = _resolved(path)
    opened = replace(open_beneath(_root_of(path, place, roots), place), path=path)
    if place != path and (content is None or _content(opened, memory) != content):
        opened.close()
        raise ParameterError(f"{path.name!r} leads through a link to another file; put the video back in its place")
    return opened


def open_new_source(path: Path, roots: Sequence[Path]) -> OpenedFile:
    """Open a video that is being registered; a link counts unless it leads out of the roots its name lies below.

    Raises as `open_source`.
    """
    place = _resolved(path)
    return replace(open_beneath(_root_of(path, place, roots), place), path=path)


@contextmanager
def pinned(opened: OpenedFile) -> Iterator[Path]:
    """Read a path through the file that was opened while the block runs, and close it at the end."""
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
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a file where a folder was
        raise NotFoundError(f"{path}: is at no usable path any more; put the video back") from error


def _root_of(path: Path, place: Path, roots: Sequence[Path]) -> Path:
    """Return the root a file really lies below; that of the file system where its owner named it outside of all."""
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
