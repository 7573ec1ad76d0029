"""Copy a catalog into another one of any kind, and compare every row."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import ConflictError, NotFoundError, StorageError
from autoclip.output_files import require_replaceable
from storage.atomic import storage_faults
from storage.catalog import catalog_at
from storage.catalog.duckdb_session import Access, DuckDBSession
from storage.catalog.interface import Catalog
from storage.catalog.split import ALL_TABLES
from storage.environment import duckdb_path, names_postgresql

_COMPARE_DEADLINE_SEC = 30.0


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """The copied and compared rows of one table.

    Attributes
    ----------
    name : str
        Name of the table.
    rows : int
        Number of rows, equal in both catalogs.
    """

    name: str
    rows: int


def catalog_to_copy(location: str, *, must_exist: bool) -> Catalog:
    """Open a catalog that a person named as source or target of a copy.

    Parameters
    ----------
    location : str
        ``duckdb:///PATH``, ``postgresql://...`` or a path.
    must_exist : bool
        Whether a missing file is an error; otherwise it is created.

    Raises
    ------
    NotFoundError
        If the file must exist and does not.
    ParameterError
        If it is a folder, a pipe or a device, or the location is invalid.
    """
    if not names_postgresql(location):
        path = duckdb_path(location)
        require_replaceable(path)
        with storage_faults(path):
            if must_exist and not path.exists():
                raise NotFoundError(f"{path}: there is no catalog; name the file autoclip.duckdb of a data folder")
    return catalog_at(location)


def copy_catalog(source: Catalog, target: Catalog, *, replace: bool = False) -> tuple[CopiedTable, ...]:
    """Copy everything of one catalog into another, then read both again and compare every row.

    Remembered fingerprints are left out; they can be computed again.

    Parameters
    ----------
    source, target : Catalog
        Two catalogs; `source` is unchanged.
    replace : bool
        Whether the content of `target` may be deleted.

    Returns
    -------
    tuple of CopiedTable
        Each table with its number of rows.

    Raises
    ------
    ConflictError
        If `target` contains projects and `replace` is not set.
    StorageError
        If one can't be read or written; `target` is then unchanged. Also if a row differs afterwards.
    """
    with target.reading() as view:
        present = view.projects.page(limit=1).total + view.projects.page(limit=1, deleted=True).total
    if present and not replace:
        raise ConflictError(f"the target catalog contains {present} projects; name an empty one, or set --replace")
    with tempfile.TemporaryDirectory(prefix="autoclip-copy-") as folder:
        before, after = Path(folder) / "from.duckdb", Path(folder) / "to.duckdb"
        source.backup(before)
        target.restore(before)
        target.backup(after)
        return _compared(before, after)


def _compared(one: Path, other: Path) -> tuple[CopiedTable, ...]:
    """Compare two backups row by row, in any order."""
    deadline = time.monotonic() + _COMPARE_DEADLINE_SEC
    with closing(DuckDBSession()) as session:
        session.attach(one, "one", Access.READ, deadline)
        session.attach(other, "other", Access.READ, deadline)
        return tuple(_compared_table(session, table) for table in ALL_TABLES)


def _compared_table(session: DuckDBSession, table: str) -> CopiedTable:
    session.use("one")
    names = ", ".join(f'"{name}"' for name in session.types(table))
    rows = [f"SELECT {names} FROM {file}.{table}" for file in ("one", "other")]  # noqa: S608
    for left, right in (rows, reversed(rows)):
        different = session.execute(f"{left} EXCEPT ALL {right} LIMIT 1")
        if different:
            key = next(iter(different[0].values()))
            raise StorageError(
                f"a row of {table} ({key}) is not the same after copying; the source is unchanged: copy again, "
                "while nothing else uses the catalogs"
            )
    (count,) = session.execute(f"SELECT count(*) AS total FROM one.{table}")  # noqa: S608
    return CopiedTable(table, int(count["total"]))
