"""Two machines with nothing in common but catalog, store and Prefect: each video is done once, whatever dies."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from autoclip.errors import ServiceError
from flows.job_types import JobType
from flows.liveness import watcher_of
from flows.reaper import reap, unended
from interfaces.api.app import create_app
from interfaces.jobs import Jobs
from storage.artifact_store import FsspecStore
from storage.catalog import catalog_of
from storage.data_folder import DataFolder

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        "TEST_MACHINES" not in os.environ, reason="takes minutes on a busy machine; set TEST_MACHINES=1"
    ),
]

VIDEOS = int(os.environ.get("TEST_VIDEOS", "3"))
PATIENCE_SEC = 600 + 60 * VIDEOS
SUSPENDED_SEC, SETTLED_SEC = 30, 120


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SEC} s"
        time.sleep(0.3)


def test_each_video_is_done_once_though_a_machine_dies(site, machines, match, prefect_client, monkeypatch):
    for name, value in site.shared.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    third = site.machine("third").environment
    catalog, data = catalog_of(third), DataFolder.of(third)
    with TestClient(create_app(third), base_url="http://127.0.0.1") as api, Jobs(third) as jobs:
        sent = match(0)
        with sent.open("rb") as file:
            uploaded = api.post("/api/projects/upload", files={"file": (sent.name, file)}).json()
        sent.unlink()
        incoming = match(1)  # into the store, by its owner
        FsspecStore(site.store_url).put(incoming, "incoming/match1.mp4")
        incoming.unlink()
        sources = [f"{site.store_url}/incoming/match1.mp4", *(str(match(n)) for n in range(2, VIDEOS))]
        started = [submitted(jobs, "process-video", source=each, export_top=1) for each in sources]
        started.append(submitted(jobs, "analyze", project_id=uploaded["id"]))

        monkeypatch.setattr(socket, "gethostname", lambda: "third")
        until(lambda: at_work(machines, prefect_client))
        victim = at_work(machines, prefect_client)[0]
        with victim.suspended():
            time.sleep(SUSPENDED_SEC)
        assert not [job for job in started if jobs.get(job).state == "crashed"], "it only slept"
        until(lambda: at_work([victim], prefect_client))
        victim.lose_power()
        for job, took_sec in settled(
            prefect_client, [run.id for run in runs_of(prefect_client, victim)], third.data_dir
        ).items():
            sys.stdout.write(f"job {job} of the lost machine was final after {took_sec:.0f} s\n")
            assert took_sec <= SETTLED_SEC
        until(lambda: all_completed(jobs, started))

        export = submitted(jobs, "export-batch", project_id=uploaded["id"])
        until(lambda: jobs.get(export).ended)
        assert jobs.get(export).state == "completed"
        assert_all_is_served(api, uploaded["id"], match(0))
    assert_nothing_is_lost_or_left(site, catalog, data)


@retry(retry=retry_if_exception_type(ServiceError), stop=stop_after_delay(PATIENCE_SEC), wait=wait_fixed(2))
def submitted(jobs: Jobs, job_type: JobType, **parameters: object) -> str:
    """Submit a job; Prefect's server, on SQLite here, answers 503 while many write."""
    key = f"{job_type} {sorted(parameters.items())}"
    return jobs.submit(job_type, parameters, project_id=parameters.get("project_id"), idempotency_key=key).id


def all_completed(jobs: Jobs, started: list[str]) -> bool:
    """Whether all jobs ended well; one that crashed is retried."""
    states = {job: jobs.get(job).state for job in started}
    for job, state in states.items():
        assert state not in {"failed", "cancelled"}, jobs.get(job)
        if state == "crashed":
            jobs.retry(job)
    return set(states.values()) == {"completed"}


def at_work(machines, client: SyncPrefectClient) -> list:
    """The machines on which a job is under way, and whose worker is not about to start another one."""
    return [machine for machine in machines if is_at_work(machine, runs_of(client, machine))]


