"""``autoclip up``: the whole service with one command; ``worker`` and ``deploy`` for parts of it."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from autoclip.errors import ParameterError, ServiceError
from interfaces.cli.serve import require_data_folder, require_guarded
from interfaces.cli.terminal import say

if TYPE_CHECKING:
    from interfaces.service.work_pools import PoolType
    from storage.environment import Environment

POOL_TYPES = ("process", "docker", "kubernetes")
"""The pool types of `interfaces.service.work_pools`, without importing Prefect."""


def up(
    *,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser when the service is ready.")
    ] = False,
) -> None:
    """Start the service until Ctrl-C: Prefect's server, a worker, the deployments, the API and the page, as needed."""
    from flows.liveness import service_lock
    from interfaces.api.routes.frontend import page_folder
    from storage.environment import read_environment
    from storage.process_lock import is_held

    environment = read_environment()
    require_guarded(environment, force=False)
    require_data_folder(environment.data_dir)
    page_folder(environment)  # a missing page must be reported now, not by a server that does not start
    given = os.environ.get("PREFECT_API_URL")
    api_url = given or environment.prefect_url
    if is_held(service_lock(environment.data_dir)):
        _tell_what_runs(environment.page_url, api_url)
        if open_page:
            webbrowser.open(environment.page_url)
        return
    own_server = not given and not answers(f"{api_url}/health")
    _serve(environment, api_url, own_server=own_server, open_page=open_page)


def worker() -> None:
    """Run jobs of the Prefect server at PREFECT_API_URL until Ctrl-C; 'autoclip up' starts a worker by itself."""
    from storage.environment import read_environment

    environment = read_environment()
    api_url = os.environ.get("PREFECT_API_URL") or environment.prefect_url
    _prepare_prefect(environment, api_url)
    os.environ.update(environment.variables())  # its runs have other working folders
    from interfaces.service.worker import main

    main()


def deploy(
    *,
    pool: Annotated[str | None, typer.Option("--pool", help="Work pool; AUTOCLIP_WORK_POOL if not given.")] = None,
    kind: Annotated[
        str, typer.Option("--type", metavar="|".join(POOL_TYPES), help="What the pool's workers start for each job.")
    ] = "process",
    image: Annotated[str, typer.Option("--image", help="Image of the containers.")] = "autoclip",
) -> None:
    """Create the work pool, queues, limits and deployments on the Prefect server at PREFECT_API_URL. Starts nothing.

    Pools for containers need Prefect's own worker, with prefect-docker or prefect-kubernetes installed. More
    in docs/containers.md.
    """
    from storage.environment import read_environment

    environment = read_environment()
    if kind not in POOL_TYPES:
        raise ParameterError(f"--type {kind}: there are {', '.join(POOL_TYPES)}")
    if pool is not None:
        environment = environment.model_copy(update={"work_pool": pool})
    api_url = os.environ.get("PREFECT_API_URL") or environment.prefect_url
    _prepare_prefect(environment, api_url)
    if not answers(f"{api_url}/health"):
        raise ServiceError(
            f"{api_url}: no Prefect server answers; 'autoclip up' starts one, PREFECT_API_URL names another"
        )
    from prefect.client.orchestration import get_client

    from interfaces.prefect_server import server_faults
    from interfaces.service.registration import register

    with server_faults(api_url), get_client(sync_client=True) as client:
        register(client, environment, pool_type=cast("PoolType", kind), image=image)
    say(f"the work pool {environment.work_pool} ({kind}) has all deployments; start a worker:")
    say(
        "autoclip worker" if kind == "process" else f"prefect worker start --pool {environment.work_pool} --type {kind}"
    )


def _serve(environment: Environment, api_url: str, *, own_server: bool, open_page: bool) -> None:
    _prepare_prefect(environment, api_url, own_server=own_server)
    from flows.liveness import service_lock
    from interfaces.service.up import Service
    from storage.process_lock import held

    if not own_server:
        say(f"using the Prefect server at {api_url}")
    with held(service_lock(environment.data_dir), str(os.getpid()), _refuse):
        Service(environment, api_url, own_server, say, open_page=open_page).run()


def _prepare_prefect(environment: Environment, api_url: str, *, own_server: bool = False) -> None:
    """Set Prefect's variables, which it reads on import."""
    from interfaces.service.processes import private_prefect

    variables = private_prefect(environment, api_url)
    Path(variables["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    os.environ.update(variables)
    if own_server and "PREFECT_SERVER_CSRF_PROTECTION_ENABLED" not in os.environ:
        # Otherwise, every client would first request a token that our server does not issue.
        os.environ.setdefault("PREFECT_CLIENT_CSRF_SUPPORT_ENABLED", "false")


def _refuse(holder: str) -> None:
    raise ParameterError(f"the service of this data folder is being started by process {holder}")


def _tell_what_runs(page: str, api_url: str) -> None:
    say("the service of this data folder runs already:")
    say(f"Prefect  {api_url.removesuffix('/api')}  {_condition(f'{api_url}/health')}")
    say(f"autoclip {page}  {_condition(f'{page}api/health')}")


def _condition(address: str) -> str:
    return "answers" if answers(address) else "does not answer (yet)"


def answers(address: str) -> bool:
    """Whether a server answers at an address."""
    import httpx

    try:
        return httpx.get(address, timeout=3).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
