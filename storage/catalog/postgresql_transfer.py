"""Copy a whole catalog from PostgreSQL to one DuckDB file, such as a backup, and back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from psycopg import RawServerCursor
from psycopg.rows import tuple_row

from storage.atomic import storage_faults
from storage.catalog.duckdb_session import Access, DuckDBSession, json_insert
from storage.catalog.postgresql_session import PostgreSQLSession, translated
from storage.catalog.postgresql_tables import json_insert as postgresql_insert
from storage.catalog.split import ALL_TABLES, make_empty

BATCH_ROWS = 1000
"""Number of rows per batch: some 1 MB of clips."""


def dump(session: PostgreSQLSession, path: Path, deadline: float) -> None:
    """Write everything that a transaction sees to a new DuckDB file.

    Raises
    ------
    StorageError
        If the data can't be read or written.
    """
    with closing(DuckDBSession()) as target:
        make_empty(target, path, deadline)
        target.attach(path, "target", Access.WRITE, deadline)
        target.use("target")
        for table in ALL_TABLES:
            sql = json_insert(table, target.types(table))
            for records in _rows_as_json(session, table):
                target.execute(sql, [_array(records)])
        target.execute("CHECKPOINT")


def load(session: PostgreSQLSession, path: Path, deadline: float) -> None:
    """Replace everything with the content of a DuckDB file, in the current transaction; `path` is unchanged.

    Raises
    ------
    StorageError
        If the file is not a backup, or PostgreSQL refuses its content.
    """
    with tempfile.TemporaryDirectory(prefix="autoclip-catalog-") as folder:
        copy = Path(folder) / "catalog.duckdb"
        with storage_faults(path):
            shutil.copyfile(path, copy)
        with closing(DuckDBSession()) as source:
            source.attach(copy, "source", Access.WRITE, deadline)
            source.use("source")
            source.bring_up_to_date()
            session.execute("DELETE FROM projects")
            for table in ALL_TABLES:
                _load_table(session, source, table)


def _load_table(session: PostgreSQLSession, source: DuckDBSession, table: str) -> None:
    sql = postgresql_insert(table, tuple(source.types(table)))
    (last,) = source.execute(f"SELECT max(rowid) AS id FROM {table}")  # noqa: S608
    for first in range(0, -1 if last["id"] is None else int(last["id"]) + 1, BATCH_ROWS):
        rows = source.execute(
            f"SELECT to_json(t)::VARCHAR AS record FROM {table} AS t "  # noqa: S608
            f"WHERE rowid BETWEEN {first} AND {first + BATCH_ROWS - 1}"
        )
        session.execute(sql, [_array([row["record"] for row in rows])])


def _rows_as_json(session: PostgreSQLSession, table: str) -> Iterator[Sequence[str]]:
    """Yield the rows of a table in batches, through a server-side cursor, so that memory stays flat."""
    with (
        translated(session.name),
        RawServerCursor(session.connection, f"dump_{table}", row_factory=tuple_row) as cursor,
    ):
        cursor.execute(f"SELECT row_to_json(t)::text FROM {table} AS t")  # noqa: S608
        while rows := cursor.fetchmany(BATCH_ROWS):
            yield [record for (record,) in rows]


def _array(records: Sequence[str]) -> str:
    return f"[{','.join(records)}]"
