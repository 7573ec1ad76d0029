"""Whatever of the service is killed, every job comes to an end, and a retry goes on behind the last finished stage."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from running_service import RunningService, busy, until

from autoclip.errors import ConflictError
from flows.liveness import process_of, run_lock
from interfaces.jobs import Job, Jobs
from storage.catalog import open_catalog

pytestmark = pytest.mark.service

Wait = Callable[..., Job]
FINAL_SEC = 120.0
"""Within this time every job is final on a machine that does nothing else."""


@pytest.fixture
def measured(service: RunningService, jobs: Jobs, long_source: Callable[..., Path]) -> Callable[[str, int], Job]:
    """Start a job and return it when it measures."""

    def start(name: str, seed: int, **parameters: object) -> Job:
        job = jobs.submit("process-video", {"source": str(long_source(name, seed)), **parameters})
        until(service.decodes, pause_sec=0.02)
        return job

    return start


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def continued(jobs: Jobs, wait: Wait, job: Job) -> Job:
    """Retry a job if it did not complete by itself, and return it completed."""
    ended = wait(jobs, job.id, FINAL_SEC * busy())
    if ended.state != "completed":
        assert ended.state in {"crashed", "failed"}
        jobs.retry(job.id)
        ended = wait(jobs, job.id)
    assert ended.state == "completed", ended
    return ended


def test_a_run(service: RunningService, jobs: Jobs, wait: Wait, measured: Callable[..., Job]) -> None:
    job = measured("killed.mp4", 2)
    kill(process_of(run_lock(service.environment.data_dir, UUID(job.id))))
    ended = wait(jobs, job.id, FINAL_SEC * busy())
    assert ended.state == "crashed"
    assert f"autoclip retry {job.id}" in str(ended.error)
    jobs.retry(job.id)
    done = wait(jobs, job.id)
    assert (done.state, done.attempts) == ("completed", 2)
    with pytest.raises(ConflictError):
        jobs.retry(job.id)


def test_the_worker(service: RunningService, jobs: Jobs, wait: Wait, measured: Callable[..., Job]) -> None:
    job = measured("worker killed.mp4", 6)
    (worker,) = service.pids("interfaces.service.worker")
    kill(worker)
    continued(jobs, wait, job)
    assert service.pids("interfaces.service.worker") not in ([], [worker])


def test_the_server(service: RunningService, jobs: Jobs, wait: Wait, measured: Callable[..., Job]) -> None:
    job = measured("server killed.mp4", 7)
    (server,) = service.pids("prefect server start")
    kill(server)
    until(lambda: service.answers() and service.pids("prefect server start") != [server])
    continued(jobs, wait, job)


def test_everything_at_once_while_it_exports(
    service: RunningService, jobs: Jobs, wait: Wait, long_source: Callable[..., Path]
) -> None:
    def rendered() -> set[Path]:
        return set(service.environment.data_dir.glob("projects/*/exports/*"))

    before = rendered()
    scenes = {"segmentation_mode": "v1"}  # even noise holds no highlight
    source = str(long_source("all killed.mp4", 4))
    job = jobs.submit("process-video", {"source": source, "export_top": 1, "settings": scenes})
    until(lambda: rendered() - before, pause_sec=0.02)
    project_id = str(jobs.get(job.id).project_id)
    kill(*service.pids())
    assert service.process is not None
    service.process.wait(60)
    until(lambda: not service.pids())
    service.start()
    assert wait(jobs, job.id, FINAL_SEC * busy()).state == "crashed"

    def records() -> set[str]:
        with open_catalog(service.environment.catalog_path).reading() as view:
            assert view.clips.page(project_id).total > 0
            return {export.state for export in view.exports.page(project_id).items}

    assert records() <= {"completed"}  # what was not made has no record: the job says that it crashed
    jobs.retry(job.id)
    done = wait(jobs, job.id)
    assert done.state == "completed"
    assert records() == {"completed"}
    assert [path.exists() for path in done.result.files] == [True]
    assert not list((service.environment.data_dir / "projects").rglob("*.mp4.partial"))
