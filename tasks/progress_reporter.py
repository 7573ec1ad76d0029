"""Report a run's progress as an artifact, and receive requests to stop it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.objects import Artifact
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger

from autoclip.progress import Progress, ProgressListener, ignore_progress
from tasks.markdown import escape_markdown

PROGRESS_KEY = "progress"
PERIOD_SEC = 1.0
"""Minimum interval between two updates in seconds: one costs the server 12 ms (measured)."""
LONG_PERIOD_SEC = 3.0
LONG_AFTER_PERIODS = 60
"""After a minute, updates become less frequent: in hours of work nobody needs seconds."""
ASK_EVERY = 2
"""The run's state is read once in this many periods."""


class RunCancelledError(Exception):
    """Somebody cancelled this run. It is raised within the work, which cleans up and re-raises it."""


_current: contextvars.ContextVar[ProgressListener] = contextvars.ContextVar("current", default=ignore_progress)
"""The listener of this run's tasks."""


def report_progress(progress: Progress) -> None:
    """Report the progress of a stage to the current run; outside a job, do nothing.

    Raises
    ------
    RunCancelledError
        If the run was asked to stop.
    """
    _current.get()(progress)


def current_listener() -> ProgressListener:
    """Return the listener of the current run."""
    return _current.get()


@contextmanager
def progress_to(listener: ProgressListener) -> Iterator[None]:
    """Send the progress of tasks called in the block to `listener`."""
    token = _current.set(listener)
    try:
        yield
    finally:
        _current.reset(token)


class ProgressReporter:
    """The progress of one run over all of its stages; a `ProgressListener` for each of them.

    A separate thread talks to the server, so that a slow or dead server does not block the work. The number never
    decreases, not even when a crashed run is run again. A run that no worker watches learns here that it is cancelled:
    its next report of progress raises.

    Parameters
    ----------
    flow_run_id : UUID
        The run.
    plan : mapping of str to float
        Stage -> its share of the total work, in the order of the stages; any positive numbers.

    Raises
    ------
    RunCancelledError
        From a call, once the run was cancelled.
    """

    def __init__(self, flow_run_id: UUID, plan: Mapping[str, float]) -> None:
        self._flow_run_id = flow_run_id
        self._plan = dict(plan)
        self._latest = Progress(next(iter(plan)), 0.0)
        self._percent = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._asked_to_stop = threading.Event()
        self._artifact: UUID | None = None
        self._written: tuple[float, str] | None = None
        self._complained_of = ""

    def __call__(self, progress: Progress) -> None:
        """Record the progress of a stage."""
        with self._lock:
            self._latest = progress
            self._percent = max(self._percent, percent_done(self._plan, progress))
        self.raise_if_cancelled()

    def raise_if_cancelled(self) -> None:
        """Raise `RunCancelledError` if the run was cancelled."""
        if self._asked_to_stop.is_set():
            raise RunCancelledError("cancelled on request")

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        context = contextvars.copy_context()  # it contains Prefect's settings, such as the server's address
        self._thread = threading.Thread(target=context.run, args=(self._talk,), name="progress-reporter", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        if kind is None:
            with self._lock:
                self._latest, self._percent = Progress("done", 1.0), 100.0
        self._stop.set()
        if kind is None or issubclass(kind, Exception):  # a signal must not wait for a server
            self._thread.join(timeout=5 * PERIOD_SEC)

    def _talk(self) -> None:
        """Write the progress and read the state until the run ends."""
        with get_client(sync_client=True) as client:
            period = 0
            while True:
                ended = self._stop.wait(_pause_sec(period))
                try:
                    self._write(client)
                    if not ended and period % ASK_EVERY == 0:
                        self._ask(client)
                except ObjectNotFound:
                    self._asked_to_stop.set()  # the run was deleted, so nobody waits for it
                except Exception as error:  # noqa: BLE001 - whatever the server answers: it is asked again
                    # The server may be restarting; a failed update must not end hours of work.
                    self._artifact = None  # it may have been deleted
                    self._complain(error)
                if ended:
                    return
                period += 1

    def _complain(self, error: Exception) -> None:
        """Log an error once, not every second."""
        if str(error) != self._complained_of:
            self._complained_of = str(error)
            get_logger("autoclip.progress_reporter").warning("progress can't be reported: %s", error)

    def _write(self, client: SyncPrefectClient) -> None:
        if self._artifact is None:
            self._artifact = self._begun(client)  # first, because it contains the progress of an earlier attempt
        with self._lock:
            now = (round(self._percent, 1), _sentence(self._latest))
        if now == self._written:
            return
        client.update_artifact(self._artifact, ArtifactUpdate(data=now[0], description=now[1]))
        self._written = now

    def _begun(self, client: SyncPrefectClient) -> UUID:
        """Return the run's artifact: the one of a crashed attempt, or a new one."""
        self._written = None
        before = progress_artifacts(client, [self._flow_run_id]).get(self._flow_run_id)
        if before is not None:
            with self._lock:
                self._percent = max(self._percent, min(float(before.data or 0.0), 99.0))  # type: ignore[arg-type]
            return before.id
        artifact = ArtifactCreate(key=PROGRESS_KEY, type="progress", data=0.0, flow_run_id=self._flow_run_id)
        return client.create_artifact(artifact).id

    def _ask(self, client: SyncPrefectClient) -> None:
        state = client.read_flow_run(self._flow_run_id).state
        if state is not None and (state.is_cancelling() or state.is_cancelled()):
            self._asked_to_stop.set()


def _pause_sec(period: int) -> float:
    if period == 0:
        return 0.0
    return PERIOD_SEC if period < LONG_AFTER_PERIODS else LONG_PERIOD_SEC


def percent_done(plan: Mapping[str, float], progress: Progress) -> float:
    """Return the share of the whole plan that is done, in percent; 0 for a stage that is not in it."""
    if progress.stage not in plan:
        return 0.0
    stages = list(plan)
    before = sum(plan[stage] for stage in stages[: stages.index(progress.stage)])
    return 100.0 * (before + plan[progress.stage] * progress.fraction) / sum(plan.values())


def progress_artifacts(client: SyncPrefectClient, run_ids: Collection[UUID]) -> dict[UUID, Artifact]:
    """Return the progress artifacts of some runs, at most 200, by run; those without one are left out."""
    wanted = {"flow_run_id": {"any_": [str(run_id) for run_id in run_ids]}, "type": {"any_": ["progress"]}}
    body = {"artifacts": wanted, "limit": max(1, len(run_ids))}
    found = [Artifact.model_validate(each) for each in client.request("POST", "/artifacts/filter", json=body).json()]
    return {artifact.flow_run_id: artifact for artifact in found if artifact.flow_run_id is not None}


def _sentence(progress: Progress) -> str:
    # Prefect's page renders descriptions as Markdown, and messages contain names of files and videos.
    return f"{progress.stage}: {escape_markdown(progress.message)}" if progress.message else progress.stage
