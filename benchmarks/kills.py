"""What happens to a job when something of the service is killed: how soon it is final, and what a retry completes.

Run alone with ``python -m benchmarks kills``; it takes a quarter of an hour. ``--only WORDS`` tries the cases with
these words, such as ``--only "the worker starting"``. Needs ``/proc``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from autoclip.settings import Settings
from benchmarks.running_service import RunningService, running_service
from flows.liveness import process_of, run_lock
from interfaces.jobs import Job, Jobs
from storage.catalog import catalog_of
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render
from tasks.machine_limits import slots_in_use

LIMIT_SEC = 120.0
"""Within this time every job is to be final."""

PATIENCE_SEC = 900.0
MOMENTS = ("exporting", "measuring", "making thumbnails")
VICTIMS = ("its process", "the worker", "Prefect's server", "everything")
KILLS = (
    *((victim, moment) for moment in MOMENTS for victim in VICTIMS),
    ("`autoclip up`", "measuring"),
    ("the worker", "starting"),
)
RESTARTED = {"everything", "`autoclip up`"}
"""After these the service is started again, by whoever runs the machine; its start is part of the time."""

SHORT_CLIPS = Settings.from_flat({"segmentation_mode": "v1", "min_clip_seconds": 1.0, "max_clip_seconds": 1.0})
EXPORTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job."""

    killed: str
    moment: str
    final_sec: float
    state: str
    completed_sec: float
    exports: int
    left: int


@dataclass
class Stand:
    """A service whose parts are killed, on one data folder and the same ports each time it is started."""

    home: Path
    stack: ExitStack
    service: RunningService | None = None

    def start(self) -> RunningService:
        """Start it, or start it again."""
        ports = {} if self.service is None else {name: self.service.variables[name] for name in _PORTS}
        self.service = self.stack.enter_context(running_service(self.home, {**_IMPATIENT, **ports}))
        return self.service

    @property
    def running(self) -> RunningService:
        """The service."""
        return self.service or self.start()

    def pids(self, *words: str) -> list[int]:
        """Return its processes with these words in their command."""
        mine = f"AUTOCLIP_DATA_DIR={self.running.environment.data_dir}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                variables, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mine in variables.split(b"\0") and " ".join(words).encode() in command.replace(b"\0", b" "):
                found.append(int(entry.name))
        return found

    def kill(self, victim: str, job: Job) -> None:
        """Kill a part, or all."""
        of_run = process_of(run_lock(self.running.environment.data_dir, UUID(job.id)))
        victims: dict[str, Callable[[], list[int]]] = {
            "its process": lambda: [of_run],
            "the worker": lambda: self.pids("interfaces.service.worker"),
            "Prefect's server": lambda: self.pids("prefect server start"),
            "everything": self.pids,
            "`autoclip up`": lambda: self.pids("main() up"),
        }
        for pid in victims[victim]():
            os.kill(pid, signal.SIGKILL)


Found = TypeVar("Found")
_PORTS = ("AUTOCLIP_PORT", "AUTOCLIP_PREFECT_PORT")
_SERVICE = ("main() up", "prefect server start", "interfaces.service.worker", "autoclip serve")
_IMPATIENT = {"PREFECT_WORKER_QUERY_SECONDS": "1"}


def run(arguments: Sequence[str] = ()) -> str:
    """Kill each part at each moment, and return a section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills")
    parser.add_argument("--only", default="", help="words of what is killed and when")
    only = parser.parse_args(arguments).only
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stand = Stand(Path(folder), stack)
        stand.start()
        film = Path(folder) / "film.mp4"
        board = Storyboard(tuple(Shot(1.0, Texture(seed=seed, pan=0.5)) for seed in range(12)))
        render(board, film, RenderOptions(width=320, height=180))
        outcomes = []
        for number, kill in enumerate(kill for kill in KILLS if only in " ".join(kill)):
            outcomes.append(_killed(stand, film, number, *kill))
            sys.stderr.write(f"{outcomes[-1]}\n")
    slowest = max(outcome.final_sec for outcome in outcomes)
    rows = "\n".join(
        f"| {each.killed} | {each.moment} | {each.final_sec:.1f} s | {each.state} | {each.completed_sec:.1f} s | "
        f"{each.exports} of {EXPORTS} | {each.left} |"
        for each in outcomes
    )
    return f"""## Jobs whose processes are killed

`kill -9` while `process-video` takes a film of 12 s to {EXPORTS} exports. A job is final when Prefect's server says
how it ended; after `autoclip up` or everything was killed, the service is started again at once, and its start counts.
A job that did not complete by itself is retried; what it had finished is not done again. Half-written files that are
left are counted once it has completed. A job is starting from when the worker takes it until its process begins.

| killed | while it was | final after | as | completed after | exports | left |
|---|---|---|---|---|---|---|
{rows}

The slowest was final after {slowest:.0f} s; the limit is {LIMIT_SEC:.0f} s.
"""


def _killed(stand: Stand, film: Path, number: int, victim: str, moment: str) -> Outcome:
    source = stand.home / f"film {number}.mp4"
    source.write_bytes(film.read_bytes() + b"\0\0\0\x0cfree" + number.to_bytes(4))  # ISO 14496-12: passed over
    order = {"source": str(source), "export_top": EXPORTS, "settings": SHORT_CLIPS.model_dump(mode="json")}
    with Jobs(stand.running.environment) as jobs:
        job = jobs.submit("process-video", order)
        _until(lambda: _at(moment, jobs, job, stand.running.environment.data_dir), 0.01)
    killed = time.monotonic()
    stand.kill(victim, job)
    if victim in RESTARTED:
        _until(lambda: not any(map(stand.pids, _SERVICE)), 0.1)  # a run goes on, and waits for the next server
        stand.start()
    with Jobs(stand.running.environment) as jobs:
        ended = _ended(jobs, job)
        final = time.monotonic() - killed
        if ended.state != "completed":
            jobs.retry(job.id)
            _ended(jobs, job)
        completed = time.monotonic() - killed
        exports = _exports(stand.running, jobs.get(job.id))
    left = len(list((stand.running.environment.data_dir / "projects").rglob("*.partial*")))
    return Outcome(victim, moment, final, ended.state, completed, exports, left)


def _at(moment: str, jobs: Jobs, job: Job, data_dir: Path) -> bool:
    """Whether a job is at what it is to be killed at."""
    if moment == "starting":
        return jobs.get(job.id).state == "pending"
    if moment == "measuring":
        return slots_in_use(data_dir, "decode") > 0
    folder = {"making thumbnails": "thumbnails", "exporting": "exports"}[moment]
    project_id = jobs.get(job.id).project_id
    return project_id is not None and any((data_dir / "projects" / str(project_id) / folder).glob("*"))


def _ended(jobs: Jobs, job: Job) -> Job:
    """Wait until a job is final, however often the server is away meanwhile."""
    return _until(lambda: _read(jobs, job), 0.2)


def _read(jobs: Jobs, job: Job) -> Job | None:
    try:
        found = jobs.get(job.id)
    except Exception:  # noqa: BLE001 - the server that was killed
        return None
    return found if found.ended else None


def _exports(service: RunningService, job: Job) -> int:
    """Count the files of a job that are on record and there."""
    with catalog_of(service.environment).reading() as view:
        records = view.exports.page(str(job.project_id), job_id=job.id).items
    return sum(record.state == "completed" and record.path is not None and record.path.exists() for record in records)


def _until(condition: Callable[[], Found | None], pause_sec: float) -> Found:
    deadline = time.monotonic() + PATIENCE_SEC
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_SEC:.0f} s")
        time.sleep(pause_sec)
    return found
