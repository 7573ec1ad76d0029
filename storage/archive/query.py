"""Run one query: the tables it names are loaded into a separate DuckDB, which can access nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from autoclip.errors import ParameterError, StorageError
from storage.archive.schema import CLIPS_V, ENUMS, FEATURES, TABLES, VIEWS, create_statements, insert_statement
from storage.catalog import Catalog
from storage.data_folder import DataFolder
from storage.duckdb_interrupts import interruptible
from storage.features import features_key


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources that a query may use.

    Attributes
    ----------
    seconds : float
        Time limit for loading and running, in seconds.
    memory_mb : int
        Memory limit for tables, intermediate results and the answer, in MB.
    threads : int
        Number of DuckDB threads.
    """

    seconds: float = 60.0
    memory_mb: int = 1024
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query.

    Attributes
    ----------
    table : pyarrow.Table
        The rows.
    skipped : tuple of str
        Projects whose features were left out because they are missing or damaged.
    """

    table: pa.Table
    skipped: tuple[str, ...]


def ask(
    catalog: Catalog,
    data_folder: DataFolder,
    sql: str,
    *,
    limits: Limits = Limits(),
) -> Answer:
    """Run a query over all projects.

    Parameters
    ----------
    catalog : Catalog
        The catalog of the projects.
    data_folder : DataFolder
        The data folder with their features.
    sql : str
        One SELECT statement, in DuckDB's SQL, over the tables of `described_tables`.
    limits : Limits
        The resources it may use.

    Raises
    ------
    ParameterError
        If it is not a SELECT, refers to something that does not exist, or exceeds its limits.
    StorageError
        If the catalog can't be read.
    """
    named = _tables_named(sql, limits)
    with _connection(limits) as connection, _bounded(connection, limits):
        skipped = _load(connection, catalog, data_folder, named)
        _lock(connection)
        table = connection.execute(sql).to_arrow_table()
    return Answer(table, skipped)


def described_tables() -> Mapping[str, str]:
    """Return the tables that can be queried, each with a description of its rows."""
    views = {"clips_v": "A clip with the names of its project: what most questions are about."}
    return {**{name: table.comment for name, table in TABLES.items()}, **views, **FEATURES}


@contextmanager
def _connection(limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return an in-memory DuckDB that installs nothing, writes nothing to disk, and can't read Python variables."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": limits.threads,
            "memory_limit": f"{limits.memory_mb}MB",
            "max_temp_directory_size": "0MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    try:
        with interruptible(connection):
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    finally:
        connection.close()


def _tables_named(sql: str, limits: Limits) -> frozenset[str]:
    """Return the tables that a query names; refuse anything but a single read-only statement.

    This uses a DuckDB without access to files, because even resolving table names opens the files that a query reads.
    """
    with _connection(limits) as connection:
        _make_types(connection)
        _lock(connection)
        try:
            kinds = [statement.type for statement in connection.extract_statements(sql)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise ParameterError("a question is one SELECT statement; the archive can't be changed this way")
            return frozenset(name.lower() for name in connection.get_table_names(sql))
        except duckdb.Error as error:
            raise _refusal(error) from error


@contextmanager
def _bounded(connection: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Interrupt a query that takes too long, and translate its errors."""
    timer = threading.Timer(limits.seconds, connection.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise ParameterError(
            f"the question took more than {limits.seconds:g} s; ask for less, or allow more"
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise ParameterError(
            f"the question needs more than {limits.memory_mb} MB; ask for less, or allow more"
        ) from error
    except duckdb.Error as error:
        raise _refusal(error) from error
    finally:
        timer.cancel()


def _load(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, data_folder: DataFolder, named: AbstractSet[str]
) -> tuple[str, ...]:
    """Create and fill the tables that a query names; return the projects without usable features."""
    tables = [name for name in TABLES if name in named or any(view in named and name in VIEWS[view] for view in VIEWS)]
    _make_types(connection)
    for name in tables:
        connection.execute(create_statements(name))
    with catalog.files() as files:
        for path in files if tables else ():
            _load_project(connection, path, tables)
    if "clips_v" in named:
        connection.execute(CLIPS_V)
    features = [name for name in FEATURES if name in named]
    return _view_features(connection, catalog, data_folder, features) if features else ()


def _make_types(connection: duckdb.DuckDBPyConnection) -> None:
    for name, values in ENUMS.items():
        connection.execute(f"CREATE TYPE {name} AS ENUM ({_listed(values)})")


def _load_project(connection: duckdb.DuckDBPyConnection, path: Path, tables: Sequence[str]) -> None:
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{quoted}' AS source (TYPE duckdb, READ_ONLY)")
    except duckdb.IOException as error:
        raise StorageError(f"{path}: can't be read ({str(error).splitlines()[0]}); restore a backup") from error
    for name in tables:
        connection.execute(insert_statement(name))
    connection.execute("DETACH source")


def _view_features(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, data_folder: DataFolder, names: Sequence[str]
) -> tuple[str, ...]:
    """Create views over the Parquet files of all projects with a complete set; return the other projects."""
    with catalog.reading() as view:
        projects = [project.id for project in view.projects.page().items]
    folders = {project: data_folder.open_project(project).features for project in projects}
    whole = {project: folder for project, folder in folders.items() if features_key(folder) is not None}
    for name in names:
        files = {str(folder / f"{name}.parquet"): project for project, folder in whole.items()}
        _view(connection, name, files)
        connection.execute(f"COMMENT ON VIEW {name} IS {_text(FEATURES[name])}")
    allowed = _listed(str(folder / f"{name}.parquet") for folder in whole.values() for name in names)
    connection.execute(f"SET allowed_paths = [{allowed}]")
    return tuple(project for project in projects if project not in whole)


def _view(connection: duckdb.DuckDBPyConnection, name: str, files: Mapping[str, str]) -> None:
    if not files:
        connection.execute(f"CREATE VIEW {name} AS SELECT NULL::VARCHAR AS project_id WHERE false")
        return
    owners = ", ".join(f"({_text(file)}, {_text(project)})" for file, project in files.items())
    connection.execute(f"""
        CREATE VIEW {name} AS SELECT owners.project_id, rows.* EXCLUDE (filename)
        FROM read_parquet([{_listed(files)}], union_by_name = true, filename = true) AS rows
        JOIN (VALUES {owners}) AS owners(filename, project_id) USING (filename)
    """)  # noqa: S608


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Block access to anything outside the tables, and lock the settings."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _refusal(error: duckdb.Error) -> ParameterError:
    tables = ", ".join(described_tables())
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, duckdb.CatalogException):
        return ParameterError(f"this question can't be answered: {lines[0]} The tables are {tables}.")
    return ParameterError(f"this question can't be answered: {' '.join(lines[:2])}")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
