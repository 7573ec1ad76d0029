"""``autoclip learn``: learn weights from the clips that were kept and rejected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.options import Json
from interfaces.cli.terminal import print_json, say

if TYPE_CHECKING:
    from autoclip.evaluation.learning import JudgedClips, Learned
    from autoclip.settings import AnchorSettings
    from storage.catalog import StoredClip


def learn(
    projects: Annotated[
        list[str] | None, typer.Argument(help="Projects, by name or id; by default, all.", show_default=False)
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", help="Preset file to write, for use with --preset.")] = Path(
        "learned.toml"
    ),
    as_json: Json = False,
) -> None:
    """Fit the weights of excitement to the clips you kept and rejected, and write a preset file."""
    from dataclasses import asdict

    from autoclip.evaluation.learning import learn_weights
    from autoclip.output_files import require_replaceable
    from storage.atomic import write_atomically
    from storage.environment import read_environment

    require_replaceable(to)
    settings = read_environment().settings.anchors
    learned = learn_weights(_judged(projects or (), settings), settings)
    if learned.is_better:
        write_atomically(to, _preset_file(learned).encode())
    if as_json:
        print_json(asdict(learned) | {"preset": str(to) if learned.is_better else None})
        return
    say(
        f"{learned.verdicts} verdicts: a kept clip ranks above a rejected one in {learned.before:.0%} of pairs as it "
        f"is, in {learned.after:.0%} with what was learned (on clips that were left out of it)"
    )
    if learned.is_better:
        say(f"{to}: written; use it with --preset {to}")
    else:
        say("nothing is changed: what was learned does not rank better; decide on more clips, of more videos")


def _judged(names: list[str] | tuple[str, ...], settings: AnchorSettings) -> list[JudgedClips]:
    """Read the judged clips of projects with their features; projects without any are skipped."""
    from autoclip.evaluation.learning import judged_clips
    from interfaces.cli.clip_sources import find_project, open_the_catalog
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    data = DataFolder.of(read_environment())
    with open_the_catalog().reading() as view:
        wanted = [find_project(view, name) for name in names] or list(view.projects.page().items)
        decided = [(project, _decided(view.clips.page(project.id).items)) for project in wanted]
    return [
        judged_clips(
            data.open_project(project.id).read_features(),
            [clip.interval for clip in clips],
            [clip.verdict == "kept" for clip in clips],
            settings,
        )
        for project, clips in decided
        if clips and project.state == "analyzed"
    ]


def _decided(clips: tuple[StoredClip, ...]) -> list[StoredClip]:
    return [clip for clip in clips if clip.verdict != "undecided"]


def _preset_file(learned: Learned) -> str:
    """Write the weights as a preset."""
    from autoclip.evaluation.learning import WEIGHTS
    from autoclip.presets import preset_document

    values = {name: round(weight, 4) for name, weight in zip(WEIGHTS, learned.weights, strict=True)}
    figures = f"{learned.before:.0%} of pairs in order before, {learned.after:.0%} after"
    return preset_document(values, text=f"Learned from {learned.verdicts} verdicts: {figures}")
