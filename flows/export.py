"""The flows that render one or many clips and compound clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State

from autoclip.errors import ExportError, ParameterError
from autoclip.progress import share_of
from autoclip.settings import ExportSettings
from flows.analysis import name_after_project
from flows.job_flow import ended, exported, job_flow, label, own_run_id
from flows.parameters import OpenExportSettings, OutputFolder, output_folder
from storage.catalog import Export
from tasks.export_clips import export_clips
from tasks.export_compound import export_compound
from tasks.markdown import escape_rows
from tasks.places import catalog
from tasks.progress_reporter import ProgressReporter, progress_to
from tasks.register_video import open_video

PLAN = {"export": 100.0}


@job_flow("export", "Render one clip or compound clip")
async def export(
    project_id: str,
    clip_id: str | None = None,
    compound_id: str | None = None,
    settings: OpenExportSettings = ExportSettings(),  # noqa: B008 - frozen
    to: OutputFolder = "",
) -> State[tuple[Export, ...]]:
    """Render a clip or a compound clip to a file, which is checked and recorded.

    Args:
        project_id: Id of the project.
        clip_id: The clip to render; or else
        compound_id: the compound clip to render.
        settings: How to cut, encode and name it.
        to: Folder the file goes to, on the worker's machine; empty: where the project's exports go.
    """
    if (clip_id is None) == (compound_id is None):
        raise ParameterError("export: give either clip_id or compound_id")
    clips, compounds = ([clip_id] if clip_id else []), ([compound_id] if compound_id else [])
    return await _exported(project_id, clips, compounds, settings, output_folder(to))


@job_flow("export-batch", "Render many clips; one that fails does not stop the rest")
async def export_batch(  # noqa: PLR0917 - the fields of Prefect's form
    project_id: str,
    clip_ids: list[str] = [],  # noqa: B006 - never changed, and Prefect's form shows the default
    compound_ids: list[str] = [],  # noqa: B006
    settings: OpenExportSettings = ExportSettings(),  # noqa: B008 - frozen
    kept: bool = False,  # noqa: FBT001, FBT002 - a field of Prefect's form
    to: OutputFolder = "",
) -> State[tuple[Export, ...]]:
    """Render clips and compound clips, each to its own file.

    Args:
        project_id: Id of the project.
        clip_ids: Clips, in the order of their numbers; none and no compound clips: all that were not rejected.
        compound_ids: Compound clips, after the clips.
        settings: How to cut, encode and name them.
        kept: Instead of all clips only those whose verdict is `kept`.
        to: Folder the files go to, on the worker's machine; empty: where the project's exports go.
    """
    clips = clip_ids if clip_ids or compound_ids else _all_clips(project_id, kept=kept)
    if not clips and not compound_ids:
        raise ParameterError(f"project {project_id} has no clips to export; analyze it first")
    return await _exported(project_id, clips, compound_ids, settings, output_folder(to))


async def _exported(
    project_id: str, clips: Sequence[str], compounds: Sequence[str], settings: ExportSettings, folder: Path | None
) -> State[tuple[Export, ...]]:
    await name_after_project(project_id, "export")
    total = len(clips) + len(compounds)
    with ProgressReporter(own_run_id(), PLAN) as report:
        source = open_video(project_id, same=True)
        with progress_to(share_of(report, 0, len(clips), total)):
            records = export_clips(source, clips, settings, folder)
        for compound_id in compounds:
            with progress_to(share_of(report, len(records), 1, total)):
                records += (export_compound(source, compound_id, settings, folder),)
    return await _summary(records)


async def _summary(records: tuple[Export, ...]) -> State[tuple[Export, ...]]:
    """Attach a table of the files; the run fails if none was rendered."""
    rows = [
        {"file": str(record.path or record.name), "state": record.state, "note": record.error or record.note}
        for record in records
    ]
    await acreate_table_artifact(escape_rows(rows), key="exports", description="What was rendered")
    made = [record for record in records if record.state == "completed"]
    await label(**exported(records))
    if not made:
        raise ExportError(records[0].error or "nothing was rendered")
    failed = [f"not exported: {record.name}: {record.error}" for record in records if record.state != "completed"]
    facts = [f"{len(made)} exported", *([f"{len(failed)} failed"] if failed else [])]
    return ended(facts, records, warnings=failed)


def _all_clips(project_id: str, *, kept: bool) -> list[str]:
    with catalog().reading() as view:
        clips = view.clips.page(
            project_id, verdict="kept" if kept else None, without_verdict=None if kept else "rejected"
        )
    return [clip.id for clip in clips.items]
