"""The task that measures a video: the long one, which decodes."""

from __future__ import annotations

from autoclip.progress import Progress, ProgressListener
from autoclip.settings import ExtractionSettings
from autoclip.signals.source_metadata import ReplayedSpan, SourceMetadata
from stages.measure import measure
from storage.catalog import Source
from storage.data_folder import require_space
from tasks.machine_limits import decoding
from tasks.places import catalog, fingerprint_memory, project_folder
from tasks.source_video import source_video
from tasks.stage_task import stage_task

FEATURE_BYTES_PER_SEC = 4_000
"""Room for the features of a second of video: 577 KiB for 4 hours of 9 signals at 0.5 s steps (measured) are 41 bytes
a second; steps of 0.05 s, the loudness envelope and a margin of four make it a hundred times as much."""


@stage_task("measure-video", "One decode pass over picture and sound, unless its result is already there")
def measure_video(project_id: str, settings: ExtractionSettings, on_progress: ProgressListener) -> str:
    """Have the features of a project's video in its folder; return their key.

    Raises
    ------
    NotFoundError
        If there is no such project, or its file is not there (any more).
    MediaError, StorageError
        See `stages.measure.measure`.
    """
    with catalog().reading() as view:
        project = view.projects.get(project_id)
    folder = project_folder(project_id)
    require_space(folder.root, int(FEATURE_BYTES_PER_SEC * (project.duration_sec or 0)))
    on_progress(Progress("extract", 0.0, "waiting for a free decoder"))
    with source_video(project) as path, decoding(on_progress):
        return measure(
            path, folder, settings, on_progress, fingerprint_memory(), knowledge=knowledge_of(project.source)
        ).origin.key


def knowledge_of(source: Source) -> SourceMetadata:
    """Return what a project's source told of the video: what viewers replay, and chapters."""
    return SourceMetadata(
        tuple(ReplayedSpan(span.start_sec, span.end_sec, span.value) for span in source.heatmap),
        tuple(chapter.start_sec for chapter in source.chapters),
    )
