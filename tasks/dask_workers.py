"""The tasks that extract the features of a long video in ranges on dask's workers, on any machine.

The workers have only the catalog and the store in common with the machine of the job: each fetches the video from the
store, unless it is a shared path, and stores the range that it measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner

from autoclip.errors import ParameterError, ServiceError
from autoclip.media.decoding.ranges import DecodeRange
from autoclip.progress import Progress, ProgressListener
from autoclip.range_extraction.measurement import range_path
from autoclip.range_extraction.processes import lost_too_often
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from stages.extract_ranges import LONG_SEC, ranges_folder
from stages.results import RegisteredVideo
from storage.environment import read_environment
from storage.project_files import StoredRanges
from tasks.measure_ranges import (
    AudioOutcome,
    RangeOutcome,
    RangeWork,
    audio_outcome,
    in_ranges,
    merged,
    range_outcome,
    stopped_if,
)
from tasks.places import data_folder, project_folder
from tasks.stage_task import mark_as_cached, stage_task

WORKERS = 6
"""Number of workers that a long video is divided for: more gain nothing, because the audio and the merge are not
divided (docs/decisions/0019-ranges-of-one-video.md).
"""

ASK_SEC = 5.0
"""Seconds between two questions whether the job of a range still runs."""


@stage_task("measure-range", "Decode the frames of one range of a long video on any machine, unless that is done")
def measure_range_anywhere(source: RegisteredVideo, settings: ExtractionSettings, part: DecodeRange) -> RangeOutcome:
    """Measure the frames of a range, and store them.

    Parameters
    ----------
    source : RegisteredVideo
        The video, with its paths on the machine of the job.
    settings : ExtractionSettings
        What to extract and how.
    part : DecodeRange
        The range.

    Raises
    ------
    MediaError, StorageError
        See `autoclip.range_extraction.measurement.measure_range`.
    """
    own, stored = _here(source), stored_ranges(source)
    folder = ranges_folder(own) / "measured"  # not where the machine of the job, which may be this one, merges
    path = range_path(folder, part, settings)
    if stored.has(path):
        mark_as_cached()
        return RangeOutcome(path)
    outcome = range_outcome(own, settings, part, folder, _while_job_runs())
    if outcome.path is not None:
        stored.put(path)
        path.unlink(missing_ok=True)
    return outcome


@stage_task("measure-audio", "Decode the audio of a long video on any machine")
def measure_audio_anywhere(source: RegisteredVideo, settings: ExtractionSettings) -> AudioOutcome:
    """Measure all audio; parameters and errors are those of `measure_range_anywhere`."""
    return audio_outcome(_here(source), settings, _while_job_runs())


def on_dask_workers(source: RegisteredVideo, settings: ExtractionSettings, on_progress: ProgressListener) -> Features:
    """Extract the features in ranges, each as its own task run on one of dask's workers; short videos in one pass.

    Raises
    ------
    MediaError, StorageError
        See `autoclip.extraction.extract`.
    ParameterError
        If there is no store, or the extra is not installed.
    ServiceError
        If dask's scheduler does not answer.
    """
    stored = stored_ranges(source)
    default = WORKERS if source.video.duration_sec >= LONG_SEC else 1
    workers = max(default, read_environment().extraction_processes)
    features = in_ranges(source, settings, on_progress, workers, _measured)
    if workers > 1:
        stored.remove()
    return features


def stored_ranges(source: RegisteredVideo) -> StoredRanges:
    """Return the ranges of a video in the store; raise `ParameterError` without a store."""
    store = data_folder().store
    if store is None:
        raise ParameterError(
            "AUTOCLIP_DASK_SCHEDULER needs a store for what its workers measure; set AUTOCLIP_STORE_URL, too"
        )
    return StoredRanges(store, source.project_id, source.fingerprint)


def _here(source: RegisteredVideo) -> RegisteredVideo:
    """Return a video with its paths on this machine; one outside the project's folder is a shared path."""
    root, path = project_folder(source.project_id).root, source.video.path
    if path.is_relative_to(source.root):
        path = root / path.relative_to(source.root)
    return replace(source, root=root, video=source.video.model_copy(update={"path": path}))


def _measured(work: RangeWork) -> Features:
    folder, stored = ranges_folder(work.source), stored_ranges(work.source)
    paths = {range_path(folder, part, work.settings) for part in work.ranges}

    def fetched(path: Path) -> Path:
        if folder / path.name not in paths:
            raise ServiceError(
                "a worker of dask has another version of autoclip; install the same one on every machine"
            )
        stored.get(folder / path.name)
        return folder / path.name

    with _runner(read_environment().dask_scheduler, work.source) as runner:
        reporting = replace(work, on_progress=_reporting_missing_workers(runner, work.on_progress))
        return merged(reporting, runner, measure_range_anywhere, measure_audio_anywhere, fetched)


def _reporting_missing_workers(runner: TaskRunner[Any], on_progress: ProgressListener) -> ProgressListener:
    """Return a listener that says so while dask's scheduler has no worker."""
    asked, workers = -ASK_SEC, 0

    def listen(progress: Progress) -> None:
        nonlocal asked, workers
        now = time.monotonic()
        if now - asked >= ASK_SEC:
            asked, workers = now, len(runner.client.nthreads())  # type: ignore[attr-defined]  # dask's runner has it
        waiting = replace(progress, message="waiting for a worker of dask")
        on_progress(progress if workers else waiting)

    return listen


@contextmanager
def _runner(address: str, source: RegisteredVideo) -> Iterator[TaskRunner[Any]]:
    """Connect to dask's scheduler; at the end it forgets the tasks that no worker has begun."""
    try:
        from distributed import KilledWorker  # noqa: PLC0415 - only with the extra
        from distributed.comm import CommClosedError  # noqa: PLC0415
        from prefect_dask import DaskTaskRunner  # noqa: PLC0415
    except ImportError as error:
        raise ParameterError("AUTOCLIP_DASK_SCHEDULER needs an extra: pip install 'autoclip[dask]'") from error
    with DaskTaskRunner(address=address) as runner:
        try:
            runner.client  # noqa: B018 - connects
        except OSError as error:
            raise _unreachable(address, error) from error
        try:
            yield runner
        except KilledWorker as error:
            raise lost_too_often(source.video) from error
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ServiceError:
    return ServiceError(
        f"{address}: dask's scheduler does not answer ({error}); start it, or unset AUTOCLIP_DASK_SCHEDULER; "
        "'autoclip retry' then measures only the ranges that are missing"
    )


def _while_job_runs() -> ProgressListener:
    """Return a listener that stops the work when its job has ended or is being cancelled."""
    run_id = flow_run.get_id()
    return stopped_if(lambda: bool(run_id) and _has_ended(UUID(run_id)), ASK_SEC)


def _has_ended(run_id: UUID) -> bool:
    with suppress(httpx.HTTPError), get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(run_id).state
        except ObjectNotFound:
            return True
        return state is not None and (state.is_final() or state.is_cancelling())
    return False  # the server may be restarting
