"""``autoclip serve``: the HTTP API alone."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoclip.errors import ParameterError, ServiceError, system_reason
from interfaces.cli.terminal import say

if TYPE_CHECKING:
    from storage.environment import Environment


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; by default AUTOCLIP_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; by default AUTOCLIP_PORT.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Accept connections from other machines even without AUTOCLIP_API_TOKEN.")
    ] = False,
) -> None:
    """Serve the HTTP API and the page. Jobs also need a Prefect server and a worker: use 'autoclip up'."""
    from storage.environment import read_environment

    environment = read_environment()
    changes = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    environment = environment.model_copy(update=changes)
    require_guarded(environment, force=force)
    require_data_folder(environment.data_dir)
    run_server(environment)


def require_guarded(environment: Environment, *, force: bool) -> None:
    """Refuse to accept other machines without a token.

    Raises
    ------
    ParameterError
        If other machines can reach the address and there is no token.
    """
    if environment.api_token is None and not force and not is_local(environment.host):
        raise ParameterError(
            f"{environment.host} can be reached by other machines and AUTOCLIP_API_TOKEN is not set: anyone could read "
            "and delete everything. Set a token, listen on 127.0.0.1, or say --force"
        )


def require_data_folder(folder: Path) -> None:
    """Create the data folder unless it exists; refuse one that the service can't use.

    Raises
    ------
    ParameterError
        If it is not a folder, or can't be created or written to.
    """
    way_out = "have AUTOCLIP_DATA_DIR name another folder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"data folder {folder}: can't be made ({system_reason(error)}); {way_out}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ParameterError(f"data folder {folder}: can't be written to; change its permissions, or {way_out}")


def require_free_port(host: str, port: int) -> None:
    """Refuse an address that can't be listened on, before anything says that the service is there.

    Raises
    ------
    ServiceError
        If another program has the port, it takes more rights, or the name is not this machine's.
    """
    try:
        refusals = [_bind_refusal(*place) for place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        refusals = [error]
    # A name may lead to several addresses; the server leaves out one that the machine lacks.
    if serious := [error for error in refusals if error and (all(refusals) or error.errno == errno.EADDRINUSE)]:
        raise ServiceError(
            f"can't listen on {host}, port {port} ({system_reason(serious[0])}); stop the program that has the port, "
            "or choose others with --host and --port"
        ) from serious[0]


def _bind_refusal(family: int, kind: int, protocol: int, _name: str, address: Any) -> OSError | None:  # noqa: ANN401
    """Return why an address can't be listened on; None if it can."""
    try:
        with socket.socket(family, kind, protocol) as trial:
            if os.name == "posix":  # as the server does: elsewhere it would share the port
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return error
    return None


def is_local(host: str) -> bool:
    """Whether an address is reachable only from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _page_of(environment: Environment) -> str:
    """Describe which page is served."""
    from interfaces.api.routes.frontend import BUILT_PAGE, page_folder

    folder = page_folder(environment)
    if folder is None:
        return "no page (it is switched off)" if not environment.serve_frontend else "no page ('make page' builds it)"
    return "the page" if folder == BUILT_PAGE else f"the page in {folder}"


def run_server(environment: Environment) -> None:
    """Serve until interrupted."""
    import uvicorn

    from interfaces.api.server import server_config

    config = server_config(environment)
    require_free_port(environment.host, environment.port)
    host = f"[{environment.host}]" if ":" in environment.host else environment.host
    address = f"http://{host}:{environment.port}"
    say(f"{_page_of(environment)} on {address}/")
    say(f"the API on {address}/api/docs")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