def is_at_work(machine, runs: list[FlowRun]) -> bool:
    running = [run for run in runs if run.state_type == StateType.RUNNING]
    locked = any((machine.root / "data" / "runs" / f"{run.id}.lock").exists() for run in running)
    return locked and not any(run.state_type == StateType.PENDING for run in runs)


def runs_of(client: SyncPrefectClient, machine) -> list[FlowRun]:
    """The runs that a machine has in hand."""
    return [run for run in unended(client) if watcher_of(run).startswith(f"{machine.name}:")]


def settled(client: SyncPrefectClient, runs: list[UUID], data_dir: Path) -> dict[UUID, float]:
    """How long it took until each run was final, while a third machine looks after lost runs as 'autoclip up' does."""
    began, took_sec = time.monotonic(), dict[UUID, float]()
    assert runs

    def all_are() -> bool:
        reap(client, data_dir)
        for run in set(runs) - set(took_sec):
            state = client.read_flow_run(run).state
            if state is not None and state.is_final():
                took_sec[run] = time.monotonic() - began
        return len(took_sec) == len(runs)

    until(all_are)
    return took_sec


def assert_all_is_served(api: TestClient, uploaded: str, sent: Path) -> None:
    """The third machine has no file of any project, and shows all of them."""
    projects = api.get("/api/projects").json()["items"]
    assert len(projects) == VIDEOS
    for project in projects:
        address = f"/api/projects/{project['id']}"
        assert project["state"] == "analyzed"
        assert "<svg" in api.get(f"{address}/report").text
        assert api.get(f"{address}/signals").json()["times"]
        assert api.get(f"{address}/debug/v2").json()
        clips = api.get(f"{address}/clips").json()["items"]
        assert clips
        for clip in clips:
            assert api.get(f"{address}/thumbnails/{clip['id']}").content.startswith(b"\xff\xd8")
        exports = api.get(f"{address}/exports").json()["items"]
        assert [export["state"] for export in exports] == ["completed"] * len(exports)
        assert len(exports) == (len(clips) if project["id"] == uploaded else 1)
        for export in exports:
            file = api.get(export["file_url"])
            assert len(file.content) == export["size_bytes"]
            part = api.get(export["file_url"], headers={"Range": "bytes=4-7"})
            assert (part.status_code, part.content) == (206, file.content[4:8])
            assert part.content == b"ftyp"
    video, content = f"/api/projects/{uploaded}/video", sent.read_bytes()
    assert api.get(f"/api/projects/{uploaded}/playback").json()["playable"] is True
    assert api.get(video).content == content
    for asked, expected in {"bytes=0-9": content[:10], "bytes=-5": content[-5:], "bytes=100-": content[100:]}.items():
        answer = api.get(video, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, expected)
    assert api.get(video, headers={"Range": f"bytes={len(content)}-"}).status_code == 416


def assert_nothing_is_lost_or_left(site, catalog, data) -> None:
    """Every record has its file in the store, every file a record, and each exists once."""
    objects = [each.key.split("/") for each in FsspecStore(site.store_url).objects("projects")]
    files = ["/".join(key[1:-1]) for key in objects]
    assert len(files) == len(set(files)), "two versions of a file"
    with catalog.reading() as view:
        projects = view.projects.page().items
        assert {key[1] for key in objects} == {project.id for project in projects}
        assert len({project.fingerprint for project in projects}) == VIDEOS == len(projects)
        for project in projects:
            own = {name.removeprefix(f"{project.id}/") for name in files if name.startswith(project.id)}
            clips = view.clips.page(project.id).items
            exports = view.exports.page(project.id).items
            assert {name for name in own if name.startswith("thumbnails/")} == {clip.thumbnail for clip in clips}
            assert {name for name in own if name.startswith("exports/")} == {f"exports/{e.path.name}" for e in exports}
            assert {f"features/{name}.parquet" for name in ("signals", "events", "envelope")} <= own
            assert data.open_project(project.id).features_key() is not None
            assert len(view.operations.page(project.id).items) == 1, "it was analyzed more than once"
