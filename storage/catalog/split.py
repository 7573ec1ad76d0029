"""Convert between a single-file catalog and one file per project, for reading earlier catalogs and backups."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from autoclip.system.files import flush
from storage.atomic import PARTIAL, storage_faults
from storage.catalog.duckdb_session import Access, DuckDBSession
from storage.catalog.layout import Layout
from storage.catalog.project_index import SqliteIndex
from storage.keys import FileIdentity
from storage.migrations import known_migrations, migrate

logger = logging.getLogger(__name__)

MANY_PROJECTS = 50
"""Number of projects from which splitting takes seconds: some 40 ms per project."""

TABLES = ("sources", "analyses", "clips", "compound_clips", "exports", "operations")
"""The tables with a ``project_id``."""

_ITEMS = "compound_items"

ALL_TABLES = ("projects", *TABLES, _ITEMS)
"""All tables, in an order in which no row precedes one that it refers to."""


def split(whole: Path, root: Path, successor: Path, deadline: float) -> Layout:
    """Write the projects of a single-file catalog to separate files, and the root file that names them.

    Parameters
    ----------
    whole : Path
        The file, with current tables; it is unchanged.
    root : Path
        The path of the catalog.
    successor : Path
        Path for writing the root file. The new files count only after the caller has put it in place.
    deadline : float
        When to give up waiting for another program, on the clock of ``time.monotonic``.
    """
    layout = Layout(root, f".{secrets.token_hex(4)}{PARTIAL}")
    final = Layout(root, secrets.token_hex(4))
    with closing(DuckDBSession()) as session:
        with storage_faults(layout.folder):
            _clear(layout.generations)
            layout.folder.mkdir(parents=True)
        make_empty(session, successor, deadline)
        session.attach(whole, "whole", Access.READ, deadline)
        session.use("whole")
        projects = session.execute("SELECT id FROM projects ORDER BY id")
        if len(projects) >= MANY_PROJECTS:
            logger.warning("%s: writing a file for each of %d projects; this takes a while, once", root, len(projects))
        for row in projects:
            _write_project(session, layout.project(row["id"]), successor, row["id"], deadline)
        _copy_fingerprints(session, layout)
        session.attach(successor, "root", Access.WRITE, deadline)
        session.use("root")
        session.execute("INSERT INTO layout VALUES (?)", [final.generation])
        session.execute("CHECKPOINT")
    with storage_faults(layout.folder):
        flush(successor)
        flush(layout.folder)
        layout.folder.rename(final.folder)
        flush(final.generations)
    return final


def _clear(generations: Path) -> None:
    """Remove the files of a process that died while it split a catalog."""
    for folder in generations.glob(f".*{PARTIAL}"):
        shutil.rmtree(folder)


def make_empty(session: DuckDBSession, path: Path, deadline: float, generation: str | None = None) -> None:
    """Create a file with all tables, empty except for the folder that a root file names."""
    path.unlink(missing_ok=True)
    session.attach(path, "empty", Access.MAKE, deadline)
    session.use("empty")
    migrate(session.execute, known_migrations())
    if generation is not None:
        session.execute("INSERT INTO layout VALUES (?)", [generation])
    session.execute("CHECKPOINT")
    session.detach("empty")


def merge(files: Iterable[Path], target: Path, deadline: float) -> None:
    """Write the files of projects to a single file, as in earlier catalogs."""
    with closing(DuckDBSession()) as session:
        make_empty(session, target, deadline)
        session.attach(target, "target", Access.WRITE, deadline)
        for file in files:
            session.attach(file, "source", Access.READ, deadline)
            session.use("target")
            for table in ALL_TABLES:
                session.execute(f"INSERT INTO {table} BY NAME SELECT * FROM source.{table}")  # noqa: S608
            session.detach("source")
        session.use("target")
        session.execute("CHECKPOINT")


def _write_project(session: DuckDBSession, path: Path, template: Path, project_id: str, deadline: float) -> None:
    with storage_faults(path):
        shutil.copyfile(template, path)
    session.attach(path, "project", Access.WRITE, deadline)
    session.use("project")
    session.execute("INSERT INTO projects BY NAME SELECT * FROM whole.projects WHERE id = ?", [project_id])
    for table in TABLES:
        sql = f"INSERT INTO {table} BY NAME SELECT * FROM whole.{table} WHERE project_id = ?"  # noqa: S608
        session.execute(sql, [project_id])
    session.execute(
        f"INSERT INTO {_ITEMS} BY NAME SELECT * FROM whole.{_ITEMS} "  # noqa: S608
        "WHERE compound_id IN (SELECT id FROM compound_clips)"
    )
    session.execute("CHECKPOINT")
    session.detach("project")
    with storage_faults(path):
        flush(path)


def _copy_fingerprints(session: DuckDBSession, layout: Layout) -> None:
    session.use("whole")
    index = SqliteIndex(layout.index)
    try:
        index.begin()
        for row in session.execute("SELECT * FROM fingerprints"):
            fingerprint = row.pop("fingerprint")
            index.remember(FileIdentity(**row), fingerprint)
        index.commit()
    finally:
        index.close()
