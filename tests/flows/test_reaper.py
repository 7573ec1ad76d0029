"""Runs whose process is gone are brought to an end; one that was begun again is not taken for the attempt before."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import AwaitingRetry, Cancelling, Crashed, Pending, Running

from flows import reaper
from flows.batch import STOPPED_WITH_BATCH, Item, _stop, _Turn
from flows.liveness import NOBODY, WATCHED_BY, attempt_of_this_process, run_lock, this_process
from flows.maintenance import maintenance
from flows.process_video import process_video
from flows.reaper import reap
from interfaces.service.up import _put_back
from interfaces.service.upkeep import Upkeep
from storage.environment import read_environment
from storage.process_lock import held

DAY = timedelta(days=1)


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture
def run(client: SyncPrefectClient) -> Iterator[FlowRun]:
    made = client.create_flow_run(maintenance, state=Pending())
    yield made
    client.delete_flow_run(made.id)


def move(client: SyncPrefectClient, run: FlowRun, *states: State) -> None:
    for state in states:
        client.set_flow_run_state(run.id, state, force=True)


def die_with_lock(data_dir: Path, run: FlowRun, attempt: int) -> None:
    lock = run_lock(data_dir, run.id)
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(f"{socket.gethostname()}\n4711 {attempt}\n")


def state_of(client: SyncPrefectClient, run: FlowRun) -> str:
    state = client.read_flow_run(run.id).state
    assert state is not None
    return state.name


def test_a_run_that_died_with_its_lock_crashed(client: SyncPrefectClient, run: FlowRun, tmp_path: Path) -> None:
    move(client, run, Running())
    die_with_lock(tmp_path, run, 1)
    assert [lost.id for lost in reap(client, tmp_path)] == [run.id]
    assert state_of(client, run) == "Crashed"


def test_one_that_was_to_stop_is_cancelled(client: SyncPrefectClient, run: FlowRun, tmp_path: Path) -> None:
    move(client, run, Running(), Cancelling())
    die_with_lock(tmp_path, run, 1)
    told: list[str] = []
    Upkeep(read_environment({"AUTOCLIP_DATA_DIR": str(tmp_path)}), told.append).turn(client)
    assert state_of(client, run) == "Cancelled"
    assert told == [], "nobody needs to continue it"


def test_the_lock_of_an_attempt_before_says_nothing(client: SyncPrefectClient, run: FlowRun, tmp_path: Path) -> None:
    move(client, run, Running())
    die_with_lock(tmp_path, run, 1)
    for state in (AwaitingRetry(), Pending(), Running()):
        move(client, run, state)
        assert reap(client, tmp_path) == ()
    assert client.read_flow_run(run.id).run_count == 2
    with held(run_lock(tmp_path, run.id), attempt_of_this_process(2)):
        assert reap(client, tmp_path) == ()
    die_with_lock(tmp_path, run, 2)
    assert len(reap(client, tmp_path)) == 1


def test_a_process_that_never_came_to_its_lock(
    client: SyncPrefectClient, run: FlowRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reap(client, tmp_path) == ()
    before_the_clock_was_set_back = FlowRun(flow_id=run.flow_id, state=Pending(timestamp=datetime.now(UTC) + DAY))
    assert reaper._age_sec(before_the_clock_was_set_back) > reaper.START_SEC
    monkeypatch.setattr(reaper, "START_SEC", 0.0)
    client.update_flow_run_labels(run.id, {WATCHED_BY: this_process()})
    assert reap(client, tmp_path) == (), "its worker lives and waits for it"
    done = subprocess.run(
        [sys.executable, "-c", "from flows.liveness import this_process; print(this_process())"],
        capture_output=True,
        text=True,
        check=True,
    )
    client.update_flow_run_labels(run.id, {WATCHED_BY: done.stdout.strip()})
    assert len(reap(client, tmp_path)) == 1, "without a deployment, nobody would start it"
    deployment = client.create_deployment(run.flow_id, "of the test")
    for watcher, before, state in (
        (done.stdout.strip(), Pending(), "AwaitingRetry"),
        (done.stdout.strip(), Running(), "AwaitingRetry"),
        (NOBODY, Pending(), "Crashed"),
        (None, Pending(), "AwaitingRetry"),
    ):
        taken = client.create_flow_run_from_deployment(deployment, state=before)
        if watcher is not None:
            client.update_flow_run_labels(taken.id, {WATCHED_BY: watcher})
        assert len(reap(client, tmp_path)) == (state == "Crashed")
        assert state_of(client, taken) == state
        client.delete_flow_run(taken.id)


def test_one_that_does_not_stop_is_killed(
    client: SyncPrefectClient, run: FlowRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = "import sys, os, time; from pathlib import Path; from storage.process_lock import held\n"
    hold += "with held(Path(sys.argv[1]), f'{os.getpid()} 1'): print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", hold, str(run_lock(tmp_path, run.id))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    move(client, run, Running(), Cancelling())
    assert reap(client, tmp_path) == ()
    assert process.poll() is None
    monkeypatch.setattr(reaper, "STOP_SEC", 0.0)
    reap(client, tmp_path)
    process.communicate(timeout=60)
    reap(client, tmp_path)
    assert state_of(client, run) == "Cancelled"


def test_maintenance_clears_the_folder_that_a_killed_run_exported_to(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    writer = "from autoclip.export.unfinished_files import unfinished_name; print(unfinished_name())"
    name = subprocess.run([sys.executable, "-c", writer], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / name).write_bytes(b"half a clip")
    (tmp_path / "clip.mp4").write_bytes(b"a clip")
    killed = client.create_flow_run(process_video, parameters={"source": "a.mp4", "to": str(tmp_path)}, state=Crashed())
    strange = client.create_flow_run(process_video, parameters={"to": "~no-such-user/clips"}, state=Crashed())
    asyncio.run(maintenance())
    for run in (killed, strange):
        client.delete_flow_run(run.id)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "data"]


def test_a_step_of_maintenance_that_fails_keeps_no_other_from_its_work(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path))
    read_environment().catalog_path.mkdir()  # no catalog
    lock = run_lock(tmp_path, uuid4())
    lock.parent.mkdir()
    lock.touch()
    os.utime(lock, (0, 0))
    state = asyncio.run(maintenance(return_state=True))
    assert state.is_failed()
    assert str(read_environment().catalog_path) in str(state.message)
    assert not lock.exists()


def test_a_run_that_is_deleted_meanwhile_holds_up_no_other(client: SyncPrefectClient, tmp_path: Path) -> None:
    runs = [client.create_flow_run(maintenance, state=Pending()) for _ in range(2)]
    for each in runs:
        move(client, each, Running())
        die_with_lock(tmp_path, each, 1)
    gone, left = runs

    def delete(response: httpx.Response) -> None:
        if response.url.path.endswith("/flow_runs/filter"):
            client.delete_flow_run(gone.id)

    with get_client(sync_client=True) as looking:
        looking._client.event_hooks["response"].append(delete)
        assert [lost.id for lost in reap(looking, tmp_path)] == [left.id]
    assert state_of(client, left) == "Crashed"
    client.delete_flow_run(left.id)


def test_a_stop_puts_back_every_run_that_is_still_known(client: SyncPrefectClient, run: FlowRun) -> None:
    gone = client.create_flow_run(maintenance, state=Pending())
    client.delete_flow_run(gone.id)
    move(client, run, Running())
    _put_back(client, [gone, run])
    assert state_of(client, run) == "AwaitingRetry"


def test_a_batch_that_stops_cancels_every_job_that_is_still_known(client: SyncPrefectClient, run: FlowRun) -> None:
    gone = client.create_flow_run(maintenance, state=Pending())
    client.delete_flow_run(gone.id)
    move(client, run, Running())

    async def stop() -> None:
        async with get_client() as asynchronous:
            item = Item("film", "film.mp4", {})
            await _stop(asynchronous, _Turn([], {gone.id: (0, item), run.id: (1, item)}))

    asyncio.run(stop())
    assert state_of(client, run) == "Cancelling"
    assert STOPPED_WITH_BATCH in client.read_flow_run(run.id).tags
