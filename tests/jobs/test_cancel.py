"""Cancel takes effect within seconds in every stage, and a retry goes on behind the last finished one."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect_server import flow_run_event
from running_service import RunningService, busy, until
from video_site import SLOW, VideoSite

from autoclip.errors import ConflictError
from autoclip.settings import Settings
from flows.liveness import process_of, run_lock
from interfaces.jobs import Job, Jobs
from interfaces.service.descendants import family
from storage.catalog import open_catalog
from storage.features import features_key
from storage.process_lock import is_held
from tasks.machine_limits import rendering

pytestmark = pytest.mark.service

EFFECT_SEC = 5.0
SHORT_CLIPS = Settings.from_flat({"segmentation_mode": "v1", "min_clip_seconds": 1.0, "max_clip_seconds": 1.0})
"""Many clips, so that their thumbnails and exports take a while."""


@pytest.fixture
def slow_site(long_source: Callable[..., Path]) -> Iterator[VideoSite]:
    with VideoSite(long_source("remote.mp4", 90).read_bytes()) as site:
        yield site


def cancelled(service: RunningService, jobs: Jobs, job: Job) -> Job:
    """Cancel a job that runs; return it when it has stopped, all of it and in time.

    If the clock of its process was stopped, it goes on when the worker has told it to end, since its stage could end
    before; or after a while, since the worker is not always told, and the job itself looks as well.
    """
    lock = run_lock(service.environment.data_dir, UUID(job.id))
    process = process_of(lock)
    processes = [process, *(each.pid for each in family(process))]
    asked = time.monotonic()
    jobs.cancel(job.id)
    with suppress(OSError):
        if is_stopped(process):
            with suppress(AssertionError):
                until(lambda: is_told_to_end(process), EFFECT_SEC)
            os.kill(process, signal.SIGCONT)
            asked = time.monotonic()
    until(lambda: jobs.get(job.id).ended and not is_held(lock), pause_sec=0.3)
    took = time.monotonic() - asked
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    ended = jobs.get(job.id)
    assert ended.state == "cancelled"
    assert took < EFFECT_SEC * busy()
    # A thread may be stopped in the middle of a file; what it leaves has a name of its own, which maintenance clears.
    left = (service.environment.data_dir / "projects").rglob("*.partial*")
    assert all(path.name.startswith(".") for path in left)
    return ended


def is_stopped(process: int) -> bool:
    return "\nState:\tT" in Path(f"/proc/{process}/status").read_text()


def is_told_to_end(process: int) -> bool:
    """Whether a signal to end waits for a process; Linux shows those for all of its threads as hexadecimal bits."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    waiting = next(line for line in lines if line.startswith("ShdPnd:"))
    return bool(int(waiting.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def halt(service: RunningService, job: Job, condition: Callable[[], bool]) -> None:
    """Stop the clock of a job's process as soon as a condition holds: stages are short on a fast machine."""
    until(condition, pause_sec=0.01)
    os.kill(process_of(run_lock(service.environment.data_dir, UUID(job.id))), signal.SIGSTOP)


def retried(jobs: Jobs, job: Job) -> Job:
    again = jobs.retry(job.id)
    assert not again.ended
    assert again.progress >= job.progress
    return again


def send_late_request(service: RunningService, job: Job) -> None:
    """Tell the worker again that the attempt before was to be cancelled, as a busy server does."""
    event = flow_run_event("Cancelling", job.id)
    httpx.post(f"{service.api_url}/events", json=[event], timeout=60).raise_for_status()


def test_a_download(service: RunningService, jobs: Jobs, slow_site: VideoSite) -> None:
    job = jobs.submit("process-video", {"source": slow_site.base + SLOW})
    until(lambda: jobs.get(job.id).progress > 0, pause_sec=0.5)
    ended = cancelled(service, jobs, job)
    source = service.environment.data_dir / "projects" / str(ended.project_id) / "source"
    assert not [path for path in source.iterdir() if path.suffix == ".mp4"]
    with open_catalog(service.environment.catalog_path).reading() as view:
        assert view.projects.get(str(ended.project_id)).path is None


@pytest.fixture
def places(service: RunningService, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    """Occupy every place to render until closed: a job that isn't stopped in time waits for one."""
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(service.environment.data_dir))
    with ExitStack() as taken:
        for _ in range(service.environment.render_limit):
            taken.enter_context(rendering(lambda _: None))
        yield taken


def test_every_stage_of_one_job(
    service: RunningService, jobs: Jobs, long_source: Callable[..., Path], places: ExitStack
) -> None:
    parameters = {"source": str(long_source("all stages.mp4", 91)), "settings": SHORT_CLIPS.model_dump(mode="json")}
    parameters["export_top"] = 10
    job = jobs.submit("process-video", parameters)
    halt(service, job, service.decodes)
    job = cancelled(service, jobs, job)
    project = service.environment.data_dir / "projects" / str(job.project_id)
    features = project / "features" / "signals.parquet"
    assert not features.exists()
    with pytest.raises(ConflictError):
        jobs.cancel(job.id)

    job = retried(jobs, job)
    # Measured, and about to choose; a set that is not whole would be measured again.
    halt(service, job, lambda: features_key(features.parent) is not None)
    job = cancelled(service, jobs, job)
    measured_at = features.stat().st_mtime_ns

    shutil.rmtree(project / "thumbnails", ignore_errors=True)
    job = retried(jobs, job)
    halt(service, job, lambda: any(project.glob("thumbnails/*.jpg")))
    job = cancelled(service, jobs, job)
    with open_catalog(service.environment.catalog_path).reading() as view:
        assert view.clips.page(str(job.project_id)).total in {0, 12}, "all of an analysis, or nothing"

    places.close()
    job = retried(jobs, job)
    until(lambda: jobs.get(job.id).state == "running", pause_sec=0.3)
    send_late_request(service, job)
    halt(service, job, lambda: any(project.glob("exports/*")))
    job = cancelled(service, jobs, job)
    assert features.stat().st_mtime_ns == measured_at
    assert job.attempts == 4
    with open_catalog(service.environment.catalog_path).reading() as view:
        exports = view.exports.page(str(job.project_id), job_id=job.id).items
    assert {export.state for export in exports} <= {"completed"}
    made = {export.path for export in exports}
    assert made == set((project / "exports").glob("*.mp4"))
    assert len(made) < 10
