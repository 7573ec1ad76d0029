"""Many short videos queued at once: none may be lost, stuck or done twice; and what Prefect costs beside the work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import av
import numpy as np

from interfaces.jobs import Jobs
from storage.environment import read_environment

COUNT = 200
PATIENCE_SEC = 3600.0
AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.app import main; main()")


def run(count: int = COUNT) -> str:
    """Queue `count` videos at a service of their own and wait for all."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        variables = {
            "AUTOCLIP_DATA_DIR": str(home / "data"),
            "AUTOCLIP_PREFECT_PORT": "14200",
            "AUTOCLIP_PORT": "18000",
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "AUTOCLIP_"))} | variables
        log = (home / "up.log").open("wb")
        begun = time.monotonic()
        service = subprocess.Popen([*AUTOCLIP, "up"], env=environment, cwd=home, stdout=log, stderr=log)
        try:
            _wait_until_ready(home / "up.log", service)
            ready = time.monotonic() - begun
            return _measured(home, variables, count, ready)
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(90)
            log.close()


def _measured(home: Path, variables: dict[str, str], count: int, ready_sec: float) -> str:
    sources = [_video(home / f"video {number:03}.mp4", number) for number in range(count)]
    named = {k: v for k, v in variables.items() if k.startswith("AUTOCLIP_")}
    with Jobs(read_environment(named, home / "no.env")) as jobs:
        begun = time.monotonic()
        submitted = [jobs.submit("process-video", {"source": str(source)}).id for source in sources]
        queued = time.monotonic() - begun
        while any(jobs.page(state=state).total for state in ("scheduled", "pending", "running")):
            if time.monotonic() - begun > PATIENCE_SEC:
                break
            time.sleep(2)
        took = time.monotonic() - begun
        ended = [jobs.get(job_id) for job_id in submitted]
    states = Counter(job.state for job in ended)
    projects = Counter(job.project_id for job in ended)
    twice = sum(job.attempts > 1 for job in ended) + sum(number > 1 for number in projects.values())
    ways = ("completed", "failed", "crashed", "cancelled")
    return f"""## Jobs

{count} videos of 4 s, queued at once at `autoclip up` on a fresh data folder.

| | |
|---|---|
| service ready after | {ready_sec:.0f} s |
| queued in | {queued:.1f} s |
| all ended after | {took:.0f} s: {60 * count / took:.1f} a minute |
| completed, failed, crashed, cancelled | {", ".join(str(states[way]) for way in ways)} |
| stuck | {count - sum(states[way] for way in ways)} |
| done twice | {twice} |

{"".join(f"- {job.state}: {job.error}{chr(10)}" for job in ended if job.state != "completed")}"""


def _wait_until_ready(log: Path, service: subprocess.Popen[bytes]) -> None:
    while "ready after" not in log.read_text():
        if service.poll() is not None:
            raise RuntimeError(log.read_text())
        time.sleep(0.2)


def _video(path: Path, seed: int) -> Path:
    """Encode 4 s of grey with a burst of noise, different for every seed."""
    noise = np.random.default_rng(seed)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            shape = (48, 64, 3)
            grey = np.full(shape, 90, np.uint8)
            picture = noise.integers(0, 255, shape, dtype=np.uint8) if number in range(8, 12) else grey
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path
