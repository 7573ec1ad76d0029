"""The list of commands in ``--help``: whole sentences, wrapped, instead of truncated ones."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


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
