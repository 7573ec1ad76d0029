"""The flow that finds the highlights of a project's video."""

from __future__ import annotations

from prefect.client.schemas.objects import State

from autoclip.clips import ClipsFile
from autoclip.settings import Settings
from flows.analysis import ANALYSIS_PLAN, Analyzed, analyze_registered, name_after_project
from flows.artifacts import publish_report_and_thumbnails
from flows.clip_table import publish_clip_table
from flows.job_flow import ended, job_flow, label, own_run_id
from flows.parameters import ChatOffset, ChatPath, OpenSettings, chosen_settings
from tasks.progress_reporter import ProgressReporter
from tasks.register_video import open_video
from tasks.source_video import chat_named


@job_flow("analyze", "Find the highlights of a project's video")
async def analyze(
    project_id: str,
    settings: OpenSettings = Settings(),  # noqa: B008 - frozen
    chat: ChatPath = "",
    chat_offset: ChatOffset = 0.0,
) -> State[Analyzed]:
    """Analyze the video of a project, and put its clips into the catalog. Existing features are reused.

    Clips that people made or changed stay. A run with other settings repeats only the steps that depend on them.

    Args:
        project_id: Id of the project, as "autoclip projects" shows it.
        settings: How to extract and select; settings left empty come from the worker's environment.
        chat: Path of the stream's chat on the worker's machine; empty: the one beside the video.
        chat_offset: Seconds to add to the chat's times to match those of the video.
    """
    chosen, named = chosen_settings(settings), chat_named(chat)
    await name_after_project(project_id, "analyze")
    with ProgressReporter(own_run_id(), ANALYSIS_PLAN) as report:
        video = open_video(project_id).with_chat(named, chat_offset)
        analyzed = analyze_registered(video, chosen, report)
    await publish_clip_table(analyzed.project, analyzed.clips_file, warnings=analyzed.warnings)
    await publish_report_and_thumbnails(analyzed.project, analyzed.clips_file)
    await label(clips=len(analyzed.clips_file.clips))
    return ended([clip_count(analyzed.clips_file)], analyzed, warnings=analyzed.warnings)


def clip_count(clips_file: ClipsFile) -> str:
    """Return the number of clips as text, or why there is none."""
    count = len(clips_file.clips)
    if not count:
        return clips_file.message.removesuffix(".") or "no clips"
    return f"{count} clip{'s' if count != 1 else ''}"
