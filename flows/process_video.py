"""The flow that does everything for one video."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from autoclip.errors import DownloadError, ExportError, ParameterError
from autoclip.export.interchange.formats import TimelineFormat
from autoclip.settings import ExportSettings, Settings
from flows.analysis import ANALYSIS_PLAN, Analyzed, analyze_registered, name_after_project, sole_writer
from flows.analyze import clip_count
from flows.artifacts import publish_report_and_thumbnails
from flows.batch import Item, publish_summary, run_items
from flows.clip_table import publish_clip_table
from flows.job_flow import ended, exported, job_flow, label, own_run_id
from flows.parameters import (
    ChatOffset,
    ChatPath,
    Handles,
    OpenDownloadSettings,
    OpenExportSettings,
    OpenSettings,
    OutputFolder,
    chosen_settings,
    output_folder,
)
from stages.download_settings import DownloadSettings
from stages.results import RegisteredVideo
from stages.write_timelines import WrittenTimeline
from storage.catalog import Export
from tasks.download_video import download_video, project_of_address, videos_at
from tasks.export_clips import best_clips, export_clips
from tasks.progress_reporter import ProgressReporter
from tasks.register_video import register_video
from tasks.source_video import chat_named
from tasks.write_timelines import write_timelines

AT_ONCE = 2
"""Number of a playlist's videos that are downloaded at the same time; sites treat more as a bot."""
DOWNLOAD_SHARE = 30.0
EXPORT_SHARE = 40.0
"""Shares of a download and of a few exports in the total time, with 100 for the analysis.

The second was measured with arena_180s.mp4; the first is an estimate that depends on the connection.
"""


@dataclass(frozen=True, slots=True)
class ProcessedVideo(Analyzed):
    """An analyzed project with its exports, best first, and timelines; each may have failed."""

    exports: tuple[Export, ...]
    timelines: tuple[WrittenTimeline, ...] = ()


@dataclass(frozen=True, slots=True)
class Exporting:
    """How many of the best clips are exported, how, and to which folder; None: the project's."""

    top: int
    settings: ExportSettings
    folder: Path | None


@job_flow("process-video", "Everything for one video: fetch it, find its highlights, export the best")
async def process_video(  # noqa: PLR0917 - the fields of Prefect's form
    source: Annotated[str, Field(min_length=1, max_length=4096)],
    name: Annotated[str, Field(max_length=500)] = "",
    settings: OpenSettings = Settings(),  # noqa: B008 - frozen
    export_top: Annotated[int, Field(ge=0, le=1000)] = 0,
    export: OpenExportSettings = ExportSettings(),  # noqa: B008 - frozen
    fetch: OpenDownloadSettings = DownloadSettings(),  # noqa: B008 - frozen
    timelines: tuple[TimelineFormat, ...] = (),
    to: OutputFolder = "",
    handles_sec: Handles = 0.0,
    chat: ChatPath = "",
    chat_offset: ChatOffset = 0.0,
) -> State[Any]:
    """Take a video from its file or address to its clips in the catalog, with thumbnails and a report.

    A file whose content is in the catalog belongs to that project. The videos of a playlist become separate jobs.

    Args:
        source: Path of a video file on the worker's machine, or the address of a video, playlist or channel.
        name: What to call the project; empty: after the file or by its title.
        settings: How to extract and select; settings left empty come from the worker's environment.
        export_top: Export this many of the best clips; 0 exports none.
        export: How to render and name the exports.
        fetch: How to download, if the source is an address.
        timelines: Write the clips down beside the exports for editing programs: otio, edl, fcpxml, xmeml.
        to: Folder the exports go to, on the worker's machine; empty: where the project's exports go.
        handles_sec: Seconds before and after each clip in timelines for editing programs.
        chat: Path of the stream's chat on the worker's machine; empty: the one beside the video, or that of its site.
        chat_offset: Seconds to add to the chat's times to match those of the video.
    """
    folder, named = output_folder(to), chat_named(chat)
    chosen = chosen_settings(settings)
    with ProgressReporter(own_run_id(), _plan(source, export_top)) as report:
        if is_address(source) and (entries := videos_at(source, fetch)) is not None:
            _require_no_entry(source)
            _require_no_chat(chat, chat_offset)
            given = {"settings": chosen, "export_top": export_top, "export": export, "fetch": fetch}
            given |= {"timelines": timelines, "to": to, "handles_sec": handles_sec}
            items = [Item(e.title, {"source": e.url, "name": e.title, **_as_json(given)}) for e in entries]
            return await publish_summary(await run_items(items, AT_ONCE, report, "download", queue="entries"))
        video = await _registered(source, name, fetch, report)
        await name_after_project(video.project_id, "process")
        done = _processed(video.with_chat(named, chat_offset), chosen, Exporting(export_top, export, folder), report)
        if timelines:
            written = write_timelines(video.project_id, chosen.segmentation_mode, timelines, folder, handles_sec)
            done = replace(done, timelines=written)
    return await _ended(done, export_top)


