"""Whether a worker may still speak of a run: read from the run, and proved by the worker's own process."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Running

from flows.liveness import NOBODY, WATCHED_BY, attempt_of, process_of, this_process, worker_may_report


def run(watcher: str | None = None, pid: str | None = "4711", hours_ago: float = 0) -> FlowRun:
    labels = {} if watcher is None else {WATCHED_BY: watcher}
    state = Running(timestamp=datetime.now(UTC) - timedelta(hours=hours_ago))
    return FlowRun(flow_id=uuid4(), labels=labels, infrastructure_pid=pid, state=state)


@pytest.mark.parametrize(
    ("seen", "watched"),
    [
        (run(), True),
        (run(pid=None), False),
        (run(NOBODY), False),
        (run(this_process()), True),
        (run(this_process(), hours_ago=1000), False),
        (run("another-machine:1"), True),
    ],
    ids=["Prefect's own worker", "never begun", "left", "a living worker", "its id used again", "a worker elsewhere"],
)
def test_who_watches(seen: FlowRun, watched: bool) -> None:
    assert worker_may_report(seen) is watched


def test_a_worker_that_was_killed_says_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from flows.liveness import this_process; print(this_process())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not worker_may_report(run(done.stdout.strip()))


def test_it_leaves_prefect_to_be_set_up() -> None:
    script = "import flows.liveness, interfaces.service.processes, sys; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("words", "process", "attempt"),
    [(b"4711 2", 4711, 2), (b"", 0, 0), (b"\0\0\0\0", 0, 0), (b"4711 2\0", 4711, 0), (b"-1 x", 0, 0)],
    ids=["held", "released", "zeros after a power failure", "half of it", "foreign"],
)
def test_a_damaged_lock_names_no_process(tmp_path: Path, words: bytes, process: int, attempt: int) -> None:
    lock = tmp_path / "run.lock"
    lock.write_bytes(b"machine\n" + words + b"\n")
    assert (process_of(lock), attempt_of(lock)) == (process, attempt)
