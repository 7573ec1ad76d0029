"""Many short videos queued at once: none may be lost, stuck or done twice; and what Prefect costs beside the work."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from benchmarks.running_service import AUTOCLIP, running_service
from interfaces.jobs import Job, Jobs

COUNT = int(os.environ.get("BENCH_QUEUE", "200"))
"""Videos queued at once."""

PATIENCE_SEC = 7200.0
PAIRS = 5
SECONDS, RATE = 20, 5
ENDS = ("completed", "failed", "crashed", "cancelled")


@dataclass(frozen=True, slots=True)
class Overhead:
    """What one video takes, in seconds from the command to its end; medians of several pairs."""

    analyze_sec: float
    job_sec: float
    run_sec: float

    @property
    def extra_sec(self) -> float:
        """What Prefect adds."""
        return self.job_sec - self.analyze_sec


def run(count: int = COUNT) -> str:
    """Compare a job with the same work without Prefect, then queue `count` videos and wait for all."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        with running_service(home) as service, Jobs(service.environment) as jobs:
            overhead = _overhead(jobs, home, service.variables)
            return _queued(jobs, home, count, service.ready_sec, overhead)


def _overhead(jobs: Jobs, home: Path, environment: Mapping[str, str]) -> Overhead:
    """Take pairs of new videos, one by ``autoclip analyze``, one by ``process-video``."""
    alone, whole, inside = [], [], []
    for pair in range(PAIRS):
        first, second = (_video(home / f"pair {pair} {side}.mp4", 10_000 + 2 * pair + side) for side in (0, 1))
        begun = time.monotonic()
        subprocess.run(
            [*AUTOCLIP, "analyze", str(first), "--output-dir", str(home / "alone" / str(pair)), "--quiet"],
            env=environment, cwd=home, check=True, capture_output=True,
        )  # fmt: skip
        alone.append(time.monotonic() - begun)
        begun = time.monotonic()
        job = _ended(jobs, jobs.submit("process-video", {"source": str(second)}).id)
        whole.append(time.monotonic() - begun)
        if job.state != "completed" or job.started_at is None or job.ended_at is None:
            raise RuntimeError(f"{job.state}: {job.error}")
        inside.append((job.ended_at - job.started_at).total_seconds())
    return Overhead(statistics.median(alone), statistics.median(whole), statistics.median(inside))


def _ended(jobs: Jobs, job_id: str) -> Job:
    while not (job := jobs.get(job_id)).ended:
        time.sleep(0.1)
    return job


def _queued(jobs: Jobs, home: Path, count: int, ready_sec: float, overhead: Overhead) -> str:
    """Queue the videos, wait for all, and tell what became of them."""
    sources = [_video(home / f"video {number:03}.mp4", number) for number in range(count)]
    begun = time.monotonic()
    submitted = [jobs.submit("process-video", {"source": str(source)}).id for source in sources]
    queued = time.monotonic() - begun
    while any(jobs.page(state=state, job_type="process-video").total for state in ("scheduled", "pending", "running")):
        if time.monotonic() - begun > PATIENCE_SEC:
            break
        time.sleep(2)
    took = time.monotonic() - begun
    ended = [jobs.get(job_id) for job_id in submitted]
    states = Counter(job.state for job in ended)
    projects = Counter(job.project_id for job in ended)
    twice = sum(job.attempts > 1 for job in ended) + sum(number - 1 for number in projects.values())
    return f"""## Jobs

One video of {SECONDS} s with a running service, medians of {PAIRS} pairs; then {count} such videos queued at once.

| | |
|---|---|
| `autoclip up` ready after | {ready_sec:.0f} s |
| `autoclip analyze`, from the command to its end | {overhead.analyze_sec:.1f} s |
| `process-video`, from the order to its end | {overhead.job_sec:.1f} s ({overhead.run_sec:.1f} s once started) |
| **Prefect's overhead** | **{overhead.extra_sec:.1f} s** |
| {count} videos queued in | {queued:.1f} s |
| all ended after | {took:.0f} s: {60 * count / took:.1f} a minute |
| {", ".join(ENDS)} | {", ".join(str(states[way]) for way in ENDS)} |
| clips | {sum(job.result.clips or 0 for job in ended)} |
| stuck | {count - sum(states[way] for way in ENDS)} |
| done twice | {twice} |

{_reasons(ended)}"""


def _reasons(ended: list[Job]) -> str:
    """Return a line for every job that did not complete, with its reason."""
    lines = [f"- {job.id}, {job.state}: {job.error or job.stage}" for job in ended if job.state != "completed"]
    return "\n".join(lines) + "\n" if lines else ""


def _video(path: Path, seed: int) -> Path:
    """Encode gray with 3 s of noise in the middle, different for every seed."""
    noise = np.random.default_rng(seed)
    action = range(8 * RATE, 11 * RATE)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(SECONDS * RATE):
            shape = (48, 64, 3)
            gray = np.full(shape, 90, np.uint8)
            picture = noise.integers(0, 255, shape, dtype=np.uint8) if number in action else gray
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path
