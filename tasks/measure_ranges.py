"""The tasks that extract the features of a long video in ranges, in processes of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from prefect import Task
from prefect.futures import PrefectWrappedFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from autoclip.errors import system_errors
from autoclip.media.decoding.ranges import DecodeRange, RangeError
from autoclip.progress import Progress, ProgressListener
from autoclip.range_extraction.measurement import MeasuredAudio, merge, plan
from autoclip.range_extraction.measurement import measure_audio as measure_whole_audio
from autoclip.range_extraction.measurement import measure_range as measure_one_range
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
class AudioOutcome:
    """The measured audio, or why it can't be measured separately from the video."""

    audio: MeasuredAudio | None = None
    reason: str = ""


@stage_task("measure-range", "Decode the frames of one range of a long video, unless that is done")
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
    return range_outcome(source, settings, part, folder, _while_not_stopped(folder))


@stage_task("measure-audio", "Decode the audio of a long video whose frames are measured in ranges")
def measure_audio(source: RegisteredVideo, settings: ExtractionSettings) -> AudioOutcome:
    """Measure all audio; parameters and errors are those of `measure_range`."""
    return audio_outcome(source, settings, _while_not_stopped(ranges_folder(source)))


def range_outcome(
    source: RegisteredVideo, settings: ExtractionSettings, part: DecodeRange, folder: Path, listen: ProgressListener
) -> RangeOutcome:
    """Measure a range of a video of this machine into a folder, with its share of the decoders."""
    threads = decoders_in_each(wanted_processes(source))
    with registered_video(source):
        try:
            return RangeOutcome(measure_one_range(source.video, settings, part, folder, listen, decoders=threads))
        except RangeError as reason:
            return RangeOutcome(reason=str(reason))


def audio_outcome(source: RegisteredVideo, settings: ExtractionSettings, listen: ProgressListener) -> AudioOutcome:
    """Measure all audio of a video of this machine."""
    with registered_video(source):
        try:
            return AudioOutcome(measure_whole_audio(source.video, settings, listen))
        except RangeError as reason:
            return AudioOutcome(reason=str(reason))


def in_tasks(source: RegisteredVideo, settings: ExtractionSettings, on_progress: ProgressListener) -> Features:
    """Extract the features in ranges, each as its own task run in a process of this machine.

    Raises
    ------
    MediaError, StorageError
        See `autoclip.extraction.extract`.
    """
    processes = wanted_processes(source)
    return in_ranges(source, settings, on_progress, processes, partial(_in_processes, processes))


@dataclass(frozen=True, slots=True)
class RangeWork:
    """A video that was divided into ranges; each runner of tasks measures them in its own way."""

    source: RegisteredVideo
    settings: ExtractionSettings
    ranges: tuple[DecodeRange, ...]
    on_progress: ProgressListener


def in_ranges(
    source: RegisteredVideo,
    settings: ExtractionSettings,
    on_progress: ProgressListener,
    workers: int,
    measure: Callable[[RangeWork], Features],
) -> Features:
    """Extract the features in ranges for a number of workers; in one pass if that is faster or required."""
    if workers == 1:
        return in_one_pass(source, settings, on_progress)
    try:
        ranges = plan(source.video, settings, range_count(source.video.duration_sec, workers), on_progress)
        features = measure(RangeWork(source, settings, ranges, on_progress))
    except RangeError as reason:
        run_logger().info("%s: measured in one pass: %s", source.name, reason)
        features = in_one_pass(source, settings, on_progress)
    remove_ranges(source)
    return features


def wanted_processes(source: RegisteredVideo) -> int:
    """Return how many processes measure a video; 1 means one pass."""
    return read_environment().extraction_processes or paying_processes(source.video.duration_sec)


