"""prefect.yaml and the table of deployments say the same, and Prefect's form has help for every field."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from prefect.utilities.processutils import command_from_string

from flows.deployments import DEPLOYMENTS, QUEUES, JobDeployment
from flows.job_types import JOB_TYPES
from interfaces.service.work_pools import engine_command

PREFECT_YAML = Path(__file__).parents[2] / "prefect.yaml"


def test_prefect_yaml_carries_the_same_deployments() -> None:
    whole = yaml.safe_load(PREFECT_YAML.read_text())
    said = whole["deployments"]
    found = {(d["name"], d["entrypoint"], d["work_pool"]["work_queue_name"]) for d in said}
    assert found == {(d.job_type, d.entrypoint, d.queue) for d in DEPLOYMENTS}
    schedules = {d["name"]: d["schedules"] for d in said if "schedules" in d}
    assert schedules == {d.job_type: [{"cron": d.cron, "active": d.active}] for d in DEPLOYMENTS if d.cron}
    assert {d["name"]: d["parameters"] for d in said if "parameters" in d} == {"process-folder": {"folder": ""}}
    assert {d["work_pool"]["work_queue_name"] for d in said} <= set(QUEUES)
    # Left out, the folder of who deploys would be stored, and no other machine could run a job.
    assert whole["pull"] == []


def test_every_type_of_job_has_a_deployment() -> None:
    assert sorted(JOB_TYPES) == sorted(deployment.job_type for deployment in DEPLOYMENTS)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.job_type)
def test_every_parameter_has_its_help(deployment: JobDeployment) -> None:
    properties = deployment.flow.parameters.model_dump()["properties"]
    assert [name for name, field in properties.items() if not field.get("description")] == []
    assert deployment.flow.name == deployment.job_type


@pytest.mark.parametrize(
    "python", ["/usr/bin/python3", "/home/jane doe/it's/.venv/bin/python", r"C:\Users\Jane Doe\python.exe"]
)
def test_the_command_of_a_job_survives_any_path_of_python(python: str) -> None:
    assert command_from_string(engine_command(python)) == [python, "-m", "prefect.engine"]
