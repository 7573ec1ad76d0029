"""Registration at the server: a work pool with its queues, limits, deployments."""

from __future__ import annotations

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.schedules import Schedule
from prefect.types.entrypoint import EntrypointType

from flows.deployments import DEPLOYMENTS, QUEUES, JobDeployment, QueueName
from interfaces.service.lost_machines import make_lost_machines_automations
from interfaces.service.work_pools import PoolType, make_pool, videos_at_once
from storage.environment import Environment, read_environment
from tasks.machine_limits import Kind, limit_name, total_limit_name
from tasks.server_access import retry_until_reachable

OTHERS_AT_ONCE = 4
"""How many folders, and how many entries of playlists, are processed at once."""


def register(
    client: SyncPrefectClient, environment: Environment, *, pool_type: PoolType = "process", image: str = "autoclip"
) -> None:
    """Create or update everything; what people changed in Prefect's page (a pause, a schedule) is kept.

    `pool_type` is what a worker starts for a job, `image` the image of a container. Raises the same errors as
    `make_pool`.
    """
    make_pool(client, environment, pool_type, image)
    for queue in QUEUES:
        _make_queue(client, environment, queue)
    client.upsert_global_concurrency_limit_by_name(limit_name("decode"), environment.decode_limit)
    client.upsert_global_concurrency_limit_by_name(limit_name("render"), environment.render_limit)
    limit_all_machines(client, environment)
    for deployment in DEPLOYMENTS:
        _deploy(client, environment.work_pool, deployment)
    if environment.on_postgresql:  # then there may be several machines; a single one detects lost runs itself
        make_lost_machines_automations(client, environment.work_pool)


def _make_queue(client: SyncPrefectClient, environment: Environment, queue: QueueName) -> None:
    """Make a queue of runs. With a store, there are several machines, whose workers limit the videos of each."""
    pool = {"work_pool_name": environment.work_pool}
    videos = None if environment.store_url else videos_at_once()
    body = {"name": queue, "concurrency_limit": videos if queue == "videos" else OTHERS_AT_ONCE}
    try:
        client.request("POST", "/work_pools/{work_pool_name}/queues", path_params=pool, json=body)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.CONFLICT:
            raise


def limit_all_machines(client: SyncPrefectClient, environment: Environment) -> None:
    """Limit decodes and renders of all machines, if the environment sets a limit; another machine's limit is kept."""
    totals: dict[Kind, int] = {
        "decode": environment.max_concurrent_decodes_total,
        "render": environment.max_concurrent_renders_total,
    }
    for kind, count in totals.items():
        if count:
            client.upsert_global_concurrency_limit_by_name(total_limit_name(kind), count)


def _deploy(client: SyncPrefectClient, pool: str, deployment: JobDeployment) -> None:
    """Create or update a deployment; parameters and schedules set in Prefect's page are kept."""
    before = _known(client, deployment)
    made = RunnerDeployment.from_flow(
        deployment.flow,
        name=deployment.job_type,
        parameters=before.parameters if before else None,
        schedules=None if before else _schedules(deployment),
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=pool,
        work_queue_name=deployment.queue,
        paused=before.paused if before else False,
        tags=["autoclip"],
    )
    if before:  # explicit values, even None, would replace those of the server; unset ones are not sent
        made.model_fields_set.discard("schedules")
    made.apply(work_pool_name=pool)


def _schedules(deployment: JobDeployment) -> list[Schedule]:
    return [Schedule(cron=deployment.cron, active=deployment.active)] if deployment.cron else []


def _known(client: SyncPrefectClient, deployment: JobDeployment) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{deployment.job_type}/{deployment.job_type}")
    except ObjectNotFound:
        return None


def main() -> None:
    """Register at the server of this process's environment."""
    environment = read_environment()
    with get_client(sync_client=True) as client:
        retry_until_reachable(client.hello)  # the server is started at the same time
        register(client, environment)


if __name__ == "__main__":
    main()
