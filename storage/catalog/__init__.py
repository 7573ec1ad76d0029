"""The catalog: projects, sources, clips, compound clips and exports."""

from __future__ import annotations

import functools
from pathlib import Path

from storage.catalog.duckdb_catalog import BUSY_DEADLINE_SEC, DuckDBCatalog
from storage.catalog.interface import Catalog, Unit
from storage.catalog.memory import CatalogMemory
from storage.catalog.records import (
    Analysis,
    Change,
    CompoundClip,
    CompoundItem,
    Export,
    ExportState,
    HeatmapSpan,
    Operation,
    OperationKind,
    Page,
    Project,
    ProjectState,
    Replacement,
    Source,
    SourceKind,
    StoredClip,
    Verdict,
    new_id,
)
from storage.environment import Environment

__all__ = [
    "Analysis",
    "Catalog",
    "CatalogMemory",
    "Change",
    "CompoundClip",
    "CompoundItem",
    "Export",
    "ExportState",
    "HeatmapSpan",
    "Operation",
    "OperationKind",
    "Page",
    "Project",
    "ProjectState",
    "Replacement",
    "Source",
    "SourceKind",
    "StoredClip",
    "Unit",
    "Verdict",
    "catalog_of",
    "new_id",
    "open_catalog",
]


def open_catalog(path: Path, *, busy_deadline_sec: float = BUSY_DEADLINE_SEC) -> Catalog:
    """Return this process's catalog in `path`; nothing is touched before its first unit of work.

    Parameters
    ----------
    path : Path
        The file; made on first use.
    busy_deadline_sec : float
        How long a unit waits for others before it raises `CatalogBusyError`.
    """
    return _opened(path.expanduser().absolute(), busy_deadline_sec)


def catalog_of(environment: Environment) -> Catalog:
    """Return the catalog that an environment names, with its deadline."""
    return open_catalog(environment.catalog_path, busy_deadline_sec=environment.catalog_busy_sec)


@functools.cache
def _opened(path: Path, busy_deadline_sec: float) -> DuckDBCatalog:
    """Share one DuckDB among all who ask."""
    return DuckDBCatalog(path, busy_deadline_sec=busy_deadline_sec)
