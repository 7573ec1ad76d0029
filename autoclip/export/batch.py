"""Export many clips, several at once. One failure does not stop the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
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


def export_batch(
    requests: Sequence[RenderRequest],
    on_progress: ProgressListener = ignore_progress,
    *,
    on_outcome: OutcomeListener = lambda _number, _outcome: None,
    max_concurrent: int = 0,
    ffmpeg: Path | None = None,
) -> tuple[ExportOutcome, ...]:
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
    tuple of ExportOutcome
        One for each request, in their order. An `AutoclipError` is recorded with its request, and the others continue.
    """
    threads = ExportThreads([_frames_expected(request) for request in requests], CancelledError)
    with ThreadPoolExecutor(max_concurrent or default_concurrency(), thread_name_prefix="export") as pool:
        pending = [
            pool.submit(_exported, request, threads.listener(number), ffmpeg) for number, request in enumerate(requests)
        ]
        waiting = dict(enumerate(pending))
        try:
            while waiting:
                wait(waiting.values(), _POLL_SEC, FIRST_COMPLETED)
                on_progress(threads.progress())
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
    done = sum(outcome.error is None for outcome in outcomes)
    on_progress(Progress("export", 1.0, f"{done} of {len(outcomes)} exported"))
    return outcomes


def _exported(request: RenderRequest, on_progress: ProgressListener, ffmpeg: Path | None) -> ExportOutcome:
    """Export one clip, in a thread of the pool."""
    try:
        result = export_tightened(
            request.video,
            request.interval,
            request.target,
            request.settings,
            on_progress,
            ffmpeg=ffmpeg,
            transcript=request.transcript,
        )
    except AutoclipError as error:
        return ExportOutcome(request, error=error)
    finally:
        on_progress(Progress("export", 1.0))
    return ExportOutcome(request, result=result)


def _tell_of_finished(waiting: Mapping[int, Future[ExportOutcome]], on_outcome: OutcomeListener) -> None:
    """Report files that got their names while the batch was being stopped."""
    for number, future in waiting.items():
        if future.done() and not future.cancelled() and future.exception() is None and future.result().result:
            on_outcome(number, future.result())


def default_concurrency() -> int:
    """Return how many exports this machine runs efficiently at once."""
    return min(_MAX_AT_ONCE, max(2, (os.cpu_count() or 1) // _CORES_PER_EXPORT))


class ExportThreads:
    """Threads that export clips: their progress together, and how they are stopped together.

    Parameters
    ----------
    lengths : sequence of float
        Share of each clip in the whole, in any unit.
    stopped : type of exception
        What a thread's next report raises after `stop`.
    """

    def __init__(self, lengths: Sequence[float], stopped: type[BaseException]) -> None:
        self._lengths, self._stopped = lengths, stopped
        self._done = [0.0] * len(lengths)
        self._threads: set[int] = set()
        self._stop = threading.Event()

    def listener(self, number: int) -> ProgressListener:
        """Return the listener of one export, which is called in the thread that exports it."""

        def listen(progress: Progress) -> None:
            self._threads.add(threading.get_ident())
            self._done[number] = max(self._done[number], progress.fraction)
            if self._stop.is_set() and progress.fraction < 1.0:  # a file that has its name is kept
                raise self._stopped("cancelled on request")

        return listen

    def progress(self) -> Progress:
        """Return the progress of all of them."""
        finished = sum(done >= 1 for done in self._done)
        written = sum(done * length for done, length in zip(self._done, self._lengths, strict=True))
        share = min(written / (sum(self._lengths) or 1.0), 1.0)
        return Progress("export", share, f"{finished} of {len(self._done)} clips")

    def stop(self) -> None:
        """Stop running exports: their ffmpeg is killed, and their next report raises."""
        self._stop.set()
        kill_children(self._threads)


def _frames_expected(request: RenderRequest) -> float:
    rate = request.settings.frame_rate or float(request.video.video.average_rate or 30)
    return max(1.0, request.interval.duration * rate)
