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
    removed = []
    for project_id in outdated:
        with catalog.transaction() as unit:
            if project_id not in {project.id for project in unit.projects.discarded_before(oldest)}:
                continue  # it was restored
            unit.projects.delete(project_id)
        data_folder.remove_project(project_id)
        removed.append(project_id)
    return tuple(removed)
