"""Groups of commands; ``--help`` lists each with a whole sentence, wrapped, instead of a truncated one."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from interfaces.cli.terminal import say


class WholeSentences(TyperGroup):
    """A group of commands whose help shows the first sentence of each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer's own classes are private
        """Write the list."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [
            (name, command.get_short_help_str(limit=10_000))
            for name, command in commands.items()
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def command_group(name: str, text: str) -> typer.Typer:
    """Create a command with subcommands, which shows its help if none is given."""
    group = typer.Typer(name=name, cls=WholeSentences, help=text, invoke_without_command=True, rich_markup_mode=None)

    @group.callback()
    def show_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            say(context.get_help())

    return group
