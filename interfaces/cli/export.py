"""``autoclip export``: render clips of an analysis folder or of a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from autoclip.errors import ParameterError
from autoclip.settings import ExportSettings
from interfaces.cli.options import Assignments, Json, Quiet, parse_assignments
from interfaces.cli.terminal import print_json, print_table, progress_bars, say

if TYPE_CHECKING:
    from autoclip.progress import ProgressListener
    from storage.analysis_folder import AnalysisFolder

DEFAULT_TOP = 3


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What is asked for: clips by id, or else the best `top` (all when None); how; and where to, if not beside them."""

    ids: Sequence[str]
    top: int | None
    settings: ExportSettings
    target: Path | None


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One file as the command tells of it; `error` says why there is none."""

    path: str
    duration_sec: float | None = None
    size_bytes: int | None = None
    note: str = ""
    error: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    source: Annotated[str, typer.Argument(help="An analysis folder, or a project's id.", show_default=False)],
    *,
    top: Annotated[
        int | None, typer.Option("--top", min=1, help="The best clips; 3 when nothing else is asked.")
    ] = None,
    clip: Annotated[list[str] | None, typer.Option("--clip", help="A clip by its id. Repeatable.")] = None,
    all_clips: Annotated[bool, typer.Option("--all", help="Every clip.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="Where the files go; by default exports/ beside the clips.")
    ] = None,
    assignments: Assignments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render clips to files that are checked after rendering; names never overwrite one another."""
    if sum((top is not None, bool(clip), all_clips)) > 1:
        raise ParameterError("--top, --clip and --all exclude one another; keep one of them")
    count = None if all_clips else top or DEFAULT_TOP
    settings = ExportSettings.from_flat(parse_assignments(assignments))
    wish = ExportWish(clip or (), count, settings, to)

    from storage.analysis_folder import AnalysisFolder

    folder = AnalysisFolder(Path(source))
    with progress_bars(quiet=quiet or as_json) as listener:
        rows = _from_folder(folder, wish, listener) if folder.modes() else _from_project(source, wish, listener)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table("", ("file", "length", "size", "note"), [_cells(row) for row in rows], numeric=("length", "size"))
    if failed := sum(row.error is not None for row in rows):
        say(f"{failed} of {len(rows)} exports failed")
        raise typer.Exit(1)


def _from_folder(
    folder: AnalysisFolder,
    wish: ExportWish,
    on_progress: ProgressListener,
) -> list[ExportRow]:
    from stages.export_folder import export_folder, pick_clips
    from storage.environment import read_environment

    clips_file = folder.read_clips()
    clips = pick_clips(clips_file, wish.ids, wish.top)
    place = wish.target or folder.root / "exports"
    summary = export_folder(clips_file, clips, place, wish.settings, on_progress, ffmpeg=read_environment().ffmpeg)
    rows = []
    for outcome in summary.outcomes:
        result = outcome.result
        if result is None:
            rows.append(ExportRow(str(outcome.request.target), error=str(outcome.error)))
        else:
            note = "; ".join(result.notes)
            rows.append(ExportRow(str(result.path), result.actual.duration, result.size_bytes, note))
    return rows


def _from_project(
    project_id: str,
    wish: ExportWish,
    on_progress: ProgressListener,
) -> list[ExportRow]:
    from stages.export_clips import export_clips
    from storage.catalog import open_catalog
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    environment = read_environment()
    catalog = open_catalog(environment.catalog_path)
    with catalog.reading() as view:
        project = view.projects.get(project_id)
        best = view.clips.page(project_id, sort="-quality_score", limit=wish.top).items
    records = export_clips(
        catalog,
        project if wish.target is None else project.changed(output_folder=wish.target.absolute()),
        wish.ids or [clip.id for clip in best],
        folder=DataFolder(environment.data_dir).project(project_id).exports,
        settings=wish.settings,
        job_id=f"command-line-{uuid4()}",
        on_progress=on_progress,
        ffmpeg=environment.ffmpeg,
    )
    return [
        ExportRow(str(record.path or record.name), record.duration_sec, record.size_bytes, record.note, record.error)
        for record in records
    ]


def _cells(row: ExportRow) -> tuple[str, ...]:
    length = "" if row.duration_sec is None else f"{row.duration_sec:.2f} s"
    size = "" if row.size_bytes is None else f"{row.size_bytes / 1e6:.1f} MB"
    return (row.path, length, size, row.error or row.note)
