"""The whole service in a process of its own, started as people start it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from prefect_server import ONE_CERTIFICATE, free_port

from storage.environment import read_environment
from tasks.machine_limits import slots_in_use

PATIENCE_SEC = 300
CORES = os.cpu_count() or 1
AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.start import main; main()")


def until(condition: Callable[[], Any], patience_sec: float = PATIENCE_SEC, *, pause_sec: float = 0.1) -> Any:
    """Wait until a condition holds; return what it returned."""
    deadline = time.monotonic() + patience_sec
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {patience_sec} s"
        time.sleep(pause_sec)
    return found


def busy() -> float:
    """How many times longer anything takes just now: processes that want to run, a core."""
    return max(1.0, os.getloadavg()[0] / CORES)


class RunningService:
    """``autoclip up`` in a process of its own; its server begins with a database, or makes one."""

    def __init__(self, home: Path, database: Path | None = None, **variables: str) -> None:
        self.home = home
        self.variables = {
            "AUTOCLIP_DATA_DIR": str(home / "data"),
            "AUTOCLIP_PREFECT_PORT": str(free_port()),
            "AUTOCLIP_PORT": str(free_port()),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "AUTOCLIP_ALLOW_PRIVATE_URLS": "true",  # the sites of the tests are on this machine
            "PREFECT_API_SSL_CERT_FILE": str(ONE_CERTIFICATE),
        } | variables
        self.environment = read_environment(self.variables, home / "no.env")
        if database is not None:
            (home / "data" / "prefect").mkdir(parents=True)
            shutil.copy(database, home / "data" / "prefect")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.environment.prefect_port}/api"

    @property
    def variables_of_all(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AUTOCLIP_"))}
        return kept | self.variables

    def start(self) -> None:
        with (self.home / "up.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*AUTOCLIP, "up"], env=self.variables_of_all, cwd=self.home, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE_SEC
        while not self.said().rpartition("ready after")[1]:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether Prefect's server does."""
        try:
            return httpx.get(f"{self.api_url}/health", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def decodes(self) -> bool:
        """Whether a job decodes just now."""
        return slots_in_use(self.environment.data_dir, "decode") > 0

    def said(self) -> str:
        return (self.home / "up.log").read_text()

    def stop(self, message: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(message)
        self.process.wait(PATIENCE_SEC)

    def pids(self, command: str = "") -> list[int]:
        """Every process that has this service's data folder in its environment, and `command` in its arguments."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                content = entry.read_bytes()
                arguments = (entry.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            mine = f"AUTOCLIP_DATA_DIR={self.variables['AUTOCLIP_DATA_DIR']}".encode() in content.split(b"\0")
            if mine and command in arguments:
                found.append(int(entry.parent.name))
        return found
