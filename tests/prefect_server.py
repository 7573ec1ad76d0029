"""A real Prefect server for a test session: its own port, database and home."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

ONE_CERTIFICATE = Path(__file__).with_name("certificate.pem")
"""All that programs of the tests trust: with the usual 140, every client of HTTP takes 20 ms of a core to be made."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prefect_variables(home: Path, url: str) -> dict[str, str]:
    """Variables of every process that belongs to the session."""
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def migrated_database(home: Path) -> Path:
    """Return a database in `home` that has the tables of a server, and no rows yet; made by the first who asks."""
    path = home / "prefect.db"
    if not path.exists():
        making = home.with_name(f"{home.name}-unfinished")
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        subprocess.run(command, env=os.environ | prefect_variables(making, ""), check=True, capture_output=True)
        making.rename(home)
    return path


def flow_run_event(event: str, run_id: UUID | str, *related: dict[str, str]) -> dict[str, Any]:
    """Return what a server is sent when something happens to a run just now."""
    return {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": f"prefect.flow-run.{event}",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run_id}"},
        "related": list(related),
    }


@contextmanager
def running_server(home: Path) -> Iterator[str]:
    """Run a server until the block ends; yields the address of its API."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | prefect_variables(home, url), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_healthy(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(120)


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], patience_sec: float = 300) -> None:
    deadline = time.monotonic() + patience_sec
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(f"no server at {url} after {patience_sec} s")
