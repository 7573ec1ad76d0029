"""The content of the catalog: ``projects``, ``clips``, ``layout``; and all of it: ``backup``, ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from autoclip.errors import ParameterError
from interfaces.cli.clip_sources import find_project, open_the_catalog
from interfaces.cli.options import Json
from interfaces.cli.query import FormatOption, OutputOption, answer, read_format, write_rows
from interfaces.cli.terminal import clock, print_json, print_table, say

if TYPE_CHECKING:
    from storage.catalog import ExportLayout, Project, StoredClip, Verdict

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Maximum number of rows.")]
Search = Annotated[str | None, typer.Option("--search", help="Only names that contain this.")]


def projects(
    *,
    limit: Limit = 50,
    search: Search = None,
    sort: Annotated[
        str, typer.Option("--sort", help="Column to sort by; prefix it with - to sort in descending order.")
    ] = "-created_at",
    as_json: Json = False,
) -> None:
    """List the projects, newest first."""
    with open_the_catalog().reading() as view:
        page = view.projects.page(limit=limit, search=search, sort=sort)
    if as_json:
        print_json([project.model_dump(mode="json") for project in page.items])
        return
    columns = ("id", "name", "state", "length", "size", "made")
    print_table("", columns, [_project_row(project) for project in page.items], numeric=("length",))
    if page.total > len(page.items):
        say(f"{len(page.items)} of {page.total} projects; --limit shows more")
    if not page.items:
        say("no projects yet; 'autoclip run VIDEO' makes one")


def clips(
    project: Annotated[
        str | None, typer.Argument(help="A project's id or name ('autoclip projects').", show_default=False)
    ] = None,
    *,
    all_projects: Annotated[
        bool, typer.Option("--all", help="List the clips of all projects, with every column.")
    ] = False,
    form: FormatOption = "table",
    output: OutputOption = None,
    limit: Limit = 200,
    search: Search = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", metavar="undecided|kept|rejected", help="Only clips with this verdict.")
    ] = None,
    sort: Annotated[
        str, typer.Option("--sort", help="Column to sort by; prefix it with - to sort in descending order.")
    ] = "-quality_score",
    as_json: Json = False,
) -> None:
    """List the clips of a project, best first; or those of all projects, as CSV, JSON or Parquet if wanted."""
    wanted = None if verdict is None else read_verdict(verdict)
    if all_projects == (project is not None):
        raise ParameterError("name a project, or give --all; 'autoclip projects' lists them")
    if project is None:
        condition = f"WHERE verdict = '{wanted}'" if wanted else ""
        sql = f"SELECT * FROM clips_v {condition} ORDER BY project, start_sec"  # noqa: S608 - one of three words
        write_rows(answer(sql), "json" if as_json else read_format(form), output)
        return
    with open_the_catalog().reading() as view:
        project_id = find_project(view, project).id
        page = view.clips.page(project_id, limit=limit, search=search, sort=sort, verdict=wanted)
    if as_json:
        print_json([clip.model_dump(mode="json") for clip in page.items])
        return
    columns = ("id", "name", "start", "end", "length", "score", "verdict", "by", "why")
    rows = [_clip_row(clip) for clip in page.items]
    print_table("", columns, rows, numeric=("start", "end", "length", "score"))
    if page.total > len(page.items):
        say(f"{len(page.items)} of {page.total} clips; --limit shows more")


def layout(
    project: Annotated[str, typer.Argument(help="A project's id or name ('autoclip projects').", show_default=False)],
    *,
    framing: Annotated[
        str | None,
        typer.Option("--framing", metavar="NAME", help="How a shape is filled, as the setting framing."),
    ] = None,
    facecam: Annotated[
        str | None,
        typer.Option(
            "--facecam",
            metavar="LEFT,TOP,WIDTH,HEIGHT",
            help="The camera of a streamer, in pixels; an empty text lets it be found.",
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the layout.")] = False,
) -> None:
    """Show or choose how the exports of a project fill a shape, such as 9:16, for all of its clips.

    Settings that an export is given itself come first: autoclip export PROJECT --set framing=center.
    """
    if clear and (framing is not None or facecam is not None):
        raise ParameterError("--clear goes without --framing and --facecam; give one or the other")
    catalog = open_the_catalog()
    changes = {name: value for name, value in (("framing", framing), ("facecam", facecam)) if value is not None}
    with catalog.reading() as view:
        found = find_project(view, project)
    if clear or changes:
        chosen = None if clear else _changed_layout(found, changes)
        with catalog.transaction() as unit:
            found = unit.projects.save(unit.projects.get(found.id).changed(layout=chosen))
    if found.layout is None:
        say("no layout is chosen; each export's own settings say how a shape is filled")
        return
    print_table("", ("framing", "facecam"), [(found.layout.framing, found.layout.facecam or "found in the picture")])


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; an older one is replaced.", show_default=False)],
) -> None:
    """Write the whole catalog, as it is now, to one DuckDB file. Videos and rendered files are not included."""
    from storage.atomic import remove_leftovers

    open_the_catalog().backup(target)
    remove_leftovers(target.absolute().parent, below=False)
    say(f"the catalog was written to {target}; 'autoclip restore {target}' brings it back")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that 'autoclip backup' wrote.", show_default=False)],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Replace the whole catalog with a backup. Later changes are lost; stop the service first."""
    from flows.liveness import require_idle
    from storage.environment import read_environment

    require_idle(read_environment().data_dir)
    if not yes:
        typer.confirm("Replace the whole catalog by this backup?", abort=True)
    open_the_catalog().restore(source)
    say(f"the catalog is now that of {source}")


def read_verdict(text: str) -> Verdict:
    """Parse ``--verdict``.

    Raises
    ------
    ParameterError
        If there is no such verdict.
    """
    from storage.catalog import Verdict

    if text not in get_args(Verdict):
        raise ParameterError(f"--verdict {text}: there are {', '.join(get_args(Verdict))}")
    return cast("Verdict", text)


def _changed_layout(project: Project, changes: dict[str, str]) -> ExportLayout:
    """Return a project's layout with some fields changed.

    Raises
    ------
    ParameterError
        If a value is not allowed, or the camera lies outside the frame.
    """
    from autoclip.export.framing.facecam import require_within
    from storage.catalog import ExportLayout

    chosen = (project.layout or ExportLayout()).changed(**changes)
    if chosen.facecam and project.display_width and project.display_height:
        require_within(chosen.facecam, project.display_width, project.display_height, project.name)
    return chosen


def _project_row(project: Project) -> tuple[str, ...]:
    length = "" if project.duration_sec is None else clock(project.duration_sec)
    size = "" if project.display_width is None else f"{project.display_width}x{project.display_height}"
    made = project.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return (project.id, project.name, project.error or project.state, length, size, made)


def _clip_row(clip: StoredClip) -> tuple[str, ...]:
    from autoclip.clips import displayed_score

    return (
        clip.id,
        clip.name,
        clock(clip.start),
        clock(clip.end),
        f"{clip.end - clip.start:.1f} s",
        str(displayed_score(clip.quality_score)),
        clip.verdict,
        clip.created_by,
        clip.reason,
    )
