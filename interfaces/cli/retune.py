"""``autoclip retune``: choose again from what was measured, with other settings, without touching the video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interfaces.cli.analyze import print_clips
from interfaces.cli.options import Assignments, Json, Mode, Preset, resolve_settings
from interfaces.cli.terminal import print_json, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retune")(retune)


def retune(
    folder: Annotated[Path, typer.Argument(help="An analysis folder.", show_default=False)],
    *,
    mode: Mode = None,
    preset: Preset = None,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Choose clips again with other settings; takes well under a second."""
    from autoclip.settings import Settings
    from stages.retune import retune as choose_again
    from storage.analysis_folder import AnalysisFolder

    analysis = AnalysisFolder(folder)
    # What was chosen last is where the user tunes from; the environment already had its say in it.
    before = Settings.from_flat(analysis.read_clips().settings)
    clips_file = choose_again(analysis, resolve_settings(mode, preset, assignments, base=before)).clips_file
    if as_json:
        print_json(clips_file.model_dump(mode="json"))
    else:
        print_clips(clips_file)
        say(f"report: {analysis.report}")
