"""Options that several commands share, and the settings that result from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autoclip.errors import ParameterError
from autoclip.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bars.")]
Mode = Annotated[
    str | None,
    typer.Option("--mode", metavar="v1|v2", help="How clips are found; the same as --set segmentation_mode=..."),
]
Preset = Annotated[
    str | None, typer.Option("--preset", metavar="NAME|FILE", help="A preset by name, or a TOML file of settings.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="NAME=VALUE", help="Set a parameter; 'autoclip settings' lists them. Repeatable."
    ),
]
Chat = Annotated[
    Path | None,
    typer.Option(
        "--chat", exists=True, dir_okay=False, help="Chat of the stream; by default NAME.chat.json beside the video."
    ),
]
ChatOffset = Annotated[
    float,
    typer.Option("--chat-offset", help="Seconds to add to the times of the chat to match those of the video."),
]
Count = Annotated[
    int | None,
    typer.Option("--count", metavar="N", help="Number of clips to keep, best first; the same as --set count=N."),
]
Total = Annotated[
    str | None,
    typer.Option(
        "--total",
        metavar="TIME",
        help="Total length of all clips, best first, such as 90s or 1:30; the same as --set total=...",
    ),
]
Length = Annotated[
    str | None,
    typer.Option(
        "--length", metavar="MIN-MAX", help="Length of a clip in seconds, such as 20-40; the same as --set length=..."
    ),
]


def with_amount(
    assignments: list[str] | None, *, count: int | None = None, total: str | None = None, length: str | None = None
) -> list[str]:
    """Return the assignments together with those of ``--count``, ``--total`` and ``--length``."""
    given = {"count": count, "total": total, "length": length}
    return [*(assignments or ()), *(f"{name}={value}" for name, value in given.items() if value is not None)]


Tighten = Annotated[
    float | None,
    typer.Option(
        "--tighten",
        min=0.3,
        max=30,
        metavar="SEC",
        help="Shorten pauses in speech that are longer than this, in seconds.",
    ),
]
Fillers = Annotated[bool, typer.Option("--fillers", help="Also remove fillers such as 'um' and 'uh'.")]


def parse_assignments(assignments: list[str] | None) -> dict[str, object]:
    """Parse ``NAME=VALUE`` words.

    Raises
    ------
    ParameterError
        If a word has no ``=`` or a name is set twice.
    """
    values: dict[str, object] = {}
    for word in assignments or ():
        name, equals, value = word.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            raise ParameterError(f"--set {word!r} is not of the form NAME=VALUE, for example --set step_sec=0.25")
        if name in values:
            raise ParameterError(f"{name} is given twice; keep one of them")
        values[name] = value.strip()
    return values


def resolve_settings(
    mode: str | None, preset: str | None, assignments: list[str] | None, *, base: Settings | None = None
) -> Settings:
    """Combine the settings: defaults, environment (or `base`), preset, then the flags of this command.

    Raises
    ------
    ParameterError
        If a name or value is not allowed, or ``--mode`` and ``--set segmentation_mode`` contradict each other.
    """
    from storage.environment import read_environment

    settings = base if base is not None else read_environment().settings
    return settings.updated(given_values(mode, preset, assignments))


def given_values(mode: str | None, preset: str | None, assignments: list[str] | None) -> dict[str, object]:
    """Return the settings that the flags of a command set, by flat names; raises as `resolve_settings`."""
    flags = parse_assignments(assignments)
    if mode is not None:
        if flags.get("segmentation_mode", mode) != mode:
            raise ParameterError(f"--mode {mode} contradicts --set segmentation_mode={flags['segmentation_mode']}")
        flags["segmentation_mode"] = mode
    return _preset_values(preset) | flags


def _preset_values(preset: str | None) -> dict[str, object]:
    """Return the values of ``--preset``: one of ours by name, or a file of the user."""
    from autoclip.presets import PRESETS, load_preset

    if preset is None:
        return {}
    if preset in PRESETS:
        return {"preset": preset}
    path = Path(preset)
    if path.suffix.lower() != ".toml":
        known = ", ".join(PRESETS)
        raise ParameterError(f"there is no preset {preset!r}; there are {known}, or name a TOML file of yours")
    return dict(load_preset(path).values)


def full_path(path: Path) -> Path:
    """Return the absolute path of a typed one, with `..` followed as the system does; other links are kept."""
    path = path.absolute()
    if ".." not in path.parts:
        return path
    return path.resolve() if path.name == ".." else path.parent.resolve() / path.name


def existing_file(path: Path) -> Path:
    """Return the path if it is a file; otherwise raise an error like any media error."""
    from autoclip.errors import NotFoundError

    if not path.exists():
        raise NotFoundError(f"{path}: no such file; check the spelling, or give the full path")
    return path
