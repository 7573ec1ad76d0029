"""``autoclip evaluate``: how well clips contain what people would pick, and where their edges lie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.options import Assignments, Json, Mode, Preset, Quiet, existing_file, resolve_settings
from interfaces.cli.terminal import print_json, print_table, progress_bars

if TYPE_CHECKING:
    from autoclip.evaluation.scores import EdgeEvaluation, Evaluation
    from autoclip.evaluation.truth import HighlightTruth
    from storage.analysis_folder import AnalysisFolder


def evaluate(
    source: Annotated[
        Path, typer.Argument(help="An analysis folder, or a video; without --truth, a project.", show_default=False)
    ],
    *,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            help="CSV or JSON of events with time and weight, or intervals; by default, the clips of the project that "
            "you kept.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        float, typer.Option("--budget", min=0.001, max=1.0, help="Share of the video's length that the clips may take.")
    ] = 0.2,
    mode: Mode = None,
    preset: Preset = None,
    assignments: Assignments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score clips against truth, or against those you kept; try other settings without changing the analysis."""
    from autoclip.evaluation.scores import evaluate as score_clips
    from autoclip.evaluation.scores import evaluate_edges
    from autoclip.selection.pipeline import select
    from autoclip.settings import Settings

    if truth is None:
        folder, highlights = _judged(str(source))
    else:
        folder, highlights = _with_truth(source, truth, quiet=quiet or as_json)
    before = Settings.from_flat(folder.read_clips().settings)
    settings = resolve_settings(mode, preset, assignments, base=before)
    features = folder.read_features()
    clips = select(features, settings, scope="").clips
    scores = score_clips(clips, highlights, features.duration_sec, budget=budget)
    edges = evaluate_edges(clips, features, settings)
    if as_json:
        print_json(asdict(scores) | {"edges": asdict(edges)})
    else:
        print_table("", ("measure", "value", "what it means"), _rows(scores, edges), numeric=("value",))


def _judged(name: str) -> tuple[AnalysisFolder, HighlightTruth]:
    """Return the folder of a project, and the clips that its owner kept as highlights."""
    from autoclip.errors import NotFoundError
    from autoclip.evaluation.truth import HighlightTruth, TruthInterval
    from interfaces.cli.clip_sources import open_clips

    store = open_clips(name)
    kept = store.clips(verdict="kept")
    if not kept:
        raise NotFoundError(f"{name}: no clip was kept; decide on clips on the review page, or give --truth FILE")
    return store.folder, HighlightTruth(intervals=tuple(TruthInterval(clip.interval, 1.0) for clip in kept))


def _with_truth(source: Path, truth: Path, *, quiet: bool) -> tuple[AnalysisFolder, HighlightTruth]:
    """Return the folder of an analysis and its truth; a video is analyzed first, unless that was done before."""
    from autoclip.evaluation.truth import read_truth
    from stages.analyze import analyze
    from storage.analysis_folder import AnalysisFolder
    from storage.environment import read_environment

    highlights = read_truth(truth)
    if existing_file(source).is_dir():
        return AnalysisFolder(source), highlights
    folder = AnalysisFolder(Path(f"{source.stem}.autoclip"))
    with progress_bars(quiet=quiet) as listener:
        analyze(source, folder, read_environment().settings, listener)
    return folder, highlights


def _rows(scores: Evaluation, edges: EdgeEvaluation) -> list[tuple[str, str, str]]:
    rows = [
        ("coverage", _share(scores.coverage), f"of the highlights' weight in {scores.spent:.1%} of the length"),
        ("lift", f"{scores.lift:.2f}x", "over picking at random"),
        ("average precision", f"{scores.average_precision:.3f}", f"guessing has {scores.base_rate:.3f}"),
    ]
    rows += [(f"hit@{hit.rank}", _share(hit.share), "of the best clips hold a highlight") for hit in scores.hits]
    return [
        *rows,
        ("clips", str(scores.clip_count), f"of {scores.mean_clip_sec:.1f} s on average"),
        ("edges on a cut", _share(edges.on_cut), f"{_share(edges.on_cut_in_reach)} where one is in reach"),
        ("edges in a pause", _share(edges.in_pause), f"{_share(edges.in_pause_in_reach)} where one is in reach"),
        ("edges on a fade", _share(edges.on_fade), f"natural in all: {_share(edges.natural)}"),
    ]


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
