"""Start what is missing, keep it running, stop everything."""

from __future__ import annotations

import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import AwaitingRetry, Cancelled

from autoclip.errors import ServiceError
from autoclip.system.processes import adopt_orphans
from flows.liveness import run_lock
from flows.reaper import unended
from interfaces.prefect_server import open_client
from interfaces.service.descendants import end_descendants, family, reap_children
from interfaces.service.processes import (
    ManagedProcess,
    api_process,
    registration_process,
    server_process,
    worker_process,
)
from interfaces.service.upkeep import Say, Upkeep
from storage.environment import Environment
from storage.process_lock import machine_of
from tasks.server_access import retry_until_reachable

START_SEC = 300.0
"""Time limit for a server to start: on a fresh database it took 4 to 17 s on two cores, 120 s with 15 others on each
(measured).
"""
UPKEEP_SEC = 5.0
"""Seconds between searches for lost runs: three requests of 10 ms."""
STOP_SEC = 8.0
ANSWER_SEC = 3.0
RETRIES = 2
"""Prefect's client retries twice, after 2 s and 4 s."""
REQUEST_SEC = 20.0


@dataclass
class Service:
    """The whole service of one data folder.

    Attributes
    ----------
    environment : Environment
        The environment with all paths and addresses.
    api_url : str
        Address of the Prefect server's API.
    own_server : bool
        Whether to start that server.
    say : callable
        Prints a message for the user.
    open_page : bool
        Whether to open the page in a browser once all is ready.
    """

    environment: Environment
    api_url: str
    own_server: bool
    say: Say
    open_page: bool = False
    server: ManagedProcess | None = None
    processes: list[ManagedProcess] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=ANSWER_SEC))
    reported: dict[str, str] = field(default_factory=dict)
    upkeep: Upkeep = field(init=False)

    def __post_init__(self) -> None:
        self.upkeep = Upkeep(self.environment, self.say)

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or, unless ``nohup`` had it ignored, SIGHUP, when the terminal is closed.

        Raises
        ------
        ServiceError
            If a process can't be started; the others are stopped then.
        """
        hangup = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
        ignored = signal.getsignal(hangup) is signal.SIG_IGN
        for wanted in {signal.SIGINT, signal.SIGTERM, signal.SIGTERM if ignored else hangup}:
            signal.signal(wanted, lambda *_: self.stopping.set())
        adopt_orphans()
        begun = time.monotonic()
        with impatience(), open_client(self.api_url) as client, self.http:
            try:
                self._start(client)
                self._greet(time.monotonic() - begun)
                self._watch(client)
            finally:
                self._stop(client)

    def _start(self, client: SyncPrefectClient) -> None:
        """Start everything at once: the API does not need Prefect at first, and the registration imports meanwhile."""
        api, registration = (make(self.environment, self.api_url) for make in (api_process, registration_process))
        if self.own_server:
            self.server = server_process(self.environment, self.api_url)
            self.server.start()
        self._begin(api)
        registration.start()
        self._wait_for(f"{self.api_url}/health", self.server)
        with suppress(httpx.HTTPError, ValueError):  # the registration says what is wrong with the server
            self.upkeep.begin(client)
        self._wait_for_end(registration)
        if self.stopping.is_set():
            return
        retry_until_reachable(lambda: self.upkeep.begin(client))
        self._begin(worker_process(self.environment, self.api_url))
        self._wait_for(f"{self.environment.page_url}api/health", api)

    def _begin(self, managed: ManagedProcess) -> None:
        managed.start()
        self.processes.append(managed)

    def _wait_for(self, address: str, managed: ManagedProcess | None) -> None:
        """Wait until a process answers."""
        deadline = time.monotonic() + (START_SEC if managed else 10.0)
        while not self.stopping.is_set():
            if managed is not None and not managed.alive:
                raise ServiceError(f"{managed.name} ended at once; its log {managed.log} says:\n{managed.log_tail()}")
            if self._answers(address):
                return
            if time.monotonic() > deadline:
                if managed is None:
                    raise ServiceError(
                        f"{address}: no Prefect server answers there, though PREFECT_API_URL names it; start it, or "
                        "unset PREFECT_API_URL so that 'autoclip up' starts one"
                    )
                logs = f"{self.environment.data_dir}/logs"
                raise ServiceError(f"{address}: {managed.name} does not answer; see the logs in {logs}")
            time.sleep(0.2)

    def _answers(self, address: str) -> bool:
        try:
            return self.http.get(address).is_success
        except httpx.HTTPError:
            return False

    def _wait_for_end(self, managed: ManagedProcess) -> None:
        """Wait until a process has finished."""
        while managed.alive:
            if self.stopping.wait(0.1):
                return
        if managed.process is not None and managed.process.returncode:
            raise ServiceError(f"{self.api_url}: the {managed.name} failed there:\n{managed.log_tail()}")

    def _greet(self, took_sec: float) -> None:
        if not self.stopping.is_set():
            for line in addresses(self.environment, self.api_url):
                self.say(line)
            self.say(f"ready after {took_sec:.0f} s; Ctrl-C stops all of it")
            if self.open_page:
                webbrowser.open(self.environment.page_url)

    def _watch(self, client: SyncPrefectClient) -> None:
        """Keep the processes running, and end lost runs."""
        kept_up = time.monotonic()
        every = [managed for managed in (self.server, *self.processes) if managed is not None]
        while not self.stopping.wait(1.0):
            with self._outliving("looking for processes that ended"):
                reap_children({managed.process.pid for managed in every if managed.process})
            for managed in every:
                with self._outliving(f"starting the {managed.name} again"):
                    if managed.revive():
                        self.say(f"{managed.name} had died and was started again; see {managed.log}")
            if time.monotonic() - kept_up > UPKEEP_SEC:
                kept_up = time.monotonic()
                self._keep_up(every, client)

    def _keep_up(self, every: Sequence[ManagedProcess], client: SyncPrefectClient) -> None:
        for managed in every:
            with self._outliving(f"shortening {managed.log}"):
                managed.limit_log()
        with self._outliving("looking for lost runs"):
            self.upkeep.turn(client)

    @contextmanager
    def _outliving(self, work: str) -> Iterator[None]:
        """Report an error instead of ending with it, which would end every job; an error that stays is said once."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a library or the system raises, the next turn tries again
            message = f"{work} failed, and is tried again: {type(error).__name__}: {error}"
            if self.reported.get(work) != message:
                self.reported[work] = message
                self.say(message)

    def _interrupted(self, client: SyncPrefectClient) -> list[FlowRun]:
        """Return the runs that this stop interrupts; none if they can't be read, which must not prevent the stop."""
        try:
            return [run for run in unended(client) if self._is_ours(run)]
        except (httpx.HTTPError, ValueError, OSError):  # no server, or another one, or an unreadable disk
            return []

    def _is_ours(self, run: FlowRun) -> bool:
        """Whether a process of this machine works on a run, or only our worker can have taken it."""
        lock = run_lock(self.environment.data_dir, run.id)
        return machine_of(lock) == socket.gethostname() if lock.exists() else self.own_server

    def _stop(self, client: SyncPrefectClient) -> None:
        """End everything: workers first, so that they can still report to the server; the server last."""
        self.say("stopping")
        running = self._interrupted(client)
        server = self.server.process.pid if self.server and self.server.process else 0
        noted = family(spared=[server])
        for managed in reversed(self.processes):
            managed.stop(STOP_SEC)
        end_descendants(STOP_SEC, spared=[server], noted=noted)
        _put_back(client, running)
        if self.server is not None:
            self.server.stop(STOP_SEC)
        end_descendants(STOP_SEC)
        self.say("stopped; jobs that were running continue when 'autoclip up' starts again")


