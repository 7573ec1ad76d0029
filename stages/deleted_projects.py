"""Deleted projects: they are kept for a while, then removed permanently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.catalog import Catalog
from storage.data_folder import DataFolder


def remove_deleted_projects(catalog: Catalog, data_folder: DataFolder, keep_days: float) -> tuple[str, ...]:
    """Remove the projects that were deleted more than `keep_days` days ago, with their folders; return their ids.

    Raises
    ------
    StorageError
        If the catalog or a folder can't be changed.
    """
    oldest = datetime.now(UTC) - timedelta(days=keep_days)
    with catalog.reading() as view:
        outdated = [project.id for project in view.projects.discarded_before(oldest)]
    return tuple(each for each in outdated if remove_project(catalog, data_folder, each, deleted_before=oldest))


def remove_project(
    catalog: Catalog, data_folder: DataFolder, project_id: str, *, deleted_before: datetime | None = None
) -> bool:
    """Remove a deleted project permanently, if it was deleted before a given time; return whether it was removed.

    If this is killed, the project is still deleted, or only a temporary folder is left.

    Raises
    ------
    NotFoundError, StorageError
        If there is none, or the catalog or a folder can't be changed.
    """
    with catalog.transaction() as unit:
        if deleted_before and project_id not in {each.id for each in unit.projects.discarded_before(deleted_before)}:
            return False  # it was restored
        unit.projects.delete(project_id)
        data_folder.set_project_aside(project_id)
    data_folder.remove_project(project_id)
    return True
