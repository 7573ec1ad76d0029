"""A whole service of its own to be measured: ``autoclip up`` on a fresh data folder and free ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.environment import Environment, read_environment

AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.start import main; main()")


@dataclass(frozen=True, slots=True)
class RunningService:
    """What runs, where, how long it took to be ready, and the variables a command of its finds it by."""

    environment: Environment
    ready_sec: float
    variables: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.environment.port}"

    def pid_of(self, command: str) -> int:
        """Return the process of this service whose last argument is `command`."""
        mine = f"AUTOCLIP_DATA_DIR={self.environment.data_dir}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                variables, arguments = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mine in variables.split(b"\0") and arguments.split(b"\0")[-2] == command.encode():
                return int(entry.name)
        raise RuntimeError(f"no process {command!r} of {self.environment.data_dir}")


@contextmanager
def running_service(home: Path, variables: Mapping[str, str] | None = None) -> Iterator[RunningService]:
    """Run a service in `home` until the block ends; `variables` are added to its environment."""
    ours = {
        "AUTOCLIP_DATA_DIR": str(home / "data"),
        "AUTOCLIP_PORT": str(_free_port()),
        "AUTOCLIP_PREFECT_PORT": str(_free_port()),
    } | dict(variables or {})
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AUTOCLIP_"))}
    with (home / "up.log").open("wb") as log:
        begun = time.monotonic()
        process = subprocess.Popen([*AUTOCLIP, "up"], env=inherited | ours, cwd=home, stdout=log, stderr=log)
        try:
            while "ready after" not in (home / "up.log").read_text():
                if process.poll() is not None:
                    raise RuntimeError((home / "up.log").read_text())
                time.sleep(0.2)
            ready_sec = time.monotonic() - begun
            yield RunningService(read_environment(ours, home / "no.env"), ready_sec, inherited | ours)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
