"""``autoclip retune``: select again from extracted features, with other settings, without reading the video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.analyze import print_clips
from interfaces.cli.options import (
    Assignments,
    Count,
    Json,
    Length,
    Mode,
    Preset,
    Total,
    resolve_settings,
    with_amount,
)
from interfaces.cli.terminal import print_json, say

if TYPE_CHECKING:
    from autoclip.settings import Settings
    from storage.analysis_folder import AnalysisFolder


def retune(
    folder: Annotated[Path, typer.Argument(help="An analysis folder.", show_default=False)],
    *,
    mode: Mode = None,
    preset: Preset = None,
    count: Count = None,
    total: Total = None,
    length: Length = None,
    assignments: Assignments = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Start from the defaults instead of the settings of the analysis.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Select clips again with other settings, in under a second.

    Each retune starts from the settings of the analysis, not from those of an earlier retune.
    """
    from stages.retune import retune as choose_again
    from storage.analysis_folder import AnalysisFolder

    analysis = AnalysisFolder(folder)
    base = _base(analysis, reset=reset)
    flags = with_amount(assignments, count=count, total=total, length=length)
    settings = resolve_settings(mode, preset, flags, base=base)
    clips_file = choose_again(analysis, settings).clips_file
    say(_kept_words(base, settings, reset=reset))
    if as_json:
        print_json(clips_file.model_dump(mode="json"))
    else:
        print_clips(clips_file)
        say(f"report: {analysis.report}")


def _base(analysis: AnalysisFolder, *, reset: bool) -> Settings:
    """Return the settings to start from; those of the analysis already include the environment."""
    from stages.retune import analysis_settings, measured_settings
    from storage.environment import read_environment

    return measured_settings(analysis, read_environment().settings) if reset else analysis_settings(analysis)


def _kept_words(base: Settings, settings: Settings, *, reset: bool) -> str:
    """Describe which settings differ from the defaults, and where they come from."""
    from autoclip.presets import PRESETS

    defaults, before, now = type(settings)().flat(), base.flat(), settings.flat()
    # Values that a preset sets, or that the previous one set, are covered by its name.
    named = PRESETS[settings.preset].values
    gone = PRESETS[base.preset].values if base.preset != settings.preset else {}
    different = [name for name in now if name not in named or now[name] != named[name]]
    kept = [f"{name}={now[name]}" for name in different if now[name] == before[name] != defaults[name]]
    changed = [
        f"{name}={now[name]}"
        for name in different
        if now[name] != before[name] and not (now[name] == defaults[name] and before[name] == gone.get(name))
    ]
    origin = "kept as measured or from the environment" if reset else "kept from the analysis"
    words = [f"{origin}: {', '.join(kept)}"] if kept else []
    words += [f"changed: {', '.join(changed)}"] if changed else []
    hint = "" if reset or not kept else " (--reset starts from the defaults)"
    return ("; ".join(words) or "all settings are at their defaults") + hint
