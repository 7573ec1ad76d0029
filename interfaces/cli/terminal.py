"""Terminal output: results to standard output, messages and progress to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autoclip import durations
from autoclip.errors import OBEYED, visible
from autoclip.progress import Progress as ProgressReport
from autoclip.progress import ProgressListener, ignore_progress


class MessageConsole(Console):
    """Standard error. Rich's own console ends the program when nobody reads it any more, and with it a service."""

    def on_broken_pipe(self) -> None:
        """Go on without a reader."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


MESSAGES = MessageConsole(stderr=True, highlight=False, emoji=False)
# A table in a pipe must not be wrapped to the 80 columns that a console assumes.
RESULTS = Console(highlight=False, emoji=False, width=None if sys.stdout is not None and sys.stdout.isatty() else 200)


def open_closed_streams() -> None:
    """Open standard streams that the caller closed (``>&-``): the next file would take the number of one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode)  # noqa: PTH123, SIM115 - it stays open
            os.set_inheritable(stream.fileno(), True)  # noqa: FBT003 - it takes no name
            setattr(sys, name, stream)


def write_any_character() -> None:
    """Escape characters that the code page of a console or pipe lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """Print a message for the user on standard error, never mixed with results. If that fails, the work goes on."""
    with suppress(OSError):  # it is a file on a full disk
        MESSAGES.print(visible(message), markup=False, soft_wrap=True)


def print_json(document: Any) -> None:  # noqa: ANN401
    """Print a JSON document, and nothing else, to standard output."""
    any_character = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(document, ensure_ascii=not any_character, indent=2, allow_nan=False)
    # JSON does not escape terminal control characters beyond ASCII.
    escaped = OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    sys.stdout.write(f"{escaped}\n")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[str] = ()
) -> None:
    """Print a table to standard output; the columns in `numeric` are right-aligned."""
    shown_title = Text(visible(title)) if title else None
    table = Table(title=shown_title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(Text(visible(column)), justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        # Names come from files and people: a bracket in one is not markup.
        table.add_row(*(Text(visible(cell)) for cell in row))
    RESULTS.print(table)


clock = partial(durations.clock, decimals=1)
"""Format a time for tables and messages: ``1:02.5``."""


@contextmanager
def progress_bars(*, quiet: bool = False) -> Iterator[ProgressListener]:
    """Show a bar with percentage and ETA for each stage while the block runs; nothing without a terminal."""
    if quiet or not MESSAGES.is_terminal:
        yield ignore_progress
        return
    bars = Progress(
        TextColumn("{task.fields[stage]:<12}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", markup=False),
        console=MESSAGES,
    )
    tasks: dict[str, TaskID] = {}

    def listen(report: ProgressReport) -> None:
        if report.stage not in tasks:
            tasks[report.stage] = bars.add_task("", total=1.0, stage=report.stage, message="")
        bars.update(tasks[report.stage], completed=report.fraction, message=visible(report.message))

    with bars:
        yield listen
