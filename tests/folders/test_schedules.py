"""The schedules of folders and maintenance at a real server: what they are at first, and that people's changes stay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.states import Completed, Pending, Running, Scheduled
from prefect_server import flow_run_event

from flows import reaper
from flows.deployments import DEPLOYMENTS
from flows.liveness import WATCHED_BY, worker_name
from flows.maintenance import maintenance
from interfaces.jobs import Jobs, tracker
from interfaces.service.lost_machines import lost_machines_automations
from interfaces.service.registration import register
from storage.environment import Environment, read_environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return read_environment({"AUTOCLIP_DATA_DIR": str(tmp_path / "data"), "AUTOCLIP_WORK_POOL": "schedules"})


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as open_client:
        yield open_client


def test_schedules_are_as_planned_and_what_people_change_stays(
    client: SyncPrefectClient, environment: Environment
) -> None:
    register(client, environment)
    known = {d.job_type: client.read_deployment_by_name(f"{d.job_type}/{d.job_type}") for d in DEPLOYMENTS}
    planned = {d.job_type: [(d.cron, d.active)] if d.cron else [] for d in DEPLOYMENTS}
    assert {
        name: [(schedule.schedule.cron, schedule.active) for schedule in made.schedules] for name, made in known.items()
    } == planned
    assert planned["process-folder"] == [("0 2 * * *", False)]  # off until a folder is set

    folder, download = known["process-folder"], known["download"]
    client.request(
        "PATCH",
        "/deployments/{id}",
        path_params={"id": folder.id},
        json={"parameters": {"folder": "/videos"}},
    )
    client.request(
        "PATCH",
        "/deployments/{id}/schedules/{schedule_id}",
        path_params={"id": folder.id, "schedule_id": folder.schedules[0].id},
        json={"active": True},
    )
    client.request("PATCH", "/deployments/{id}", path_params={"id": download.id}, json={"paused": True})

    register(client, environment)
    again = client.read_deployment_by_name("process-folder/process-folder")
    assert [(schedule.id, schedule.active) for schedule in again.schedules] == [(folder.schedules[0].id, True)]
    assert again.parameters == {"folder": "/videos"}
    assert client.read_deployment_by_name("download/download").paused
    assert [s.active for s in client.read_deployment_by_name("maintenance/maintenance").schedules] == [True]


def test_the_server_takes_what_prefect_deploy_asks(client: SyncPrefectClient, environment: Environment) -> None:
    """Prefect 3.8 with FastAPI 0.150 answers 422 to the nulls in this; ``prefect deploy --all`` ends there."""
    register(client, environment)
    body = {"workers": {"status": {"any_": ["ONLINE"]}}, "limit": None, "offset": None}
    path = {"name": environment.work_pool}
    assert client.request("POST", "/work_pools/{name}/workers/filter", path_params=path, json=body).json() == []


def test_the_server_makes_the_runs_of_an_active_schedule(client: SyncPrefectClient, environment: Environment) -> None:
    """Prefect 3.8 with SQLAlchemy 2.1 fails at just this, and says so only in its log."""
    register(client, environment)
    maintenance = client.read_deployment_by_name("maintenance/maintenance")
    client.request("POST", "/deployments/{id}/schedule", path_params={"id": maintenance.id}, json={"min_runs": 2})
    wanted = {"deployment_id": {"any_": [str(maintenance.id)]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    planned = client.request("POST", "/flow_runs/filter", json={"flow_runs": wanted}).json()
    assert len(planned) >= 2
    with Jobs(environment) as jobs:
        pages = [jobs.page(job_type="maintenance", state=state) for state in (None, "scheduled")]
    known = {job.id for page in pages for job in page.items}
    assert not known & {run["id"] for run in planned}  # what is planned for later is not a job yet
    assert all(run["auto_scheduled"] and "T04:30:00" in run["expected_start_time"] for run in planned)


def test_a_clock_that_was_set_back_hides_no_job_and_repeats_every_analysis(
    client: SyncPrefectClient, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, environment)
    project, later = str(uuid4()), Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=3))
    deployment = client.read_deployment_by_name("analyze/analyze").id
    old = client.create_flow_run_from_deployment(
        deployment, parameters={"project_id": project}, state=later, tags=[f"project:{project}"]
    ).id
    runs = [old]
    with Jobs(environment) as jobs:
        assert str(old) not in {job.id for job in jobs.page(job_type="analyze").items}
        client.set_flow_run_state(old, Running(), force=True)
        for wanted in ({}, {"project_id": project}, {"state": "running"}):
            assert str(old) in {job.id for job in jobs.page(job_type="analyze", **wanted).items}, wanted
        for _ in range(2):
            assert jobs.analyze(project).id == str(runs[-1])
            client.set_flow_run_state(runs[-1], Completed(), force=True)
            runs.append(UUID(jobs.analyze(project).id))
        monkeypatch.setattr(tracker, "FOREIGN_SETTLES_SEC", 0.1)
        client.update_flow_run(old, infrastructure_pid="1")
        ended = client.read_flow_run(old).model_copy(update={"end_time": datetime.now(UTC) + timedelta(hours=3)})
        jobs._wait_for_final_report(ended)
    assert len(set(runs)) == 3
    for run in runs:
        client.delete_flow_run(run)


def test_where_machines_share_a_catalog_runs_of_lost_ones_are_ended_once_and_as_people_want(
    client: SyncPrefectClient, environment: Environment
) -> None:
    register(client, environment)
    wanted = lost_machines_automations(environment.work_pool)
    for automation in wanted:
        assert client.read_automations_by_name(automation.name) == []  # one machine sees its runs by itself
    shared = environment.model_copy(update={"database_url": "postgresql://db/autoclip"})
    register(client, shared)
    made = [client.read_automations_by_name(automation.name) for automation in wanted]
    assert [[each.trigger for each in same] for same in made] == [[automation.trigger] for automation in wanted]
    for (each,) in made:
        client.pause_automation(each.id)
    register(client, shared)
    kept = [client.read_automations_by_name(automation.name) for automation in wanted]
    assert [[each.enabled for each in same] for same in kept] == [[False]] * len(wanted)


SHORT_SILENCE = timedelta(seconds=20)


def heartbeat(client: SyncPrefectClient, run_id: UUID) -> None:
    flow = {
        "prefect.resource.id": f"prefect.flow.{uuid4()}",
        "prefect.resource.role": "flow",
        "prefect.resource.name": "maintenance",
    }
    client.request("POST", "/events", json=[flow_run_event("heartbeat", run_id, flow)])


def test_a_run_of_a_machine_that_is_gone_crashes_and_no_other_does(
    client: SyncPrefectClient, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "START_SEC", 0.0)
    register(client, environment)
    deployment, pool = client.read_deployment_by_name("maintenance/maintenance").id, environment.work_pool
    silent, speaking, by_hand = (client.create_flow_run(maintenance, state=Running()).id for _ in range(3))
    taken, waiting, never_spoke = (client.create_flow_run_from_deployment(deployment).id for _ in range(3))
    for run, worker, interval_sec in ((taken, "gone:11", 1), (waiting, "living:12", 600)):
        client.set_flow_run_state(run, Pending(), force=True)
        client.update_flow_run_labels(run, {WATCHED_BY: worker})
        client.send_worker_heartbeat(pool, worker_name(worker), interval_sec)
    automations = [client.create_automation(each) for each in lost_machines_automations(pool, SHORT_SILENCE)]
    every = {silent, speaking, by_hand, taken, never_spoke, waiting}
    try:
        heartbeat(client, silent)
        client.set_flow_run_state(never_spoke, Running(), force=True)
        began, crashed = time.monotonic(), set[UUID]()
        while crashed != {silent, never_spoke} or client.read_flow_run(taken).state.name != "AwaitingRetry":
            assert time.monotonic() - began < 180, f"{crashed} of {silent}, {never_spoke}"
            heartbeat(client, speaking)
            time.sleep(2)
            reaper.reap(client, tmp_path)
            states = {run: client.read_flow_run(run).state for run in every}
            crashed = {run for run, state in states.items() if state is not None and state.is_crashed()}
            assert crashed <= {silent, never_spoke}
    finally:
        for automation in automations:
            client.delete_automation(automation)
        for run in every:
            client.delete_flow_run(run)
