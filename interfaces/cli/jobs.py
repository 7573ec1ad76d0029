"""``autoclip run``, ``jobs``, ``job``, ``cancel``, ``retry`` and ``watch``: jobs that a worker runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoclip.errors import ParameterError, visible
from autoclip.export.interchange.formats import SUFFIXES
from interfaces.cli.options import (
    Assignments,
    Chat,
    ChatOffset,
    Count,
    Json,
    Length,
    Mode,
    Preset,
    Quiet,
    Total,
    existing_file,
    full_path,
    with_amount,
)
from interfaces.cli.terminal import MESSAGES, print_json, print_table, say

if TYPE_CHECKING:
    from interfaces.jobs import Job, Jobs

FAILED = 1
JobId = Annotated[str, typer.Argument(help="Id of the job, or its beginning; 'autoclip jobs' lists them.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait until the job has ended.")]
Top = Annotated[int, typer.Option("--export-top", min=0, max=1000, help="Export this many of the best clips.")]

Timelines = Annotated[
    list[str] | None,
    typer.Option(
        "--timeline",
        metavar="otio|edl|fcpxml|xmeml",
        help="Also write a timeline for editing programs beside the exports. Repeatable.",
    ),
]


Handles = Annotated[
    float,
    typer.Option("--handles", metavar="SEC", min=0, max=600, help="Seconds before and after each clip in timelines."),
]

To = Annotated[Path | None, typer.Option("--to", help="Folder for the exports; by default, each project's own.")]


def run(
    source: Annotated[str, typer.Argument(help="A video file, a folder of them, or the address of a video.")],
    *,
    name: Annotated[str, typer.Option(help="Name of the project.")] = "",
    export_top: Top = 0,
    timelines: Timelines = None,
    handles: Handles = 0.0,
    to: To = None,
    chat: Chat = None,
    chat_offset: ChatOffset = 0.0,
    mode: Mode = None,
    preset: Preset = None,
    count: Count = None,
    total: Total = None,
    length: Length = None,
    assignments: Assignments = None,
    follow: Follow = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Process a video, a folder or an address in a worker, and print the job; needs 'autoclip up'."""
    from interfaces.jobs import Jobs

    settings = _given_settings(mode, preset, with_amount(assignments, count=count, total=total, length=length))
    parameters = _parameters(export_top, timelines, handles, to, settings)
    place = Path(source).expanduser()
    if "://" not in source:
        existing_file(place)
    of_chat = chat_parameters(place, chat, chat_offset)
    with Jobs() as jobs:
        if place.is_dir():
            _require_outside(to, place)
            job = jobs.submit("process-folder", parameters | {"folder": str(full_path(place))})
        else:
            address = source if "://" in source else str(full_path(place))
            job = jobs.submit("process-video", parameters | of_chat | {"source": address, "name": name})
        return _shown(jobs, job, follow=follow, json=json, quiet=quiet)


def chat_parameters(source: Path, chat: Path | None, offset_sec: float) -> dict[str, Any]:
    """Return the flow's parameters for the chat; empty if no option was given.

    Raises
    ------
    ParameterError
        If the source is a folder: one chat, or one offset, does not fit all of its videos.
    """
    said: dict[str, Any] = {"chat": str(full_path(chat))} if chat is not None else {}
    said |= {"chat_offset": offset_sec} if offset_sec else {}
    if said and source.is_dir():
        raise ParameterError("--chat and --chat-offset belong to one video, not to a folder; run its videos one by one")
    return said


def list_jobs(
    *,
    project: Annotated[str | None, typer.Option(help="Only jobs of this project.")] = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only jobs in this state: scheduled, pending, running, completed, failed, cancelled or crashed."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Maximum number of jobs, newest first.")] = 30,
    json: Json = False,
) -> None:
    """List jobs and their progress."""
    from interfaces.jobs import Jobs
    from interfaces.jobs.job import STATES

    known = sorted(set(STATES.values()))
    if state is not None and state not in known:
        raise ParameterError(f"there is no state {state!r}; choose one of {', '.join(known)}")
    with Jobs() as jobs:
        page = jobs.page(project_id=project, state=state, limit=limit)
    if json:
        print_json({"jobs": [job.model_dump(mode="json") for job in page.items], "total": page.total})
        return
    rows = [
        (job.id, job.name, job.state, f"{job.progress:.0f} %", job.error or job.stage, _when(job)) for job in page.items
    ]
    print_table("", ("job", "name", "state", "done", "stage", "begun"), rows, numeric=("done",))


def show_job(job_id: JobId, *, follow: Follow = False, json: Json = False, quiet: Quiet = False) -> int:
    """Show one job, or with --follow, its progress until it ends."""
    from interfaces.jobs import Jobs

    with Jobs() as jobs:
        return _shown(jobs, _found(jobs, job_id), follow=follow, json=json, quiet=quiet)


def cancel(job_id: JobId, *, json: Json = False) -> int:
    """Stop a job; its project stays in its last good state."""
    from interfaces.jobs import Jobs

    with Jobs() as jobs:
        job = jobs.cancel(_found(jobs, job_id).id)
        for now in jobs.follow(job.id):
            job = now
        _print(job, json=json)
    return 0 if job.state == "cancelled" else FAILED


