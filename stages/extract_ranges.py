"""Extract the features of a long video in several processes of this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from autoclip.media.decoding.one_pass import available_cores
from autoclip.progress import ProgressListener
from autoclip.range_extraction.processes import extract_in_processes
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from stages.extract_features import Measurement, in_one_pass
from stages.results import RegisteredVideo

LONG_SEC = 1200.0
"""Minimum length in seconds: shorter videos take minutes, of which starting processes and reading leads is a large
share.
"""

CORES_A_PROCESS = 4
"""Number of threads in one process from which they noticeably wait for each other."""


def in_processes(processes: int, on_one_pass: Callable[[str], None] = lambda _reason: None) -> Measurement:
    """Return a function that extracts the features in several processes.

    Parameters
    ----------
    processes : int
        Number of processes; 0 chooses by the video's length and the number of cores.
    on_one_pass : callable
        Called with the reason if a video is measured in one pass although several processes were requested.
    """

    def measure(source: RegisteredVideo, settings: ExtractionSettings, on_progress: ProgressListener) -> Features:
        count = processes or paying_processes(source.video.duration_sec)
        if count == 1:
            return in_one_pass(source, settings, on_progress)
        folder = ranges_folder(source)
        features = extract_in_processes(
            source.video, settings, count, folder, on_progress=on_progress, on_one_pass=on_one_pass
        )
        remove_ranges(source)
        return features

    return measure


def paying_processes(duration_sec: float) -> int:
    """Return the number of processes that is efficient for a video of that length on this machine."""
    return max(1, available_cores() // CORES_A_PROCESS) if duration_sec >= LONG_SEC else 1


def ranges_folder(source: RegisteredVideo) -> Path:
    """Return the folder of measured ranges, which are reused until all of them exist."""
    return source.folder.root / ".ranges"


def remove_ranges(source: RegisteredVideo) -> None:
    """Remove measured ranges after merging; remaining ones are removed with other files of crashed writers."""
    with suppress(OSError):
        shutil.rmtree(ranges_folder(source))
