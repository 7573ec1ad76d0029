"""``autoclip destinations`` and ``autoclip deliver``: list destinations for finished files, and deliver to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoclip.errors import AutoclipError, ParameterError
from interfaces.cli.file_report import OutputFile, report_files
from interfaces.cli.options import Json, Quiet, existing_file
from interfaces.cli.terminal import print_json, print_table, progress_bars

if TYPE_CHECKING:
    from autoclip.export.destinations import Receipt
    from autoclip.progress import ProgressListener

DeliveryOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="Option of the destination, such as folder=/mnt/nas or address=s3://bucket/clips. Repeatable.",
    ),
]


def destinations(*, as_json: Json = False) -> None:
    """List the destinations for finished files: those built in, and those of installed packages."""
    from autoclip.export.destinations import describe_destinations

    found = describe_destinations()
    if as_json:
        print_json([{"name": name, "about": about} for name, about in found.items()])
        return
    print_table("", ("name", "about"), list(found.items()))


def deliver(
    destination: Annotated[str, typer.Argument(help="One of 'autoclip destinations'.", show_default=False)],
    files: Annotated[list[Path], typer.Argument(help="The finished files.", show_default=False)],
    *,
    option: DeliveryOptions = None,
    title: Annotated[str, typer.Option("--title", help="Title; by default the file's name.")] = "",
    description: Annotated[
        str, typer.Option("--description", help="Description, for destinations that show one.")
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Deliver finished files to a destination. An unreachable destination is tried again."""
    options = read_options(destination, option)
    made = [OutputFile.at(existing_file(path)) for path in files]
    with progress_bars(quiet=quiet or as_json) as listener:
        for number, file in enumerate(made):
            try:
                receipt = deliver_to(
                    destination, Path(file.path), options, listener, title=title, description=description
                )
                made[number] = replace(file, delivered_to=receipt.address)
            except AutoclipError as error:
                made[number] = replace(file, error=str(error))
    report_files(made, as_json=as_json)


def read_options(destination: str | None, words: list[str] | None) -> Mapping[str, str]:
    """Parse ``NAME=VALUE`` words, and check that the destination exists.

    Raises
    ------
    ParameterError
        If a word has no ``=``, there is no such destination, or there are options without one.
    """
    from autoclip.export.destinations import find_destination

    if destination is None:
        if words:
            raise ParameterError("--option tells a destination something: name one with --deliver")
        return {}
    find_destination(destination)
    options: dict[str, str] = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise ParameterError(
                f"--option {word!r} is not of the form NAME=VALUE, for example --option folder=/mnt/nas"
            )
        options[name.strip()] = value.strip()
    return options


def deliver_to(
    destination: str,
    path: Path,
    options: Mapping[str, str],
    on_progress: ProgressListener,
    *,
    title: str = "",
    description: str = "",
) -> Receipt:
    """Deliver one file, titled by its name if there is no title; raises the same errors as `deliver_file`."""
    from autoclip.export.destinations import Delivery, deliver_file

    return deliver_file(destination, Delivery(path, title or path.stem, description, options), on_progress)
