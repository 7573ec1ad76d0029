"""Have every video that comes into a folder processed, as long as this process lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoclip.errors import NotFoundError, ServiceError
from interfaces.jobs import Job, Jobs
from stages.find_videos import find_videos

MIN_AGE_SEC = 10.0
"""A file that changed less than this many seconds ago may still be written; as the flow itself has it."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it was when it was looked at; a rewritten file is another."""

    path: Path
    size_bytes: int
    changed_ns: int


def watch_folder(jobs: Jobs, parameters: Mapping[str, Any], every_sec: float, say: Callable[[str], None]) -> None:
    """Start a ``process-folder`` job whenever there is something new in a folder; until interrupted.

    Looking costs this process a listing; a job is made only when a file has come or changed, so that weeks of watching
    do not fill Prefect's page. What was processed before is told by content, in the job.

    Parameters
    ----------
    jobs : Jobs
        Where to start them.
    parameters : mapping
        Of ``process-folder``; ``folder`` is the one to watch.
    every_sec : float
        Time between two looks.
    say : callable
        Told what became of each job, and of a service or folder that is away for a while.

    Raises
    ------
    NotFoundError, ServiceError
        If the folder or the service is not there at the beginning.
    """
    root, pattern = Path(parameters["folder"]), str(parameters.get("pattern", "*"))
    seen: frozenset[SeenFile] = frozenset()
    while True:
        try:
            found = settled_files(root, pattern)
            if found - seen:
                job = _processed(jobs, parameters)
                say(f"{job.error or job.stage} (autoclip job {job.id[:8]})")
                seen = found if job.state in {"completed", "failed"} else seen
        except (NotFoundError, ServiceError) as error:
            if not seen:
                raise
            say(f"{error}; looking again in {every_sec:.0f} s")
        time.sleep(every_sec)


def settled_files(root: Path, pattern: str) -> frozenset[SeenFile]:
    """List the videos below a folder that are no longer being written.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    """
    seen = set()
    for candidate in find_videos(root, pattern, recursive=True, min_age_sec=MIN_AGE_SEC):
        try:
            facts = candidate.path.stat()
        except OSError:  # it has gone since
            continue
        if candidate.settled:
            seen.add(SeenFile(candidate.path, facts.st_size, facts.st_mtime_ns))
    return frozenset(seen)


def _processed(jobs: Jobs, parameters: Mapping[str, Any]) -> Job:
    """Run the job to its end."""
    job = jobs.submit("process-folder", parameters, name=f"watch {Path(parameters['folder']).name}")
    for now in jobs.follow(job.id):
        job = now
    return job
