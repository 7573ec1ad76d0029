"""The task that renders a clip, and a function that runs it for many clips, several at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from prefect.futures import PrefectFuture

from autoclip.export.batch import ExportThreads, default_concurrency
from autoclip.progress import Progress
from autoclip.settings import ExportSettings, SegmentationMode
from stages.export_clips import export_clip as export
from stages.results import RegisteredVideo
from storage.catalog import Export
from tasks.export_events import report_export
from tasks.export_job import export_job
from tasks.machine_limits import rendering
from tasks.places import catalog
from tasks.progress_reporter import RunCancelledError, current_listener, progress_to, report_progress
from tasks.source_video import registered_video
from tasks.stage_task import stage_task

POLL_SEC = 0.2
STOP_FIRST_SEC = 0.5


@stage_task("export-clip", "Render a clip to a file, unless that file is there")
def export_clip(
    source: RegisteredVideo,
    clip_id: str,
    settings: ExportSettings | None = None,
    index: int = 1,
    folder: Path | None = None,
) -> Export:
    """Render one clip of a video. A failure is recorded and returned, not raised.

    Parameters
    ----------
    source : RegisteredVideo
        The video.
    clip_id : str
        The clip.
    settings : ExportSettings, optional
        How to cut, encode and name it.
    index : int
        The clip's number among the exported ones, for its file name.
    folder : Path, optional
        Output folder, created if missing; by default the project's output folder.

    Raises
    ------
    NotFoundError
        If the project has no such clip.
    """
    job = export_job(source.project_id, settings, folder)
    with registered_video(source):
        slot = partial(rendering, report_progress)
        made = export(
            job,
            source.video,
            clip_id,
            index,
            report_progress,
            render_slot=slot,
            before_failure=_raise_if_stopping,
        )
    report_export(source, made)
    return made.record


def export_clips(
    source: RegisteredVideo,
    clip_ids: Sequence[str],
    settings: ExportSettings | None = None,
    folder: Path | None = None,
) -> tuple[Export, ...]:
    """Render clips of a video within a flow, one task each, several at once. One failure does not stop the others.

    Parameters
    ----------
    source : RegisteredVideo
        The video.
    clip_ids : sequence of str
        The clips, in the order of their numbers.
    settings : ExportSettings, optional
        How to cut, encode and name them.
    folder : Path, optional
        Output folder, as in `export_clip`.

    Returns
    -------
    tuple of Export
        The records, completed or failed, one per clip.
    """
    max_concurrent = (settings or ExportSettings()).parallel_exports or default_concurrency()
    threads, report = ExportThreads([1.0] * len(clip_ids), RunCancelledError), current_listener()
    waiting = list(enumerate(clip_ids))
    running: dict[int, PrefectFuture[Export]] = {}
    ended: SimpleQueue[int] = SimpleQueue()  # a future's `state` sends a request each time it is read
    records: dict[int, Export] = {}
    try:
        while waiting or running:
            while waiting and len(running) < max_concurrent:
                number, clip_id = waiting.pop(0)
                with progress_to(threads.listener(number)):
                    running[number] = export_clip.submit(source, clip_id, settings, number + 1, folder)
                running[number].add_done_callback(lambda _, number=number: ended.put(number))  # type: ignore[misc]
            with suppress(Empty):
                number = ended.get(timeout=POLL_SEC)
                records[number] = running.pop(number).result()
            report(threads.progress())
    except BaseException:
        threads.stop()
        for future in running.values():
            future.wait()
        raise
    report(threads.progress())
    return tuple(records[number] for number in range(len(clip_ids)))


def _raise_if_stopping() -> None:
    """Check whether a renderer failed because the whole run is being stopped.

    A signal to the run's processes ends the renderer within milliseconds, and reaches this run in its main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        time.sleep(STOP_FIRST_SEC)
    report_progress(Progress("export", 0.0))


def best_clips(project_id: str, mode: SegmentationMode, count: int) -> tuple[str, ...]:
    """Return the ids of a project's best clips in `mode`, best first, without rejected ones."""
    with catalog().reading() as view:
        clips = view.clips.page(project_id, mode=mode, sort="-quality_score", limit=count, without_verdict="rejected")
    return tuple(clip.id for clip in clips.items)
