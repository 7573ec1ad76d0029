"""Output folders of projects outside the data folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from autoclip.errors import ExportError, ParameterError
from autoclip.export.mounts import require_mounted
from autoclip.export.unfinished_files import remove_unfinished
from storage.catalog import Catalog

PROJECTS_AT_ONCE = 200


def usable_folder(named: Path) -> Path:
    """Return the absolute path of a folder that exports can be written to. It need not exist, and is not created.

    Raises
    ------
    ExportError
        If it is not a folder, is not writable, or is on a disk that isn't mounted.
    """
    folder = named.expanduser().absolute()
    require_mounted(folder)
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
    except OSError as error:
        raise ExportError(f"{folder}: can't be used ({error.strerror}); choose another output folder") from error
    if not there.is_dir():
        raise ExportError(f"{there}: is not a folder; choose another output folder")
    if not os.access(there, os.W_OK | os.X_OK):
        reason = _refusal(there)
        raise ExportError(f"{there}: can't be written to{reason}; choose another output folder")
    return folder


def _refusal(folder: Path) -> str:
    """Return why the system refuses files in a folder: missing permissions, or a read-only disk."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f" ({error.strerror})"


def require_outside(folder: Path, videos: Path) -> None:
    """Refuse an output folder within the folder whose videos are processed; the clips would be processed, too.

    Raises
    ------
    ParameterError
        If it lies there.
    """
    if folder.resolve().is_relative_to(videos.resolve()):
        raise ParameterError(f"{folder}: lies within {videos}, whose videos are processed; name a folder outside of it")


def remove_unfinished_exports(catalog: Catalog, older_than_sec: float, also: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Remove half-written files of killed renders in all output folders and those in `also`; return their paths.

    A folder that has been replaced by a link since it was chosen is skipped.
    """
    return tuple(
        path
        for folder in sorted({*_output_folders(catalog), *also})
        if not folder.is_symlink()
        for path in remove_unfinished(folder, older_than_sec=older_than_sec)
    )


def _output_folders(catalog: Catalog) -> set[Path]:
    found: set[Path] = set()
    with catalog.reading() as view:
        total = view.projects.page(limit=0).total
        for offset in range(0, total, PROJECTS_AT_ONCE):
            page = view.projects.page(sort="created_at", limit=PROJECTS_AT_ONCE, offset=offset)
            found |= {project.output_folder for project in page.items if project.output_folder is not None}
    return found
