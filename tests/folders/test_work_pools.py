"""Work pools of every type at a real server: what a job in a container is started with."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import get_client

from autoclip.errors import ParameterError
from interfaces.service.work_pools import make_pool
from storage.environment import Environment, read_environment

MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes" / "autoclip.yaml"


def environment(tmp_path: Path, name: str, url: str = "postgresql://autoclip@db/autoclip") -> Environment:
    variables = {"AUTOCLIP_DATABASE_URL": url, "AUTOCLIP_STEP_SEC": "0.25", "AUTOCLIP_API_TOKEN": "secret"}
    return read_environment(variables | {"AUTOCLIP_DATA_DIR": str(tmp_path), "AUTOCLIP_WORK_POOL": name})


def test_a_container_gets_the_variables_but_no_secret_and_the_pod_is_that_of_the_manifest(
    prefect_api: str, tmp_path: Path
) -> None:
    with get_client(sync_client=True) as client:
        for _ in range(2):  # made, then renewed
            make_pool(client, environment(tmp_path, "in-docker"), "docker", "clips:1")
            make_pool(client, environment(tmp_path, "on-kubernetes"), "kubernetes", "clips:1")
        docker, kubernetes = client.read_work_pool("in-docker"), client.read_work_pool("on-kubernetes")
    assert (docker.type, kubernetes.type) == ("docker", "kubernetes")
    defaults = {
        name: field.get("default") for name, field in docker.base_job_template["variables"]["properties"].items()
    }
    assert (defaults["image"], defaults["volumes"]) == ("clips:1", ["autoclip_data:/data"])
    assert defaults["env"] == {
        "AUTOCLIP_DATABASE_URL": "postgresql://autoclip@db/autoclip",
        "AUTOCLIP_STEP_SEC": "0.25",
        "AUTOCLIP_WORK_POOL": "in-docker",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }
    pod = kubernetes.base_job_template["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    items = yaml.safe_load(MANIFEST.read_text())["items"]
    (wanted,) = [
        item["spec"]["template"]["spec"]
        for item in items
        if item["kind"] == "Deployment" and item["metadata"]["name"] == "worker"
    ]
    for name in ("securityContext", "volumes", "enableServiceLinks"):
        assert pod[name] == wanted[name]
    for name in ("envFrom", "securityContext", "volumeMounts"):
        assert pod["containers"][0][name] == wanted["containers"][0][name]


def test_a_password_is_not_stored_and_a_pool_keeps_its_type(prefect_api: str, tmp_path: Path) -> None:
    with get_client(sync_client=True) as client:
        for url in ("postgresql://a:word@db/a", "postgresql://db/a?user=a&password=word"):
            with pytest.raises(ParameterError, match="holds a password") as refused:
                make_pool(client, environment(tmp_path, "careless", url), "docker", "clips")
            assert "word@" not in str(refused.value)
        make_pool(client, environment(tmp_path, "processes"), "process", "")
        with pytest.raises(ParameterError, match="is of type process"):
            make_pool(client, environment(tmp_path, "processes"), "docker", "clips")
