"""Catalogs of both kinds; features as a real extraction would yield them, without a video."""

import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Event, Features
from autoclip.timeline import Grid
from storage.catalog import Catalog, Project, Source
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.features import Origin


@pytest.fixture
def features() -> Features:
    rng = np.random.default_rng(5)
    grid = Grid.covering(20.3, 0.5)
    motion = rng.random(grid.count, dtype=np.float32)
    motion[[0, 7]] = np.nan
    return Features(
        duration_sec=20.3,
        grid=grid,
        series={"audio_rms": rng.random(grid.count, dtype=np.float32), "motion_score": motion},
        absent={"most_replayed": "not a download"},
        frame_hash=rng.integers(0, 2**64, grid.count, dtype=np.uint64),
        envelope_dbfs=rng.normal(-30, 5, 1015).astype(np.float32),
        events=(Event("cut", 1.001, None, 0.9), Event("black", 3.0, 3.5), Event("freeze", 9.0, 12.25, 0.4)),
        warnings=("damaged packet at 4.2 s",),
    )


@pytest.fixture
def origin() -> Origin:
    return Origin("f" * 32, ExtractionSettings(), 1)


@pytest.fixture
def duckdb_catalog(tmp_path, empty_catalog) -> DuckDBCatalog:
    shutil.copy(empty_catalog, tmp_path / "autoclip.duckdb")
    return DuckDBCatalog(tmp_path / "autoclip.duckdb", busy_deadline_sec=120)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    pytest.importorskip("psycopg_pool", reason="needs the extra 'postgres'")
    from postgresql_server import running_postgresql

    with running_postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def kept_postgresql_catalog(postgresql_url) -> Iterator[Catalog]:
    from postgresql_server import new_schema

    from storage.catalog.postgresql_catalog import PostgreSQLCatalog

    with new_schema(postgresql_url) as url:
        yield PostgreSQLCatalog(url, busy_deadline_sec=120)


@pytest.fixture
def postgresql_catalog(kept_postgresql_catalog) -> Catalog:
    with kept_postgresql_catalog.transaction() as unit:
        for table in ("projects", "fingerprints"):
            unit.projects.tables.rows(f"DELETE FROM {table}")
    return kept_postgresql_catalog


@pytest.fixture(params=["duckdb", "postgresql"])
def catalog(request) -> Catalog:
    """A catalog with nothing in it: tests that use it say what every catalog does."""
    return request.getfixturevalue(f"{request.param}_catalog")


@pytest.fixture
def project(catalog) -> Project:
    with catalog.transaction() as unit:
        return unit.projects.add(
            Project(name="Match", source=Source(kind="file", address="/videos/match.mp4"), duration_sec=600.0)
        )
