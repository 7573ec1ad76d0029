"""The catalog's tables, one numbered SQL file per step.

A published file is never edited; a change is a new file with the next number. Each step runs in one transaction
together with its record, so after a crash it is either complete or not begun.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from autoclip.errors import StorageError

_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
)
"""

Execute = Callable[..., list[dict[str, Any]]]
"""Runs SQL text with optional parameters and returns the rows."""


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One step.

    Attributes
    ----------
    number : int
        Its position; steps run in this order.
    name : str
        The rest of the file's name.
    sql : str
        The SQL of the step.
    """

    number: int
    name: str
    sql: str


@functools.cache
def known_migrations(dialect: Literal["duckdb", "postgresql"] = "duckdb") -> tuple[Migration, ...]:
    """Return every step that this version has for a kind of database, in order; each kind is numbered separately."""
    folder = resources.files(__name__) / ("" if dialect == "duckdb" else dialect)
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    parts = [(file.name.removesuffix(".sql").partition("_"), file) for file in files]
    return tuple(sorted(Migration(int(number), name, file.read_text("utf-8")) for (number, _, name), file in parts))


def is_current(execute: Execute, migrations: Iterable[Migration]) -> bool:
    """Return whether the tables are exactly those of these steps."""
    try:
        done = {row["number"] for row in execute("SELECT number FROM migrations")}
    except StorageError:  # no such table, or damage that `migrate` will also find; duckdb_tables() reads every file
        return False
    return done == {migration.number for migration in migrations}


def migrate(execute: Execute, migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """Migrate the tables; the caller holds the catalog exclusively.

    Returns
    -------
    tuple of Migration
        The steps that were applied.

    Raises
    ------
    StorageError
        If a newer autoclip has changed the tables.
    """
    known = tuple(migrations)
    execute(_RECORD)
    done = {row["number"]: row["name"] for row in execute("SELECT number, name FROM migrations")}
    foreign = sorted(set(done) - {migration.number for migration in known})
    if foreign:
        raise StorageError(
            f"the catalog was changed by a newer autoclip (step {foreign[-1]}, {done[foreign[-1]]}); update autoclip"
        )
    missing = tuple(migration for migration in known if migration.number not in done)
    for migration in missing:
        _apply(execute, migration)
    return missing


def _apply(execute: Execute, migration: Migration) -> None:
    """Apply one step and record it, atomically."""
    execute("BEGIN")
    try:
        execute(migration.sql)
        execute("INSERT INTO migrations (number, name) VALUES (?, ?)", [migration.number, migration.name])
    except BaseException:
        execute("ROLLBACK")
        raise
    execute("COMMIT")