@contextmanager
def impatience() -> Iterator[None]:
    """Limit requests to seconds: a caller here that waits can neither restart a server nor stop.

    Runs and workers wait for the server instead (`private_prefect`).
    """
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: RETRIES, PREFECT_API_REQUEST_TIMEOUT: REQUEST_SEC}):
        yield


def addresses(environment: Environment, api_url: str) -> tuple[str, ...]:
    """Print all addresses."""
    return (
        f"autoclip        {environment.page_url}",
        f"autoclip's API  {environment.page_url}api/docs",
        f"Prefect's page  {api_url.removesuffix('/api')}",
        f"Prefect's API   {api_url}",
        f"data folder     {environment.data_dir}",
    )


def _continued(run: FlowRun) -> State[Any]:
    """Return the state for a run that we stopped: it continues later, unless it was being cancelled."""
    if run.state is not None and run.state.type is StateType.CANCELLING:
        return Cancelled(message="cancelled on request")
    return AwaitingRetry(message="interrupted when the service stopped; continues when it starts")


def _put_back(client: SyncPrefectClient, runs: list[FlowRun]) -> None:
    """Make runs that we stopped continue when the service starts again."""
    for before in runs:
        try:
            state = client.read_flow_run(before.id).state
            if state is None or state.type in {StateType.COMPLETED, StateType.FAILED, StateType.CANCELLED}:
                continue
            client.set_flow_run_state(before.id, _continued(before), force=True)
        except httpx.TransportError:  # the server died first; the rest is done at the next start
            return
        except (httpx.HTTPError, ObjectNotFound, ValueError):  # it refuses this one, or does not know it any more
            continue
