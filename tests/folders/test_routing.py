"""Runs go to a machine that can do what they ask for, and wait for a place there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.states import Scheduled

from flows.batch import _deployment as deployment_of_children
from interfaces.jobs import Jobs
from interfaces.service.registration import register
from interfaces.service.routing import capabilities_in, name_with, needs_of_run
from interfaces.service.worker import JobWorker
from stages.capabilities import capabilities_of
from storage.environment import Environment, read_environment

HEARS = {"speech": {"speech": "all"}}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    variables = {
        "AUTOCLIP_DATA_DIR": str(tmp_path / "data"),
        "AUTOCLIP_WORK_POOL": "routing",
        "AUTOCLIP_STORE_URL": f"file://{tmp_path / 'store'}",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_environment()


def known_workers(environment: Environment) -> tuple[str, ...]:
    with Jobs(environment) as jobs:
        return jobs.workers()


def own_children(environment: Environment) -> set[UUID]:
    """Return the deployments by which batches and jobs start the processing of a video."""

    async def of_batches() -> UUID:
        async with get_client() as client:
            return await deployment_of_children(client)

    with Jobs(environment) as jobs:
        return {asyncio.run(of_batches()), UUID(jobs._deployment("process-video")["id"])}


def waiting(client: SyncPrefectClient, count: int, **parameters: object) -> list[UUID]:
    """Create runs that fail as soon as a worker takes them: no process is started, so they show who took them."""
    deployment = client.read_deployment_by_name("analyze/analyze").id
    given = {"project_id": "p", "no_such_parameter": 1, **parameters}
    return [
        client.create_flow_run_from_deployment(deployment, parameters=given, state=Scheduled()).id for _ in range(count)
    ]


async def taken_by(worker: JobWorker, runs: Collection[UUID]) -> set[UUID]:
    """Let a worker look for runs once, and return which of these it took."""
    await worker.sync_with_backend()
    return {run.id for run in await worker.get_and_submit_flow_runs()} & set(runs)


async def until_over(worker: JobWorker, runs: Collection[UUID]) -> None:
    """Wait until runs that a worker took have failed, and it has done with them."""
    async with get_client() as client, asyncio.timeout(300):
        while worker._submitting_flow_run_ids:  # noqa: ASYNC110 - Prefect's own, without an event
            await asyncio.sleep(0.2)
        assert {(await client.read_flow_run(run)).state_name for run in runs} == {"Failed"}


def test_a_run_is_left_to_a_worker_that_can_do_it_and_waits_for_a_place(
    prefect_api: str, environment: Environment
) -> None:
    with get_client(sync_client=True) as client:
        assert known_workers(environment) == (), "without a work pool"
        client.create_deployment(client.create_flow_from_name("foreign"), "process-video")
        register(client, environment)
        ours = client.read_deployment_by_name("process-video/process-video").id
        assert own_children(environment) == {ours}, "not the foreign one of the same name"
        assert client.read_work_queue_by_name("videos", "routing").concurrency_limit is None
        hearing, plain = waiting(client, 1, settings=HEARS), waiting(client, 2)
        nobody_can = waiting(client, 1, settings={"extraction": {"decoder": "videotoolbox"}})

    async def look() -> None:
        pool = environment.work_pool
        async with (
            JobWorker(pool, "deaf:1", frozenset({"av1"}), {"videos": 2}) as deaf,
            JobWorker(pool, "hears:2", frozenset({"av1", "speech"})) as hears,
        ):
            await hears.sync_with_backend()  # it lives, and says what it can
            assert "autoclip-hears-2 (av1, speech)" in await asyncio.to_thread(known_workers, environment)
            others = {*plain, *nobody_can}  # the last is decoded in software, or its run says what it lacks
            first = await taken_by(deaf, others | set(hearing))
            assert first < others
            assert len(first) == 2
            await until_over(deaf, first)
            assert await taken_by(deaf, others | set(hearing)) == others - first
            await until_over(deaf, others)
            assert await taken_by(hears, hearing) == set(hearing)
            await until_over(hears, hearing)
            run = await hears.client.read_flow_run(hearing[0])
        # As when a server fails at the wrong moment: an error that a task of the worker raised would end all of them.
        await hears._submit_run(run)
        await hears._cancel_run(run.id)

    asyncio.run(look())
    with Jobs(environment) as jobs:
        assert jobs.submit("analyze", {"project_id": "p"}).name == "analyze p", "before any worker has it"


def test_what_a_run_asks_for(environment: Environment) -> None:
    assert needs_of_run({"source": "a.mp4", "settings": None}) == set()
    assert needs_of_run({"settings": HEARS, "export": {"video_codec": "h265", "encoder": None}}) == {"speech", "h265"}
    assert needs_of_run({"export": {"encoder": "nvenc", "video_codec": "av1"}}) == {"nvenc"}
    assert needs_of_run({"settings": {"extraction": {"decoder": "cuda"}}}) == {"cuda"}
    assert needs_of_run({"clip_id": "c", "settings": {"video_codec": "av1", "crf": None}}) == {"av1"}
    assert needs_of_run({"settings": {"speech": {"speech": "loud"}}}) == set()  # the run says what is wrong
    found = capabilities_of(environment)
    assert {"h264", "h265", "av1"} <= found
    assert capabilities_in(name_with("autoclip-anna-1", found)) == found
    assert capabilities_in("autoclip-anna-1 ()") == capabilities_in("ProcessWorker 1f") == set()
