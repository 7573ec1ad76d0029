"""Export many clips, several at once. One failure does not stop the others."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import AutoclipError
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.export.tightened import export_tightened
from autoclip.media.child_processes import kill_children
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval

_CORES_PER_EXPORT = 4
"""Number of cores that x264 veryfast keeps busy on one 1080p video.

Two exports at once also suit a smaller machine, since each spends part of its time reading, seeking and closing.
"""
_MAX_AT_ONCE = 8
_POLL_SEC = 0.2


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One file of a batch.

    Attributes
    ----------
    video : Video
        The probed source.
    interval : Interval
        The interval to cut.
    target : Path
        Path of the file.
    settings : ExportSettings
        The export settings.
    transcript : Transcript or None
        The transcript of the video, for captions.
    """

    video: Video
    interval: Interval
    target: Path
    settings: ExportSettings
    transcript: Transcript | None = None


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """The outcome of one file of a batch: a result or an error."""

    request: RenderRequest
    result: ExportResult | None = None
    error: AutoclipError | None = None


OutcomeListener = Callable[[int, ExportOutcome], None]
"""Called with the number of a request, from 0, and its outcome."""


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """The outcomes of a batch, in the order of the requests."""

    outcomes: tuple[ExportOutcome, ...]

    @property
    def results(self) -> tuple[ExportResult, ...]:
        """Return the exports that succeeded."""
        return tuple(outcome.result for outcome in self.outcomes if outcome.result is not None)

    @property
    def failures(self) -> tuple[ExportOutcome, ...]:
        """Return the requests that failed, each with its error."""
        return tuple(outcome for outcome in self.outcomes if outcome.error is not None)

    @property
    def size_bytes(self) -> int:
        """Return the total size of all files."""
        return sum(result.size_bytes for result in self.results)

    def __str__(self) -> str:
        """Return a summary line, and one more line for each failure."""
        done = f"{len(self.results)} of {len(self.outcomes)} exported, {self.size_bytes / 1e6:.1f} MB"
        return "\n".join([done, *(f"{o.request.target.name}: {o.error}" for o in self.failures)])


def export_batch(
    requests: Sequence[RenderRequest],
    on_progress: ProgressListener = ignore_progress,
    *,
    on_outcome: OutcomeListener = lambda _number, _outcome: None,
    max_concurrent: int = 0,
    ffmpeg: Path | None = None,
) -> BatchSummary:
    """Export many clips, several at once, started in order: when one ends, the next one starts.

    Parameters
    ----------
    requests : sequence of RenderRequest
        The clips to export.
    on_progress : callable
        Called in the caller's thread with the share of the batch's frames that are written. An exception it raises ends
        the batch: all running exports are killed, and no temporary file remains.
    on_outcome : callable
        Called in the caller's thread with each outcome as soon as it is known; an exception it raises ends the batch,
        too. When a batch ends early, it is still called for the finished files.
    max_concurrent : int
        How many exports run at the same time; 0 chooses by the number of cores.
    ffmpeg : Path, optional
        The ffmpeg to render with.

    Returns
    -------
    BatchSummary
        An outcome for each request. An `AutoclipError` is recorded with its request, and the others continue.
    """
    threads = _ExportThreads([_frames_expected(request) for request in requests], ffmpeg)
    with ThreadPoolExecutor(max_concurrent or default_concurrency(), thread_name_prefix="export") as pool:
        pending = [pool.submit(threads.export, number, request) for number, request in enumerate(requests)]
        waiting = dict(enumerate(pending))
        try:
            while waiting:
                threads.pass_reports_on(on_progress)
                for number in [number for number, future in waiting.items() if future.done()]:
                    on_outcome(number, waiting.pop(number).result())
            outcomes = tuple(future.result() for future in pending)
        except BaseException:
            for future in pending:
                future.cancel()
            threads.stop()
            pool.shutdown()
            _tell_of_finished(waiting, on_outcome)
            raise
    summary = BatchSummary(outcomes)
    on_progress(Progress("export", 1.0, str(summary).splitlines()[0]))
    return summary


def _tell_of_finished(waiting: Mapping[int, Future[ExportOutcome]], on_outcome: OutcomeListener) -> None:
    """Report files that got their names while the batch was being stopped."""
    for number, future in waiting.items():
        if future.done() and not future.cancelled() and future.exception() is None and future.result().result:
            on_outcome(number, future.result())


def default_concurrency() -> int:
    """Return how many exports this machine runs efficiently at once."""
    return min(_MAX_AT_ONCE, max(2, (os.cpu_count() or 1) // _CORES_PER_EXPORT))


class _ExportThreads:
    """The threads of one batch: their progress, and how they are stopped together."""

    def __init__(self, frames: list[float], ffmpeg: Path | None) -> None:
        self._ffmpeg = ffmpeg
        self._frames = frames
        self._done = [0.0] * len(frames)
        self._reports: queue.SimpleQueue[tuple[int, float]] = queue.SimpleQueue()
        self._threads: set[int] = set()
        self._stopped = threading.Event()

    def export(self, number: int, request: RenderRequest) -> ExportOutcome:
        """Export one clip, in a thread of the pool."""
        self._threads.add(threading.get_ident())

        def report(progress: Progress) -> None:
            if self._stopped.is_set() and progress.fraction < 1.0:  # a file that has its name is kept
                raise CancelledError
            self._reports.put((number, progress.fraction))

        try:
            result = export_tightened(
                request.video,
                request.interval,
                request.target,
                request.settings,
                report,
                ffmpeg=self._ffmpeg,
                transcript=request.transcript,
            )
        except AutoclipError as error:
            return ExportOutcome(request, error=error)
        finally:
            self._reports.put((number, 1.0))
        return ExportOutcome(request, result=result)

    def pass_reports_on(self, on_progress: ProgressListener) -> None:
        """Wait for a report, and pass on the progress of the whole batch."""
        try:
            number, fraction = self._reports.get(timeout=_POLL_SEC)
        except queue.Empty:
            return
        self._done[number] = max(self._done[number], fraction)
        share = sum(done * frames for done, frames in zip(self._done, self._frames, strict=True)) / sum(self._frames)
        finished = sum(done >= 1 for done in self._done)
        on_progress(Progress("export", min(share, 1.0), f"{finished} of {len(self._done)} clips"))

    def stop(self) -> None:
        """Stop running exports: their ffmpeg is killed, and their next report raises."""
        self._stopped.set()
        kill_children(self._threads)


def _frames_expected(request: RenderRequest) -> float:
    rate = request.settings.frame_rate or float(request.video.video.average_rate or 30)
    return max(1.0, request.interval.duration * rate)
