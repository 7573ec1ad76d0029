"""The work pool of our jobs, and how its workers start each: a process, a container, or a Kubernetes job.

Prefect's server has the base job template of every type of worker. Ours are those, with defaults for the image of the
Dockerfile and the objects of deploy/kubernetes.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Literal

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessWorker

from autoclip.errors import ParameterError
from storage.environment import Environment

PoolType = Literal["process", "docker", "kubernetes"]
Template = dict[str, Any]

UNNEEDED = frozenset({"AUTOCLIP_API_TOKEN", "AUTOCLIP_DATA_DIR", "AUTOCLIP_HOST", "AUTOCLIP_PORT"})
"""Variables that no job in a container needs, or that its image sets; Prefect's page must not show a token."""

HEARTBEAT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""Makes a job send a heartbeat to the server every 30 s; see `interfaces.service.lost_machines`."""

_USER = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}
_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
_PASSWORD = re.compile(r"://[^/@:]*:[^/@]+@|[?&]password=")


def make_pool(client: SyncPrefectClient, environment: Environment, pool_type: PoolType, image: str) -> None:
    """Create the work pool of the environment, or update how its jobs are started.

    Parameters
    ----------
    client : SyncPrefectClient
        Client of the server.
    environment : Environment
        Supplies the pool's name, and variables for jobs in containers.
    pool_type : str
        How a job is started.
    image : str
        The image of a container; a process needs none.

    Raises
    ------
    ParameterError
        If a pool of this name has another type, or a password would be stored.
    """
    template = base_job_template(client, environment, pool_type, image)
    path = {"name": environment.work_pool}
    known = _known_type(client, environment.work_pool)
    if known is None:
        body = {"name": environment.work_pool, "type": pool_type, "base_job_template": template}
        client.request("POST", "/work_pools/", json=body)
    elif known == pool_type:
        client.request("PATCH", "/work_pools/{name}", path_params=path, json={"base_job_template": template})
    else:
        raise ParameterError(
            f"the work pool {environment.work_pool} is of type {known}; choose another name, or delete it in Prefect"
        )


def base_job_template(client: SyncPrefectClient, environment: Environment, pool_type: PoolType, image: str) -> Template:
    """Return how the jobs of a pool are started; raises the same errors as `make_pool`."""
    if pool_type == "process":
        return _process_template(environment)
    template = _template_of_server(client, pool_type)
    defaults: dict[str, object] = {"image": image, "command": "python -m prefect.engine"}
    if pool_type == "docker":
        variables = _container_variables(environment)
        defaults |= {"env": variables, "volumes": ["autoclip_data:/data"], "auto_remove": True}
    else:
        defaults |= {"env": HEARTBEAT, "finished_job_ttl": 3600}
        _fit_pod(template["job_configuration"]["job_manifest"]["spec"]["template"]["spec"])
    for name, value in defaults.items():
        template["variables"]["properties"][name]["default"] = value
    return template


def videos_at_once() -> int:
    """Return how many runs with a video are begun at once on a machine.

    Decodes and renders have limits of their own; one run more than those keeps the next one's start (2 s of imports)
    and the download of another off the critical path.
    """
    return (os.cpu_count() or 2) + 1


def engine_command(python: str) -> str:
    """Return the command of a job's process, quoted for Prefect's parser, because a path may contain spaces."""
    return command_to_string([python, "-m", "prefect.engine"])


def _known_type(client: SyncPrefectClient, name: str) -> str | None:
    """Return the type of a work pool; None if there is none of this name."""
    try:
        answer = client.request("GET", "/work_pools/{name}", path_params={"name": name})
    except ObjectNotFound:
        return None
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return None
    return str(answer.json()["type"])


def _template_of_server(client: SyncPrefectClient, pool_type: PoolType) -> Template:
    """Return the template on Prefect's server for a type of worker."""
    known = client.request("GET", "/collections/views/{view}", path_params={"view": "aggregate-worker-metadata"}).json()
    template: Template = known[f"prefect-{pool_type}"][pool_type]["default_base_job_configuration"]
    return template


def _container_variables(environment: Environment) -> dict[str, str]:
    """Return the variables for a container, without any password that Prefect would store."""
    if _PASSWORD.search(environment.database_url):
        raise ParameterError(
            "AUTOCLIP_DATABASE_URL holds a password, which Prefect would store and show; leave it out there, and set "
            "PGPASSWORD in the pool's env to a Secret block: {{ prefect.blocks.secret.NAME }}"
        )
    return HEARTBEAT | {name: value for name, value in environment.variables().items() if name not in UNNEEDED}


def _process_template(environment: Environment) -> Template:
    template = ProcessWorker.get_default_base_job_template()
    variables: dict[str, Any] = template["variables"]["properties"]
    folder = environment.data_dir / "work"
    # With an explicit command, it is started directly, without a supervising process in between.
    variables["command"]["default"] = engine_command(sys.executable)
    folder.mkdir(parents=True, exist_ok=True)
    variables["working_dir"]["default"] = str(folder)
    variables["env"]["default"] = HEARTBEAT
    return template


def _fit_pod(pod: dict[str, Any]) -> None:
    """Give a job's pod the variables, the volume and the rights of those in deploy/kubernetes."""
    (container,) = pod["containers"]
    container |= {
        "envFrom": [{"configMapRef": {"name": "autoclip"}}, {"secretRef": {"name": "autoclip"}}],
        "securityContext": _CONTAINER,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod |= {
        "enableServiceLinks": False,
        "securityContext": _USER | {"seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
