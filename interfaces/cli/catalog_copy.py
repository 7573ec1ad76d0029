"""``autoclip catalog``: copy the whole catalog from one database to another."""

from __future__ import annotations

from typing import Annotated

import typer

from interfaces.cli.command_list import command_group
from interfaces.cli.terminal import print_table, say

_PLACE = "duckdb:///PATH, postgresql://USER@HOST/DATABASE, or the path of an autoclip.duckdb"

catalogs = command_group(
    "catalog",
    "Manage the whole catalog.",
)


@catalogs.command("copy")
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The catalog to copy: {_PLACE}.", show_default=False)],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="Target catalog; created if missing.", show_default=False)
    ],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the contents of the target catalog.")] = False,
) -> None:
    """Copy a catalog to another database, in either direction, and compare every row.

    Stop the service first: later changes are not copied. Put a password in PGPASSWORD or ~/.pgpass, so that it
    does not appear in the list of processes.
    """
    from storage.catalog.copying import catalog_to_copy, copy_catalog

    original, place = catalog_to_copy(source, must_exist=True), catalog_to_copy(target, must_exist=False)
    tables = copy_catalog(original, place, replace=replace)
    print_table("", ("table", "rows"), [(table.name, f"{table.rows:,}") for table in tables], numeric=("rows",))
    say("every row is the same in both; set AUTOCLIP_DATABASE_URL to use the copy")
