"""Reconcile the index with the projects' files after a crash, a restored file or a lost index."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from autoclip.errors import CatalogBusyError, StorageError
from autoclip.system.files import replace
from storage.atomic import storage_faults
from storage.catalog.attached_files import AttachedFiles
from storage.catalog.layout import Layout, stamp_of
from storage.catalog.project_index import REMOVED, SqliteIndex
from storage.catalog.projects import record_of

logger = logging.getLogger(__name__)


def is_sound(layout: Layout, index: SqliteIndex) -> bool:
    """Whether the index matches every project's file."""
    return layout.project_stamps() == index.stamps()


def roll_forward(layout: Layout, index: SqliteIndex) -> None:
    """Finish what a process had committed when it died; the caller holds the lock."""
    for pending in index.pending():
        path = layout.project(pending.project_id)
        with storage_faults(path):
            if pending.successor == REMOVED:
                path.unlink(missing_ok=True)
                index.remove(pending.project_id)
                continue
            successor = layout.folder / pending.successor
            if successor.exists():
                replace(successor, path)
        index.mark(pending.project_id, None, None)


def reindex(layout: Layout, index: SqliteIndex, attached: AttachedFiles, deadline: float) -> None:
    """Read the projects again whose index rows are outdated; the caller holds the lock."""
    found, known = layout.project_stamps(), index.stamps()
    index.begin()
    try:
        for project_id in known.keys() - found.keys():
            index.remove(project_id)
        for project_id in sorted(project_id for project_id, stamp in found.items() if known.get(project_id) != stamp):
            _read_again(project_id, layout, index, attached, deadline)
        index.commit()
    except BaseException:
        index.rollback()
        raise


def _read_again(project_id: str, layout: Layout, index: SqliteIndex, attached: AttachedFiles, deadline: float) -> None:
    """Add the project of one file to the index; a damaged file must not block all others."""
    path = layout.project(project_id)
    try:
        attached.open(path, deadline)
        rows = attached.rows(path, "SELECT * FROM projects WHERE id = ?", [project_id])
        sources = attached.rows(path, "SELECT * FROM sources WHERE project_id = ?", [project_id])
        ids = [row["id"] for row in attached.rows(path, _IDS)]
    except CatalogBusyError:
        raise
    except StorageError as error:
        logger.warning("project %s is left out until its file is mended: %s", project_id, error)
        return
    for row, source in zip(rows, sources, strict=False):
        index.put(record_of(_joined(row, source)))
        index.claim(project_id, ids)
        index.mark(project_id, stamp_of(path), None)


_IDS = "SELECT id FROM clips UNION ALL SELECT id FROM compound_clips UNION ALL SELECT id FROM exports"


def _joined(row: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "source": dict(source)}
