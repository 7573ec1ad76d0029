"""Extract the features of one video in several processes of this machine.

The threads of one process can use about two cores. Beyond that they wait for Python's global interpreter lock, which
processes don't share.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from autoclip.errors import MediaError
from autoclip.extraction import extract
from autoclip.media.decoding.one_pass import available_cores
from autoclip.media.decoding.ranges import DecodeRange, RangeError
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.range_extraction.measurement import measure_audio, measure_range, merge, plan
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from autoclip.system.process_pools import LossWatch
from autoclip.system.processes import exit_with_parent

RANGE_SEC = 300.0
"""Target length of a range in a long video.

Each range costs its lead-in and a new decoder, and a lost range is measured again.
"""

MAX_RANGES_A_PROCESS = 8

ATTEMPTS = 3
"""How many times a process may be lost (killed, out of memory) before the work fails."""

_WAIT_SEC = 0.2

Outcome = TypeVar("Outcome")
_spawning = multiprocessing.get_context("spawn")  # our threads and FFmpeg's don't survive a fork
_shared: tuple[Event, Any] | None = None


class _Stopped(Exception):  # noqa: N818 - a signal to our own processes, never seen outside
    """The process that requested the work has ended or cancelled it."""


def extract_in_processes(
    video: Video,
    settings: ExtractionSettings,
    processes: int,
    folder: Path,
    *,
    on_progress: ProgressListener = ignore_progress,
    on_one_pass: Callable[[str], None] = lambda _reason: None,
) -> Features:
    """Extract the features of a video in several processes; bit for bit the result of `extract`.

    The file must be at the video's path.

    A video that can't be divided is measured in one pass.

    Parameters
    ----------
    video : Video
        The probed video.
    settings : ExtractionSettings
        What to extract and how.
    processes : int
        Number of processes.
    folder : Path
        Folder that keeps measured ranges until all are done. Ranges of an earlier attempt are reused.
    on_progress : callable
        As in `extract`.
    on_one_pass : callable
        Called with the reason if the video is measured in one pass.

    Raises
    ------
    ParameterError, MediaError, StorageError
        Under the same conditions as in `extract`.
    """
    try:
        ranges = plan(video, settings, range_count(video.duration_sec, processes), on_progress)
        features = _measured(video, settings, _Work(processes, folder, ranges), on_progress)
    except RangeError as reason:
        on_one_pass(str(reason))
        return extract(video.path, video, settings, on_progress)
    on_progress(Progress("extract", 1.0))
    return features


def decoders_in_each(processes: int) -> int:
    """Return the number of decoding threads for each of `processes` processes."""
    return max(1, available_cores() // processes)


def lost_too_often(video: Video) -> MediaError:
    """Return the error for a video whose processes were lost `ATTEMPTS` times."""
    return MediaError(
        video.path, "the processes that measure it ended without an error message; check that there is enough memory"
    )


def range_count(duration_sec: float, processes: int) -> int:
    """Return the number of ranges for a number of processes."""
    return min(max(processes, round(duration_sec / RANGE_SEC)), MAX_RANGES_A_PROCESS * processes)


@dataclass(frozen=True, slots=True)
class _Work:
    processes: int
    folder: Path
    ranges: tuple[DecodeRange, ...]

    @property
    def decoders(self) -> int:
        """Number of decoding threads in each process."""
        return decoders_in_each(self.processes)


def _measured(video: Video, settings: ExtractionSettings, work: _Work, on_progress: ProgressListener) -> Features:
    with LossWatch() as watch, _Processes(video, work, on_progress, watch) as running:
        audio = running.submit(partial(measure_audio, video, settings))
        ranges = [
            running.submit(partial(measure_range, video, settings, part, work.folder, decoders=work.decoders))
            for part in work.ranges
        ]
        return merge(video, settings, (running.result(task) for task in ranges), lambda: running.result(audio))


@dataclass(slots=True)
class _Task(Generic[Outcome]):
    number: int
    work: Callable[[ProgressListener], Outcome]
    future: Future[Outcome] = field(default_factory=Future)
    losses: int = 0


@dataclass(slots=True)
class _Processes:
    """A process pool. If a process is lost, another one repeats its task alone."""

    video: Video
    work: _Work
    on_progress: ProgressListener
    watch: LossWatch
    tasks: list[_Task[Any]] = field(default_factory=list)
    pool: ProcessPoolExecutor = field(init=False)
    stop: Event = field(init=False)
    done: Any = field(init=False)

    def __enter__(self) -> Self:
        self.stop = _spawning.Event()
        self.done = _spawning.Array("d", 1 + len(self.work.ranges), lock=False)
        self.pool = self._new_pool()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop.set()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, work: Callable[..., Outcome]) -> _Task[Outcome]:
        task = _Task(len(self.tasks), work)
        self.tasks.append(task)
        self._begin(task)
        return task

    def result(self, task: _Task[Outcome]) -> Outcome:
        """Wait for a task. The listener is called several times a second and may raise to stop everything."""
        while True:
            while not task.future.done() and not self.watch.lost:
                self.on_progress(Progress("extract", self._share_done()))
                wait_for([task.future], timeout=_WAIT_SEC)
            if not _is_lost(task.future):
                return task.future.result()
            self._renew(task)

    def _renew(self, task: _Task[Any]) -> None:
        """Restart the tasks that were running or waiting. Completed tasks stay completed."""
        task.losses += 1
        if task.losses >= ATTEMPTS:
            raise lost_too_often(self.video)
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.pool = self._new_pool()
        for other in self.tasks:
            if _is_lost(other.future):
                self._begin(other)

    def _begin(self, task: _Task[Any]) -> None:
        try:
            task.future = self.pool.submit(_run, task.number, task.work)
        except (BrokenProcessPool, OSError) as error:
            # A process ended before all tasks were submitted. If another one was just starting, its pipe is broken.
            task.future = Future()
            task.future.set_exception(BrokenProcessPool(str(error)))

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            self.work.processes, mp_context=_spawning, initializer=_set_up, initargs=(self.stop, self.done)
        )
        self.watch.follow(pool)
        return pool

    def _share_done(self) -> float:
        packets = [part.packets for part in self.work.ranges]
        done = sum(float(share) * count for share, count in zip(self.done[1:], packets, strict=True))
        return done / max(1, sum(packets))


def _is_lost(future: Future[Any]) -> bool:
    """Whether a task has to be done again: its process was lost, or the pool that should tell what became of it."""
    return not future.done() or future.cancelled() or isinstance(future.exception(), BrokenProcessPool)


def _set_up(stop: Event, done: Any) -> None:  # noqa: ANN401
    """Initialize a process: its parent can ask it to stop, and it ends when its parent is killed."""
    global _shared  # noqa: PLW0603 - this process does nothing else
    _shared = stop, done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal reaches all processes
    exit_with_parent()


def _run(number: int, work: Callable[..., Outcome]) -> Outcome:
    assert _shared is not None  # noqa: S101 - `_set_up` ran
    stop, done = _shared

    def tell(progress: Progress) -> None:
        if stop.is_set():
            raise _Stopped
        done[number] = max(done[number], progress.fraction)

    return work(on_progress=tell)
