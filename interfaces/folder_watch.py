"""Process every new video of a folder while this process lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoclip.errors import AutoclipError, system_errors
from interfaces.jobs import Job, Jobs
from stages.find_videos import find_videos

MIN_AGE_SEC = 10.0
"""A file changed less than this many seconds ago may still be written; the same value as in the flow."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file at the time of a check; a rewritten file is a different one."""

    path: Path
    size_bytes: int
    changed_ns: int


def watch_folder(jobs: Jobs, parameters: Mapping[str, Any], every_sec: float, say: Callable[[str], None]) -> None:
    """Start a ``process-folder`` job whenever a folder has something new, until interrupted.

    A check only lists the folder. A job is started only if a file was added or changed, so that weeks of watching do
    not fill Prefect's page. The job recognizes processed videos by their content.

    Parameters
    ----------
    jobs : Jobs
        The jobs.
    parameters : mapping
        Parameters of ``process-folder``; ``folder`` is the folder to watch.
    every_sec : float
        Time between two checks.
    say : callable
        Called with the outcome of each job, and if the service or folder is temporarily unavailable.

    Raises
    ------
    NotFoundError, StorageError, ServiceError
        If the folder or the service is unavailable at the start.
    """
    root, pattern = Path(parameters["folder"]), str(parameters.get("pattern", "*"))
    seen: frozenset[SeenFile] = frozenset()
    looked = False
    while True:
        try:
            found = settled_files(root, pattern)
            if found - seen:
                job = _processed(jobs, parameters)
                say(f"{job.error or job.stage} (autoclip job {job.id[:8]})")
                seen = found if job.state in {"completed", "failed"} else seen
            looked = True
        except AutoclipError as error:
            if not looked:
                raise
            say(f"{error}; looking again in {every_sec:.0f} s")
        time.sleep(every_sec)


def settled_files(root: Path, pattern: str) -> frozenset[SeenFile]:
    """List the videos below a folder that are no longer being written.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    StorageError
        If it can't be read, such as a network drive that was disconnected.
    """
    seen = set()
    with system_errors(root):
        found = find_videos(root, pattern, recursive=True, min_age_sec=MIN_AGE_SEC)
    for candidate in found:
        with suppress(OSError):  # it was removed meanwhile
            facts = candidate.path.stat()
            if candidate.settled:
                seen.add(SeenFile(candidate.path, facts.st_size, facts.st_mtime_ns))
    return frozenset(seen)


def _processed(jobs: Jobs, parameters: Mapping[str, Any]) -> Job:
    """Run the job to its end."""
    job = jobs.submit("process-folder", parameters, name=f"watch {Path(parameters['folder']).name}")
    for now in jobs.follow(job.id):
        job = now
    return job
