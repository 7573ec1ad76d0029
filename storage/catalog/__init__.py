"""The catalog: projects, sources, clips, compound clips and exports."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

from autoclip.errors import ParameterError
from storage.catalog.duckdb_catalog import BUSY_DEADLINE_SEC, DuckDBCatalog
from storage.catalog.home import Home
from storage.catalog.interface import Catalog
from storage.catalog.memory import CatalogMemory
from storage.catalog.records import (
    Analysis,
    Change,
    CompoundClip,
    CompoundItem,
    Export,
    ExportLayout,
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
from storage.catalog.unit_of_work import UnitOfWork
from storage.environment import Environment, duckdb_path, names_postgresql

__all__ = [
    "Analysis",
    "Catalog",
    "CatalogMemory",
    "Change",
    "CompoundClip",
    "CompoundItem",
    "Export",
    "ExportLayout",
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
    "UnitOfWork",
    "Verdict",
    "catalog_at",
    "catalog_of",
    "new_id",
    "open_catalog",
]


def open_catalog(path: Path, *, busy_deadline_sec: float = BUSY_DEADLINE_SEC) -> Catalog:
    """Return this process's catalog in `path`; nothing is accessed before its first unit of work.

    Parameters
    ----------
    path : Path
        The file; created on first use.
    busy_deadline_sec : float
        How long a unit waits for others before it raises `CatalogBusyError`.
    """
    return _opened(path.expanduser().absolute(), busy_deadline_sec)


def catalog_of(environment: Environment) -> Catalog:
    """Return the catalog of an environment, with its deadline.

    Raises
    ------
    ParameterError
        If it is in PostgreSQL, and its URL is invalid or the extra ``postgres`` is not installed.
    """
    if environment.on_postgresql:
        home = Home((environment.data_dir / "projects").resolve()) if environment.store_url else Home()
        return _opened_postgresql(environment.database_url, environment.catalog_busy_sec, home)
    return open_catalog(environment.catalog_path, busy_deadline_sec=environment.catalog_busy_sec)


def catalog_at(location: str, *, busy_deadline_sec: float = BUSY_DEADLINE_SEC) -> Catalog:
    """Return this process's catalog at ``duckdb:///PATH``, ``postgresql://...`` or a path; raises as `catalog_of`."""
    if names_postgresql(location):
        return _opened_postgresql(location, busy_deadline_sec, Home())
    return open_catalog(duckdb_path(location), busy_deadline_sec=busy_deadline_sec)


@functools.cache
def _opened(path: Path, busy_deadline_sec: float) -> DuckDBCatalog:
    """Return a DuckDB catalog that all callers share."""
    return DuckDBCatalog(path, busy_deadline_sec=busy_deadline_sec)


@functools.cache
def _opened_postgresql(url: str, busy_deadline_sec: float, home: Home) -> Catalog:
    """Return a PostgreSQL catalog whose connections all callers share."""
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise ParameterError("a catalog in PostgreSQL needs an extra: pip install 'autoclip[postgres]'")
    from storage.catalog.postgresql_catalog import PostgreSQLCatalog  # noqa: PLC0415 - the extra may be missing

    return PostgreSQLCatalog(url, busy_deadline_sec=busy_deadline_sec, home=home)
