"""``autoclip query``: SQL over the catalog and the features of all projects."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autoclip.errors import ParameterError, visible
from interfaces.cli.terminal import print_table, say

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json", "parquet")
MAX_TABLE_ROWS = 1000
RESERVED_MB = 512
"""Address space that threads and allocators of DuckDB and Arrow reserve without using it, in MB (measured: 230)."""

FormatOption = Annotated[str, typer.Option("--format", "-f", metavar="|".join(FORMATS), help="Format of the rows.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Output file instead of standard output; required for Parquet.")
]


def query(
    sql: Annotated[str | None, typer.Argument(help="One SELECT in DuckDB's SQL.", show_default=False)] = None,
    *,
    tables: Annotated[bool, typer.Option("--tables", help="List the tables that can be queried.")] = False,
    form: FormatOption = "table",
    output: OutputOption = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, max=3600, help="Time limit for the query, in seconds.")
    ] = 60,
    memory: Annotated[int, typer.Option("--memory", min=64, help="Memory limit for the query, in megabytes.")] = 1024,
) -> None:
    """Query the whole archive with SQL: projects, clips, exports and signals. Read-only.

    For example: autoclip query "SELECT project, count(*) FROM clips_v WHERE verdict = 'kept' GROUP BY ALL".
    More in docs/data.md.
    """
    from storage.archive import described_tables

    if tables or sql is None:
        print_table("", ("table", "what a row is"), list(described_tables().items()))
        return
    write_rows(answer(sql, timeout, memory), read_format(form), output)


def answer(sql: str, timeout: float = 60, memory: int = 1024) -> pa.Table:
    """Run a query, and report which projects are left out."""
    from autoclip.system.memory_limit import growth_limited_to
    from storage.archive import Limits, ask
    from storage.catalog import catalog_of
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    environment = read_environment()
    # DuckDB doesn't count the texts that a query makes. A query within its limit grows to three times that (measured).
    with growth_limited_to((3 * memory + RESERVED_MB) << 20):
        found = ask(catalog_of(environment), DataFolder.of(environment), sql, limits=Limits(timeout, memory))
    if found.skipped:
        say(f"{len(found.skipped)} projects have no complete features and are left out, such as {found.skipped[0]}")
    return found.table


def read_format(text: str) -> Format:
    """Parse ``--format``; raise `ParameterError` if there is none by that name."""
    if text not in FORMATS:
        raise ParameterError(f"--format {text}: there are {', '.join(FORMATS)}")
    return text


def write_rows(table: pa.Table, form: Format, output: Path | None) -> None:
    """Write rows to a file or to standard output.

    Raises
    ------
    ParameterError
        If Parquet would go to standard output.
    StorageError
        If the file can't be written.
    """
    from storage.archive.writing import text_of_rows, write_parquet, write_text
    from storage.atomic import replacing

    if form == "table" and output is None:
        _print(table)
        return
    if form == "parquet" and output is None:
        raise ParameterError("--format parquet: name a file with --output")
    parts = text_of_rows(table, "json" if form == "json" else "csv")
    if output is None:
        for text in parts:
            sys.stdout.write(visible(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text)
        return
    with replacing(output) as partial:
        if form == "parquet":
            write_parquet(table, partial)
        else:
            write_text(parts, partial)
    say(f"{table.num_rows} rows written to {output}")


def _print(table: pa.Table) -> None:
    shown = table.slice(0, MAX_TABLE_ROWS).to_pylist()
    numeric = [field.name for field in table.schema if str(field.type) in {"double", "float", "int32", "int64"}]
    print_table("", table.column_names, [[_cell(value) for value in row.values()] for row in shown], numeric=numeric)
    if table.num_rows > MAX_TABLE_ROWS:
        say(f"{MAX_TABLE_ROWS} of {table.num_rows} rows; --format csv writes all")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
