"""The schedules of folders and maintenance at a real server: what they are at first, and that people's changes stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from flows.deployments import DEPLOYMENTS
from interfaces.jobs import Jobs
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
        known = {job.id for job in jobs.page(job_type="maintenance").items}
    assert not known & {run["id"] for run in planned}  # what is planned for later is not a job yet
    assert all(run["auto_scheduled"] and "T04:30:00" in run["expected_start_time"] for run in planned)


def test_where_machines_share_a_catalog_runs_of_lost_ones_are_ended_once_and_as_people_want(
    client: SyncPrefectClient, environment: Environment
) -> None:
    register(client, environment)
    wanted = lost_machines_automations()
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
    assert [[each.enabled for each in same] for same in kept] == [[False], [False]]