def is_address(source: str) -> bool:
    """Whether a source is an address to download, not a path."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", source) is not None


async def _registered(source: str, name: str, fetch: DownloadSettings, report: ProgressReporter) -> RegisteredVideo:
    """Register the video of a file, or download that of an address."""
    if not is_address(source):
        return register_video(Path(source), name)
    project_id = project_of_address(source, title=name) if _is_entry() else project_of_address(source, name)
    await name_after_project(project_id, "process")
    with sole_writer(project_id, report, "download"):
        return download_video(project_id, fetch)


def _require_no_entry(source: str) -> None:
    """Refuse a playlist within a playlist: while waiting for its videos, it would block the slot they need."""
    if _is_entry():
        raise DownloadError(source, "is a playlist within a playlist; start it by itself")


def _require_no_chat(chat: str, offset_sec: float) -> None:
    """Refuse one chat, or one offset, for all videos of a playlist."""
    if chat or offset_sec:
        raise ParameterError("chat and chat_offset belong to one video, not to a playlist; start its videos one by one")


def _is_entry() -> bool:
    """Return whether this run belongs to a playlist, whose site supplied its name, or to a folder."""
    return any(tag.startswith("batch:") for tag in flow_run.tags)


def _plan(source: str, export_top: int) -> dict[str, float]:
    plan = {"download": DOWNLOAD_SHARE} if is_address(source) else {}
    return plan | ANALYSIS_PLAN | ({"export": EXPORT_SHARE} if export_top else {})


def _processed(
    video: RegisteredVideo, settings: Settings, wanted: Exporting, report: ProgressReporter
) -> ProcessedVideo:
    analyzed = analyze_registered(video, settings, report)
    exports: tuple[Export, ...] = ()
    best = best_clips(video.project_id, settings.segmentation_mode, wanted.top) if wanted.top else ()
    if best:
        exports = export_clips(video, best, wanted.settings, wanted.folder)
    return ProcessedVideo(analyzed.project, analyzed.selection, exports)


async def _ended(done: ProcessedVideo, export_top: int) -> State[ProcessedVideo]:
    """Attach the table and the numbers to the run, and end it; it fails if every export failed."""
    failed = [f"{record.name}: {record.error}" for record in done.exports if record.state != "completed"]
    unwritten = [f"no {timeline.format}: {timeline.error}" for timeline in done.timelines if timeline.path is None]
    warnings = (*done.warnings, *(f"not exported: {reason}" for reason in failed), *unwritten)
    await publish_clip_table(done.project, done.clips_file, done.exports, warnings)
    await publish_report_and_thumbnails(done.project, done.clips_file)
    made = len(done.exports) - len(failed)
    await label(clips=len(done.clips_file.clips), **exported(done.exports))
    facts = [clip_count(done.clips_file), *([f"{made} exported"] if export_top else [])]
    if failed and not made:
        raise ExportError(f"{facts[0]}, but none of {len(failed)} exports succeeded; first: {failed[0]}")
    return ended(facts, done, warnings=warnings)


def _as_json(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.model_dump(mode="json") if hasattr(value, "model_dump") else value for name, value in given.items()
    }
