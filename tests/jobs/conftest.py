"""The whole service, started as people start it, for all tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running_service import PATIENCE_SEC, RunningService

from interfaces.jobs import Jobs


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    if not Path("/proc/self/environ").exists():
        pytest.skip("finds the service's processes through /proc")
    running = RunningService(tmp_path_factory.mktemp("service"))
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@pytest.fixture
def jobs(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: service.api_url}), Jobs(service.environment) as tracker:
        yield tracker


def wait_for(jobs: Jobs, job_id: str, patience_sec: float = PATIENCE_SEC):
    deadline = time.monotonic() + patience_sec
    before = 0.0
    while True:
        job = jobs.get(job_id)
        assert job.progress >= before, "progress fell"
        before = job.progress
        if job.ended:
            return job
        assert time.monotonic() < deadline, f"{job} after {patience_sec} s"
        time.sleep(0.3)


@pytest.fixture
def wait():
    return wait_for


@pytest.fixture
def prefect_rest(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.api_url, timeout=30) as client:
        yield client
