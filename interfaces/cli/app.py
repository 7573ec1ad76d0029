"""The one Typer application: each command is a room of its own that registers here, each error leaves through here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from autoclip.errors import AutoclipError
from interfaces.cli import (
    analyze,
    catalog,
    compound,
    demo,
    destinations,
    doctor,
    evaluate,
    export,
    handover,
    jobs,
    looks,
    probe,
    retune,
    serve,
    service,
    settings,
)
from interfaces.cli.terminal import say
from interfaces.outcomes import DONE, INTERRUPTED, outcome_of

app = typer.Typer(
    name="autoclip",
    help="Turns long videos into highlight clips with natural boundaries.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ROOMS = (
    *(analyze, retune, evaluate, looks, compound, export, handover, destinations, probe, settings),
    *(catalog, demo, jobs, serve, service, doctor),
)
for room in ROOMS:
    room.register(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of ours become one line on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = typer.main.get_command(app).main(words or ["--help"], prog_name="autoclip", standalone_mode=False)
    except AutoclipError as error:
        say(f"autoclip: {error}")
        return outcome_of(error).exit_code
    except typer.TyperException as error:
        say(f"autoclip: {error.format_message()}")
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has gone. Point standard output away, or Python complains again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    code = result if isinstance(result, int) else DONE
    if code == INTERRUPTED:  # Typer turns Ctrl-C into this code without a word.
        say("autoclip: interrupted")
    return code


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run())
