"""The tasks that extract the features of a long video in ranges, in processes of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from autoclip.errors import system_errors
from autoclip.media.decoding.ranges import DecodeRange, RangeError
from autoclip.progress import Progress, ProgressListener
from autoclip.range_extraction.measurement import MeasuredSound, merge, plan
from autoclip.range_extraction.measurement import measure_range as measure_one_range
from autoclip.range_extraction.measurement import measure_sound as measure_all_sound
from autoclip.range_extraction.processes import ATTEMPTS, decoders_in_each, lost_too_often, range_count
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from autoclip.system.process_pools import LossWatch
from autoclip.system.processes import exit_with_parent
from stages.extract_features import in_one_pass
from stages.extract_ranges import paying_processes, ranges_folder, remove_ranges
from stages.results import RegisteredVideo
from storage.environment import read_environment
from tasks.progress_reporter import RunCancelledError
from tasks.source_video import registered_video
from tasks.stage_task import run_logger, stage_task

STOP_FILE = ".stop.partial"
"""Name of a file in the folder of the ranges that tells every process to stop."""

LOOK_SEC = 1.0
_WAIT_SEC = 0.5


@dataclass(frozen=True, slots=True)
class RangeOutcome:
    """The file of a measured range, or why ranges could not give the result of one pass."""

    path: Path | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SoundOutcome:
    """The measured audio, or why it can't be measured separately from the video."""

    sound: MeasuredSound | None = None
    reason: str = ""


@stage_task("measure-range", "Decode the pictures of one range of a long video, unless that is done")
def measure_range(source: RegisteredVideo, settings: ExtractionSettings, part: DecodeRange) -> RangeOutcome:
    """Measure the frames of a range into its file.

    Parameters
    ----------
    source : RegisteredVideo
        The video.
    settings : ExtractionSettings
        What to extract and how.
    part : DecodeRange
        The range.

    Raises
    ------
    MediaError, StorageError
        See `autoclip.range_extraction.measurement.measure_range`.
    """
    folder = ranges_folder(source)
    threads, listen = decoders_in_each(wanted_processes(source)), _stopping(folder)
    with registered_video(source):
        try:
            return RangeOutcome(measure_one_range(source.video, settings, part, folder, listen, decoders=threads))
        except RangeError as reason:
            return RangeOutcome(reason=str(reason))


@stage_task("measure-sound", "Decode the sound of a long video whose pictures are measured in ranges")
def measure_sound(source: RegisteredVideo, settings: ExtractionSettings) -> SoundOutcome:
    """Measure all audio; parameters and errors are those of `measure_range`."""
    with registered_video(source):
        try:
            return SoundOutcome(measure_all_sound(source.video, settings, _stopping(ranges_folder(source))))
        except RangeError as reason:
            return SoundOutcome(reason=str(reason))


def in_tasks(source: RegisteredVideo, settings: ExtractionSettings, on_progress: ProgressListener) -> Features:
    """Extract the features in ranges, each as its own task run; in one pass if that is faster or required.

    Raises
    ------
    MediaError, StorageError
        See `autoclip.extraction.extract`.
    """
    processes = wanted_processes(source)
    if processes == 1:
        return in_one_pass(source, settings, on_progress)
    try:
        ranges = plan(source.video, settings, range_count(source.video.duration_sec, processes), on_progress)
        with _stopped_together(ranges_folder(source)):
            features = _measured(_Ranges(source, settings, ranges, on_progress), processes)
    except RangeError as reason:
        run_logger().info("%s: measured in one pass: %s", source.name, reason)
        features = in_one_pass(source, settings, on_progress)
    remove_ranges(source)
    return features


def wanted_processes(source: RegisteredVideo) -> int:
    """Return how many processes measure a video; 1 means one pass."""
    return read_environment().extraction_processes or paying_processes(source.video.duration_sec)


@dataclass(frozen=True, slots=True)
class _Ranges:
    source: RegisteredVideo
    settings: ExtractionSettings
    ranges: tuple[DecodeRange, ...]
    on_progress: ProgressListener


def _measured(work: _Ranges, processes: int) -> Features:
    """Measure the remaining ranges, and repeat if a process is lost; completed ranges are files."""
    for attempt in range(ATTEMPTS):
        try:
            with LossWatch() as watch, ProcessPoolTaskRunner(processes, initializer=exit_with_parent) as runner:
                watch.follow(cast("ProcessPoolExecutor", runner._executor))  # noqa: SLF001 - it can be had nowhere else
                watched = replace(work, on_progress=_until_lost(watch, work.on_progress))
                return _merged(watched, runner)
        except BrokenProcessPool:
            run_logger().warning("%s: a process was lost; attempt %d of %d", work.source.name, attempt + 1, ATTEMPTS)
    raise lost_too_often(work.source.video)


def _until_lost(watch: LossWatch, on_progress: ProgressListener) -> ProgressListener:
    """Return a listener that ends the work when a process is lost: the pool may never say so."""

    def listen(progress: Progress) -> None:
        if watch.lost:
            raise BrokenProcessPool("a process ended")
        on_progress(progress)

    return listen


def _merged(work: _Ranges, runner: TaskRunner[Any]) -> Features:
    given = {"source": work.source, "settings": work.settings}
    sound = runner.submit(measure_sound, given)
    ranges = [runner.submit(measure_range, {**given, "part": part}) for part in work.ranges]
    return merge(work.source.video, work.settings, _paths(work, ranges), lambda: _sound(work, sound))


def _paths(work: _Ranges, futures: Sequence[PrefectFuture[RangeOutcome]]) -> Iterator[Path]:
    """Yield the files of the ranges in order, each as soon as it exists."""
    packets = [part.packets for part in work.ranges]
    for number, future in enumerate(futures):
        done = sum(packets[:number]) / sum(packets)
        outcome: RangeOutcome = _result(future, work, done)
        if outcome.path is None:
            raise RangeError(outcome.reason)
        yield outcome.path


def _sound(work: _Ranges, future: PrefectFuture[SoundOutcome]) -> MeasuredSound:
    outcome: SoundOutcome = _result(future, work, 0.99)
    if outcome.sound is None:
        raise RangeError(outcome.reason)
    return outcome.sound


def _result(future: PrefectFuture[Any], work: _Ranges, done: float) -> Any:  # noqa: ANN401
    """Wait for a task; the listener is called several times a second, and may raise to stop everything."""
    told = Progress("extract", done, f"measuring {len(work.ranges)} ranges side by side")
    while True:
        work.on_progress(told)
        try:
            future.wait(timeout=_WAIT_SEC)
        except OSError as error:  # errors of the task come as its result: this pool broke while it started a process
            raise BrokenProcessPool(str(error)) from error
        if future.state.is_final():
            return future.result()


@contextmanager
def _stopped_together(folder: Path) -> Iterator[None]:
    """Stop all processes that measure ranges if an error leaves the block."""
    stop = folder / STOP_FILE
    with system_errors():
        stop.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        stop.touch()
        raise


def _stopping(folder: Path) -> ProgressListener:
    """Return a listener that stops the work if the stop file exists, which it checks now and then."""
    looked = 0.0

    def listen(_progress: Progress) -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked >= LOOK_SEC:
            looked = now
            if (folder / STOP_FILE).exists():
                raise RunCancelledError("the extraction that this range belongs to was stopped")

    return listen
