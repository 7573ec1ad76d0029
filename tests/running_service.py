"""The whole service in a process of its own, started as people start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from prefect_server import free_port

from storage.environment import read_environment

PATIENCE_SEC = 120
AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.app import main; main()")


class RunningService:
    """``autoclip up`` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.variables = {
            "AUTOCLIP_DATA_DIR": str(home / "data"),
            "AUTOCLIP_PREFECT_PORT": str(free_port()),
            "AUTOCLIP_PORT": str(free_port()),
            "AUTOCLIP_ALLOW_PRIVATE_URLS": "true",  # the sites of the tests are on this machine
        }
        self.environment = read_environment(self.variables, home / "no.env")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.environment.prefect_port}/api"

    @property
    def variables_of_all(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AUTOCLIP_"))}
        return kept | self.variables

    def start(self) -> None:
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*AUTOCLIP, "up"], env=self.variables_of_all, cwd=self.home, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE_SEC
        while not self.said().rpartition("ready after")[1]:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def said(self) -> str:
        return (self.home / "up.log").read_text()

    def stop(self, message: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(message)
        self.process.wait(60)

    def pids(self) -> list[int]:
        """Every process that has this service's data folder in its environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                content = entry.read_bytes()
            except OSError:
                continue
            if f"AUTOCLIP_DATA_DIR={self.variables['AUTOCLIP_DATA_DIR']}".encode() in content.split(b"\0"):
                found.append(int(entry.parent.name))
        return found
