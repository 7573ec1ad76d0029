"""The folders outside of the data folder that projects write their exports to."""

from __future__ import annotations

from pathlib import Path

from autoclip.export.unfinished_files import remove_unfinished
from storage.catalog import Catalog

PROJECTS_AT_ONCE = 200


def remove_unfinished_exports(catalog: Catalog, older_than_sec: float) -> tuple[Path, ...]:
    """Remove what killed renders left in the output folders of all projects; return the paths.

    A folder that has become a link since it was chosen is left alone.
    """
    return tuple(
        path
        for folder in sorted(_output_folders(catalog))
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
