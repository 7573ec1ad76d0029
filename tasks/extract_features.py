"""The task that extracts a video's features in a long decode pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from autoclip.progress import Progress
from autoclip.settings import ExtractionSettings
from stages.extract_features import extract_features as extract
from stages.results import ExtractedFeatures, RegisteredVideo
from storage.data_folder import require_space
from storage.environment import read_environment
from tasks.dask_workers import on_dask_workers
from tasks.machine_limits import decoding
from tasks.measure_ranges import in_tasks
from tasks.progress_reporter import report_progress
from tasks.source_video import named_chat, registered_video
from tasks.stage_task import mark_as_cached, run_logger, stage_task

FEATURE_BYTES_PER_SEC = 4_000
"""Disk space for the features of a second of video, in bytes: 577 KiB for 4 hours of 9 signals at 0.5 s steps
(measured) are 41 bytes per second; steps of 0.05 s, the loudness envelope and a margin of four make it a hundred times
as much.
"""


@stage_task("extract-features", "Decode the video and its audio in one pass, unless that is done")
def extract_features(source: RegisteredVideo, settings: ExtractionSettings | None = None) -> ExtractedFeatures:
    """Extract the features of a video into its folder, unless they exist.

    Parameters
    ----------
    source : RegisteredVideo
        The video.
    settings : ExtractionSettings, optional
        What to extract and how; by default from this machine's environment.

    Raises
    ------
    MediaError, StorageError
        See `stages.extract_features.extract_features`.
    """
    environment = read_environment()
    chosen = settings or environment.settings.extraction
    measure = on_dask_workers if environment.dask_scheduler else in_tasks
    begun = time.monotonic()

    @contextmanager
    def decode_slot() -> Iterator[None]:
        nonlocal begun
        require_space(source.root, int(FEATURE_BYTES_PER_SEC * source.video.duration_sec))
        report_progress(Progress("extract", 0.0, "waiting for a free decoder"))
        with decoding(report_progress):
            run_logger().info("%s: waited %.1f s for a free decoder", source.name, time.monotonic() - begun)
            begun = time.monotonic()
            yield

    with registered_video(source), named_chat(source.chat):
        features = extract(source, chosen, report_progress, decode_slot=decode_slot, measure=measure)
    _tell(features, time.monotonic() - begun)
    return features


def _tell(features: ExtractedFeatures, took_sec: float) -> None:
    """Log whether the features existed, under which key, or how fast they were extracted."""
    log, source = run_logger(), features.source
    if features.reused:
        mark_as_cached()
        log.info("%s: features already exist (key %s)", source.name, features.key)
    else:
        speed = source.video.duration_sec / max(took_sec, 1e-3)
        log.info(
            "%s: features extracted in %.1f s, %.1fx real time (key %s)", source.name, took_sec, speed, features.key
        )
    for warning in features.warnings[len(source.video.warnings) :]:
        log.warning("%s: %s", source.name, warning)