def _in_processes(processes: int, work: RangeWork) -> Features:
    """Measure the remaining ranges, and repeat if a process is lost; completed ranges are files."""
    with _stopped_together(ranges_folder(work.source)):
        for attempt in range(ATTEMPTS):
            try:
                with LossWatch() as watch, ProcessPoolTaskRunner(processes, initializer=exit_with_parent) as runner:
                    watch.follow(cast("ProcessPoolExecutor", runner._executor))  # noqa: SLF001 - can be had nowhere else
                    watched = replace(work, on_progress=_until_lost(watch, work.on_progress))
                    return merged(watched, runner, measure_range, measure_audio)
            except BrokenProcessPool:
                lost = f"{work.source.name}: a process was lost"
                run_logger().warning("%s; attempt %d of %d", lost, attempt + 1, ATTEMPTS)
    raise lost_too_often(work.source.video)


def _until_lost(watch: LossWatch, on_progress: ProgressListener) -> ProgressListener:
    """Return a listener that ends the work when a process is lost: the pool may never say so."""

    def listen(progress: Progress) -> None:
        if watch.lost:
            raise BrokenProcessPool("a process ended")
        on_progress(progress)

    return listen


def merged(
    work: RangeWork,
    runner: TaskRunner[Any],
    range_task: Task[..., Any],
    audio_task: Task[..., Any],
    here: Callable[[Path], Path] = lambda path: path,
) -> Features:
    """Measure the ranges and the audio with a runner of tasks, and merge them.

    Parameters
    ----------
    work : RangeWork
        The ranges.
    runner : TaskRunner
        Runs the tasks.
    range_task, audio_task : Task
        The tasks, such as `measure_range` and `measure_audio`.
    here : callable
        Called with the path of a measured range; returns its path on this machine.
    """
    given = {"source": work.source, "settings": work.settings}
    audio = runner.submit(audio_task, given)
    ranges = [runner.submit(range_task, {**given, "part": part}) for part in work.ranges]
    paths = (here(path) for path in _paths(work, ranges))
    return merge(work.source.video, work.settings, paths, lambda: _audio(work, audio))


def _paths(work: RangeWork, futures: Sequence[PrefectWrappedFuture[RangeOutcome, Any]]) -> Iterator[Path]:
    """Yield the files of the ranges in order, each as soon as it exists."""
    packets = [part.packets for part in work.ranges]
    for number, future in enumerate(futures):
        done = sum(packets[:number]) / sum(packets)
        outcome: RangeOutcome = _result(future, work, done)
        if outcome.path is None:
            raise RangeError(outcome.reason)
        yield outcome.path


def _audio(work: RangeWork, future: PrefectWrappedFuture[AudioOutcome, Any]) -> MeasuredAudio:
    outcome: AudioOutcome = _result(future, work, 0.99)
    if outcome.audio is None:
        raise RangeError(outcome.reason)
    return outcome.audio


def _result(future: PrefectWrappedFuture[Any, Any], work: RangeWork, done: float) -> Any:  # noqa: ANN401
    """Wait for a task; the listener is called several times a second, and may raise to stop everything."""
    progress = Progress("extract", done, f"measuring {len(work.ranges)} ranges side by side")
    while True:
        work.on_progress(progress)
        is_done = future.wrapped_future.done()
        try:
            future.wait(timeout=_WAIT_SEC)
        except OSError as error:  # errors of the task come as its result: this pool broke while it started a process
            raise BrokenProcessPool(str(error)) from error
        if is_done:
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
        with suppress(OSError):  # the folder may be gone, or the disk full; the processes end with this one, too
            stop.touch()
        raise


def _while_not_stopped(folder: Path) -> ProgressListener:
    """Return a listener that stops the work if the stop file exists."""
    return stopped_if((folder / STOP_FILE).exists, LOOK_SEC)


def stopped_if(is_stopped: Callable[[], bool], period_sec: float) -> ProgressListener:
    """Return a listener that stops the work of a range if a question, asked once in a period, is answered by yes."""
    asked = time.monotonic()

    def listen(_progress: Progress) -> None:
        nonlocal asked
        now = time.monotonic()
        if now - asked >= period_sec:
            asked = now
            if is_stopped():
                raise RunCancelledError("the extraction that this range belongs to was stopped")

    return listen
