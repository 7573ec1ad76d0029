"""``autoclip settings``: list every parameter, and generate docs/tuning.md from the same model."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from autoclip.settings import Parameter, Settings
from interfaces.cli.terminal import print_json, print_table

if TYPE_CHECKING:
    from storage.environment import Environment


def settings(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/tuning.md.")] = False,
    service: Annotated[bool, typer.Option("--service", help="List the variables of the service instead.")] = False,
) -> None:
    """List every parameter with its value, the value's origin, bounds, unit and help."""
    if as_markdown:
        typer.echo(tuning_page(), nl=False)
        return
    from storage.environment import read_environment

    environment = read_environment()
    entries = _service_variables(environment) if service else _parameters(environment)
    if as_json:
        print_json(entries)
        return
    columns = ("name", "value", "from", "what it does") if service else _COLUMNS
    rows = [tuple(_cell(entry, column) for column in columns) for entry in entries]
    print_table("", columns, rows, numeric=("value", "default"))


_COLUMNS = ("name", "value", "from", "default", "allowed", "unit", "what it does")


def _cell(entry: dict[str, object], column: str) -> str:
    name = {"from": "origin", "what it does": "help"}.get(column, column)
    value = entry[name]
    return "" if value is None else str(value)


def _parameters(environment: Environment) -> list[dict[str, object]]:
    """Describe the parameters of an analysis, with their values in this environment."""
    values = environment.settings.flat()
    return [
        _document(parameter) | {"value": values[parameter.name], "origin": environment.origin(parameter.name)}
        for parameter in Settings.parameters()
    ]


def _service_variables(environment: Environment) -> list[dict[str, object]]:
    """Describe the variables of the service; for a secret, only whether it is set."""
    shown = environment.model_dump(mode="json", exclude={"analysis", "origins"})
    return [
        {
            "name": f"AUTOCLIP_{name.upper()}",
            "value": ", ".join(value) if isinstance(value, list) else value,
            "origin": environment.origin(name),
            "help": type(environment).model_fields[name].description,
        }
        for name, value in shown.items()
    ]


def allowed(parameter: Parameter) -> str:
    """Format the allowed values of a parameter: its choices or its bounds."""
    if parameter.choices:
        return " | ".join(parameter.choices)
    if parameter.minimum is None and parameter.maximum is None:
        return ""
    lower = "" if parameter.minimum is None else f"{parameter.minimum:g}"
    upper = "" if parameter.maximum is None else f"{parameter.maximum:g}"
    return f"{lower} to {upper}"


def tuning_page() -> str:
    """Return docs/tuning.md: the parameters by group, from the settings model."""
    lines = [
        "# Tuning",
        "",
        "Made by `autoclip settings --markdown`; a test fails when it is out of date.",
        "",
        "Set a parameter with `--set NAME=VALUE`, an environment variable `AUTOCLIP_<NAME>`, a preset file, an API",
        "body or Prefect's run form: the names are the same everywhere. Only the parameters under *Extraction* measure",
        "the video again; all others choose again from what was measured, in under a second (`autoclip retune`).",
    ]
    fields = Settings.model_fields
    for group, parameters in groupby(Settings.parameters(), key=lambda parameter: parameter.group):
        annotation = fields[group].annotation if group in fields else None
        summary = (annotation.__doc__ or "").strip() if annotation is not None else "Which pipeline chooses."
        lines += ["", f"## {group.capitalize()}", "", summary, ""]
        lines += ["| name | default | allowed | unit | what it does |", "|---|---|---|---|---|"]
        for p in parameters:
            cells = (f"`{p.name}`", f"`{p.default}`", allowed(p).replace("|", "\\|"), p.unit, p.text)
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _document(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "group": parameter.group,
        "allowed": allowed(parameter),
        "default": parameter.default,
        "choices": list(parameter.choices) or None,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "unit": parameter.unit or None,
        "help": parameter.text,
    }