def retry(job_id: JobId, *, follow: Follow = False, json: Json = False, quiet: Quiet = False) -> int:
    """Run a failed or stopped job again, without repeating finished stages."""
    from interfaces.jobs import Jobs

    with Jobs() as jobs:
        job = jobs.retry(_found(jobs, job_id).id)
        return _shown(jobs, job, follow=follow, json=json, quiet=quiet)


def watch(
    folder: Annotated[Path, typer.Argument(help="Folder to watch, with its subfolders.")],
    *,
    pattern: Annotated[str, typer.Option(help="Pattern of file names, as in a shell.")] = "*",
    every: Annotated[float, typer.Option(min=5, max=86400, help="Seconds between checks.")] = 60.0,
    export_top: Top = 0,
    timelines: Timelines = None,
    handles: Handles = 0.0,
    to: To = None,
    mode: Mode = None,
    preset: Preset = None,
    count: Count = None,
    total: Total = None,
    length: Length = None,
    assignments: Assignments = None,
) -> None:
    """Process every new video in a folder until Ctrl-C; needs 'autoclip up'."""
    from interfaces.folder_watch import watch_folder
    from interfaces.jobs import Jobs

    watched = {"folder": str(full_path(existing_file(folder.expanduser()))), "pattern": pattern}
    settings = _given_settings(mode, preset, with_amount(assignments, count=count, total=total, length=length))
    parameters = watched | _parameters(export_top, timelines, handles, to, settings)
    _require_outside(to, folder)
    say(f"watching {folder}; Ctrl-C ends it")
    with Jobs() as jobs:
        watch_folder(jobs, parameters, every, say)


def _parameters(
    top: int, timelines: list[str] | None, handles: float, to: Path | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the flows' parameters without defaults, so that the videos of a folder keep their key.

    Raises
    ------
    ParameterError, ExportError
        If a format is unknown, or `to` is useless or not writable.
    """
    from stages.output_folders import usable_folder

    for wanted in timelines or ():
        if wanted not in SUFFIXES:
            raise ParameterError(f"--timeline {wanted}: there are {', '.join(SUFFIXES)}")
    if to is not None and not top and not timelines:
        raise ParameterError(f"--to {to}: nothing is exported; add --export-top N or --timeline FORMAT")
    folder = "" if to is None else str(usable_folder(full_path(to.expanduser())))
    given = {"timelines": timelines, "handles_sec": handles, "to": folder, "settings": settings}
    return {"export_top": top} | {name: value for name, value in given.items() if value}


def _require_outside(to: Path | None, folder: Path) -> None:
    from stages.output_folders import require_outside

    if to is not None:
        require_outside(to.expanduser(), folder.expanduser())


def _given_settings(mode: str | None, preset: str | None, assignments: list[str]) -> dict[str, Any]:
    """Return the settings of this command, grouped as the flows take them; the environment supplies the rest."""
    from autoclip.settings import Settings
    from interfaces.cli.options import given_values

    flat = given_values(mode, preset, assignments)
    checked = Settings.from_flat(flat).model_dump(mode="json")
    given: dict[str, Any] = {}
    for parameter in Settings.parameters():
        if parameter.name in flat and parameter.group in checked:
            given.setdefault(parameter.group, {})[parameter.name] = checked[parameter.group][parameter.name]
        elif parameter.name in flat:
            given[parameter.name] = checked[parameter.name]
    return given


def _found(jobs: Jobs, job_id: str) -> Job:
    """Return a job by its id or the beginning of it."""
    if len(job_id) >= 36:  # noqa: PLR2004 - a UUID's length
        return jobs.get(job_id)
    matching = [job for job in jobs.page(limit=200).items if job.id.startswith(job_id.lower())]
    if len(matching) > 1:
        raise ParameterError(f"{len(matching)} jobs begin with {job_id!r}; give more of the id")
    return matching[0] if matching else jobs.get(job_id)


def _shown(jobs: Jobs, job: Job, *, follow: bool, json: bool, quiet: bool) -> int:
    """Print a job, now or when it has ended; the exit code shows whether it, or a part of it, failed."""
    if follow:
        job = _followed(jobs, job, quiet=quiet)
    _print(job, json=json)
    failed = job.state in {"failed", "crashed", "cancelled"} or job.result.failures
    return FAILED if failed and follow else 0


def _followed(jobs: Jobs, job: Job, *, quiet: bool) -> Job:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    if not quiet and not job.ended:
        say(f"job {job.id}: {job.name}; it goes on if this command ends, and 'autoclip cancel {job.id[:8]}' stops it")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=MESSAGES, disable=quiet or not MESSAGES.is_terminal) as bars:
        bar = bars.add_task(job.state, total=100.0)
        for now in jobs.follow(job.id):
            job = now
            bars.update(bar, completed=now.progress, description=f"{now.state}  {visible(now.stage[:60])}")
    return job


def _print(job: Job, *, json: bool) -> None:
    if json:
        print_json(job.model_dump(mode="json"))
        return
    lines = [("job", job.id), ("name", job.name), ("state", f"{job.state}, {job.progress:.0f} %"), ("stage", job.stage)]
    lines += [("error", job.error)] if job.error else []
    lines += [("project", job.project_id)] if job.project_id else []
    lines += [("clips", str(job.result.clips))] if job.result.clips is not None else []
    lines += [("file", str(path)) for path in job.result.files]
    print_table("", ("", ""), lines)


def _when(job: Job) -> str:
    begun = job.started_at or job.created_at
    return begun.astimezone().strftime("%Y-%m-%d %H:%M:%S") if begun else ""
