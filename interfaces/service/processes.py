"""The processes of the service: how each is started, and its environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autoclip.system.files import facts_of
from autoclip.system.processes import OWN_GROUP, end_with_parent
from interfaces.prefect_settings import OWN_FOLDER
from storage.environment import Environment

_PACKAGE = __name__.rpartition(".")[0]
_RETRIES = "PREFECT_CLIENT_MAX_RETRIES"
"""Number of retries of Prefect's client: 2, 4, 8 s and so on after a refusal, in jobs and workers 15 s at most."""

FIRST_PAUSE_SEC = 1.0
MAX_PAUSE_SEC = 60.0
"""Restart delay of a dead process: one second, doubling each time up to a minute."""
SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""Keeps Python from importing modules of the folder it is started in; the runs of a worker inherit it."""

MAX_LOG_BYTES = 16 << 20
"""Size from which a log begins anew; the part before is kept once, beside it."""

STABLE_SEC = 120.0
"""A process that lived this long restarts with the shortest delay again."""


def private_prefect(environment: Environment, api_url: str) -> dict[str, str]:
    """Return Prefect's variables for every process: no telemetry, requests from our own pages only, everything on disk.

    Variables that the user has set are kept.
    """
    ui = api_url.removesuffix("/api")
    ours = {
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(environment.data_dir / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"{ui},{environment.page_url.rstrip('/')}",
        # If they were kept in memory, the slots of a killed server would stay taken forever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "3",
        "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
        # A busy machine takes longer than Prefect's minute to restart a server; runs wait for it, here 500 s.
        _RETRIES: "36",
    }
    return {name: os.environ.get(name, value) for name, value in ours.items()}


@dataclass
class ManagedProcess:
    """One process of the service, which is restarted when it dies.

    Attributes
    ----------
    name : str
        Name for people.
    command : tuple of str
        Command line.
    variables : mapping
        Added to this process's environment.
    log : Path
        Log file of its output.
    dies_at_once : bool
        Whether, when this process is killed, the kernel kills it, too (Linux), or terminates it.
    """

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    log: Path
    dies_at_once: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    _pause_sec: float = field(default=FIRST_PAUSE_SEC, init=False)

    def start(self) -> None:
        """Start the process."""
        self.started_at = time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                self.command,
                env=os.environ | dict(self.variables) | SAFE_PATH,
                cwd=OWN_FOLDER,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for this process, which ends the others in order
                creationflags=OWN_GROUP,
                preexec_fn=end_with_parent(at_once=self.dies_at_once),  # noqa: PLW1509 - system calls, looked up before
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def revive(self) -> bool:
        """Restart it if it died and its delay has passed; return whether it was restarted.

        Raises
        ------
        OSError
            If the system can't start it now; the next attempt waits for the next delay.
        """
        if self.alive:
            return False
        lived = time.monotonic() - self.started_at
        if lived > STABLE_SEC:
            self._pause_sec = FIRST_PAUSE_SEC
        if lived < self._pause_sec:
            return False
        self._pause_sec = min(2 * self._pause_sec, MAX_PAUSE_SEC)
        self.start()
        return True

    def stop(self, patience_sec: float) -> None:
        """Terminate it, and kill it if it does not end."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience_sec)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def limit_log(self) -> None:
        """Let a long log begin anew, and keep what it held as ``<name>.1``.

        The process goes on writing at its end, which is now the beginning. Lines that it writes between the two steps
        are lost.

        Raises
        ------
        OSError
            If there is no room for the copy.
        """
        facts = facts_of(self.log)
        if facts is not None and facts.st_size > MAX_LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_name(f"{self.log.name}.1"))
            os.truncate(self.log, 0)

    def log_tail(self) -> str:
        """Return the end of its log."""
        try:
            return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-8:])
        except OSError:
            return ""


def server_process(environment: Environment, api_url: str) -> ManagedProcess:
    """Return Prefect's server."""
    address = ("--host", environment.prefect_host, "--port", str(environment.prefect_port))
    command = (sys.executable, "-m", "prefect", "server", "start", *address)
    variables = private_prefect(environment, api_url)
    return ManagedProcess("Prefect server", command, variables, environment.data_dir / "logs" / "prefect-server.log")


def worker_process(environment: Environment, api_url: str) -> ManagedProcess:
    """Return the worker. It is killed when we are killed; the runs it started then end by themselves."""
    command = (sys.executable, "-m", f"{_PACKAGE}.worker")
    variables = private_prefect(environment, api_url) | environment.variables()
    log = environment.data_dir / "logs" / "worker.log"
    return ManagedProcess("worker", command, variables, log, dies_at_once=True)


def api_process(environment: Environment, api_url: str) -> ManagedProcess:
    """Return our HTTP API."""
    command = (sys.executable, "-m", "autoclip", "serve")
    patience = {_RETRIES: "3"}  # 14 s: people wait for its responses
    variables = private_prefect(environment, api_url) | environment.variables() | patience
    return ManagedProcess("API", command, variables, environment.data_dir / "logs" / "api.log")


def registration_process(environment: Environment, api_url: str) -> ManagedProcess:
    """Return the process that registers our work pool, limits and deployments, and ends; it imports all flows."""
    command = (sys.executable, "-m", f"{_PACKAGE}.registration")
    variables = private_prefect(environment, api_url) | environment.variables()
    return ManagedProcess("registration", command, variables, environment.data_dir / "logs" / "registration.log")
