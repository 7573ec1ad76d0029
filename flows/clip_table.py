"""The Markdown artifact at the end of a run: the table of its clips."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

from autoclip.clips import Clip, ClipsFile
from autoclip.durations import clock
from storage.catalog import Export, Project
from tasks.markdown import escape_markdown
from tasks.server_access import await_until_reachable

MAX_ROWS = 500
"""Maximum number of rows: Prefect's page renders such a table immediately; the report has all clips."""


async def publish_clip_table(
    project: Project, clips_file: ClipsFile, exports: Sequence[Export] = (), warnings: Sequence[str] = ()
) -> None:
    """Attach the table to the run."""
    table = clip_table(project, clips_file, exports, warnings)
    about = f"Clips of {escape_markdown(project.name)}"
    await await_until_reachable(
        lambda: acreate_markdown_artifact(key=f"clips-{project.id}", markdown=table, description=about)
    )


def clip_table(
    project: Project, clips_file: ClipsFile, exports: Sequence[Export] = (), warnings: Sequence[str] = ()
) -> str:
    """Return the table as Markdown."""
    lines = [
        f"# {escape_markdown(project.name)}",
        "",
        f"{escape_markdown(project.path)}: {len(clips_file.clips)} clips ({clips_file.mode})",
        "",
    ]
    if clips_file.clips:
        files = {export.clip_id: export for export in exports}
        lines += _folders(exports)
        lines += ["| clip | start | end | length | quality | file | why |", "|---|---:|---:|---:|---:|---|---|"]
        lines += [_row(clip, files.get(clip.id)) for clip in clips_file.clips[:MAX_ROWS]]
    if len(clips_file.clips) > MAX_ROWS:
        lines += ["", f"... and {len(clips_file.clips) - MAX_ROWS} more in the report."]
    if warnings:
        lines += ["", "## Warnings", "", *(f"- {escape_markdown(warning)}" for warning in warnings)]
    if clips_file.message:
        lines += ["", escape_markdown(clips_file.message)]
    return "\n".join(lines) + "\n"


def _row(clip: Clip, export: Export | None) -> str:
    cells = [
        escape_markdown(clip.name),
        clock(clip.start, decimals=1),
        clock(clip.end, decimals=1),
        f"{clip.duration:.1f} s",
        f"{clip.quality_score:.2f}",
        _file(export),
        escape_markdown(clip.reason or clip.anchor_reason or ""),
    ]
    return f"| {' | '.join(cells)} |"


def _folders(exports: Sequence[Export]) -> list[str]:
    """Return where the files are, once, because the page is narrow."""
    folders = sorted({str(export.path.parent) for export in exports if export.state == "completed" and export.path})
    return [f"Exported to {', '.join(map(escape_markdown, folders))}", ""] if folders else []


def _file(export: Export | None) -> str:
    if export is None:
        return ""
    if export.state == "completed" and export.path:
        return escape_markdown(export.path.name) + (f" ({escape_markdown(export.note)})" if export.note else "")
    return f"{export.state}: {escape_markdown(export.error or '')}"
